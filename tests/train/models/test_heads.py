"""Projector, pixel normalisation and lane segmenter."""

import pytest
import torch
from torch import nn

from lightnoise_train.errors import CheckpointError
from lightnoise_train.models.encoder import Encoder, save_encoder
from lightnoise_train.models.pixels import Normalize
from lightnoise_train.models.projector import build_projector
from lightnoise_train.models.segmenter import LaneSegmenter, load_segmenter, save_segmenter


def segmenter(stride=16, size=(64, 96)):
    encoder = Encoder("test_resnet", stride)
    return LaneSegmenter(encoder, Normalize(encoder.mean, encoder.std), size)


def test_projector_is_as_asked():
    projector = build_projector()
    assert [type(layer) for layer in projector] == [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Linear, nn.BatchNorm1d]
    assert [tuple(parameter.shape) for parameter in projector.parameters()] == [(512, 512), (512,), (512,), (256, 512)]
    embeddings = projector(torch.randn(64, 512))
    assert torch.allclose(embeddings.mean(0), torch.zeros(256), atol=1e-5)
    assert torch.allclose(embeddings.var(0, correction=0), torch.ones(256), atol=1e-2)


def test_normalize_takes_bytes_and_floats_alike():
    normalize = Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    images = torch.randint(0, 256, (2, 3, 5, 7), dtype=torch.uint8)
    expected = torch.stack(
        [
            (images[:, c] / 255 - m) / s
            for c, (m, s) in enumerate(zip((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), strict=True))
        ],
        1,
    )
    assert torch.allclose(normalize(images), expected, atol=1e-6)
    assert torch.allclose(normalize(images / 255.0), expected, atol=1e-6)
    assert torch.allclose(Normalize()(images), images / 255.0)


@pytest.mark.parametrize(("stride", "rates"), [(8, [12, 24, 36]), (16, [6, 12, 18]), (32, [3, 6, 9])])
def test_rates_follow_the_stride(stride, rates):
    head = segmenter(stride).head
    assert [
        part.dilation[0] for part in head.modules() if isinstance(part, nn.Conv2d) and part.dilation[0] > 1
    ] == rates


def test_probability_has_the_size_of_the_image():
    model = segmenter().eval()
    images = torch.randint(0, 256, (2, 3, 64, 96), dtype=torch.uint8)
    with torch.no_grad():
        found = model.probability(images)
        assert found.shape == (2, 64, 96)
        assert found.min() >= 0
        assert found.max() <= 1
        assert torch.equal(found, model(images).sigmoid())
        assert torch.equal(model(images), model.decode(model.features(images), (64, 96)))


def test_saved_segmenter_answers_the_same(tmp_path):
    model = segmenter(8, (48, 64))
    images = torch.rand(2, 3, 48, 64)
    model(images)  # moves running statistics
    save_segmenter(model, tmp_path / "segmenter.pt")
    loaded = load_segmenter(tmp_path / "segmenter.pt")
    assert loaded.size == (48, 64)
    assert not loaded.training
    with torch.no_grad():
        assert torch.equal(loaded(images), model.eval()(images))


def test_other_files_are_no_segmenter(tmp_path):
    save_encoder(Encoder("test_resnet"), tmp_path / "encoder.pt")
    with pytest.raises(CheckpointError, match=r"encoder\.pt is no lane segmenter"):
        load_segmenter(tmp_path / "encoder.pt")
    with pytest.raises(CheckpointError, match="does not exist"):
        load_segmenter(tmp_path / "nothing.pt")
    save_segmenter(segmenter(), tmp_path / "segmenter.pt")
    (tmp_path / "segmenter.pt").write_bytes((tmp_path / "segmenter.pt").read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match="cut short"):
        load_segmenter(tmp_path / "segmenter.pt")
