import pickle
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional as F

import lightnoise as ln
from lightnoise import keyed
from lightnoise_train.data import folder
from lightnoise_train.data.frames import Frame, Sample
from lightnoise_train.data.lane_items import ToLaneItem
from lightnoise_train.data.noise import DrawnNoise, FolderNoise, shrunk
from lightnoise_train.data.pixels import Augmentation, ToInput, resize, to_tensor
from lightnoise_train.data.views import CLEAN_NOISED, NOISED_NOISED, DrawForDevice, PairOfViews, collate
from lightnoise_train.errors import DataError
from lightnoise_train.lanes.masks import draw

NOISE = DrawnNoise(ln.Chain([ln.Bloom(scatter=(0.05, 0.3)), ln.Gamma(exposure_ev=(-1.5, 1.5))]))
SIZE = (40, 56)
TO_INPUT = ToInput(SIZE)
EVERYTHING = Augmentation(crop=0.3, flip=0.5, colour=0.8, grey=0.2, blur=0.5)


def generator(item="a", epoch=0):
    return keyed.generator(0, item, epoch)


def far(a, b):
    return float((a.float() - b.float()).abs().mean())


@pytest.fixture
def sample(frames):
    return frames[0]


def test_clean_and_noised(sample):
    pair = PairOfViews(NOISE, CLEAN_NOISED, TO_INPUT)(sample, generator())
    clean = F.resize(torch.from_numpy(sample.image).permute(2, 0, 1), list(SIZE), antialias=True)
    assert (pair.first.dtype, pair.first.shape) == (torch.uint8, (3, *SIZE))
    assert torch.equal(pair.first, clean)
    assert far(pair.second, clean) > 2


def test_noised_and_noised_otherwise(sample):
    pair = PairOfViews(NOISE, NOISED_NOISED, TO_INPUT)(sample, generator())
    clean = PairOfViews(NOISE, CLEAN_NOISED, TO_INPUT)(sample, generator()).first
    assert min(far(pair.first, clean), far(pair.second, clean), far(pair.first, pair.second)) > 1


@pytest.mark.parametrize("augmentation", [Augmentation(), EVERYTHING])
def test_views_depend_on_the_key_alone(sample, augmentation):
    make = PairOfViews(NOISE, NOISED_NOISED, ToInput(SIZE, augmentation))
    torch.manual_seed(3)
    first = make(sample, generator())
    torch.manual_seed(4)
    state = torch.get_rng_state()
    again = pickle.loads(pickle.dumps(make))(sample, generator())
    assert torch.equal(state, torch.get_rng_state())
    assert all(map(torch.equal, first, again))
    assert not torch.equal(first.second, make(sample, generator(epoch=1)).second)


def test_noise_is_drawn_in_the_size_it_is_asked_for(sample):
    small = DrawnNoise(NOISE.transform, height=36)
    assert small(sample, generator(), 1).clean.shape == (36, 64, 3)
    assert NOISE(sample, generator(), 1).clean.shape == sample.image.shape  # never enlarged
    assert DrawnNoise(NOISE.transform, height=None)(sample, generator(), 1).clean is sample.image
    with pytest.raises(ValueError, match="height must be in"):
        DrawnNoise(NOISE.transform, height=3)


def test_calibrated_noise_does_not_stand_still(sample):
    """The severities leave the sensor's seed at 0; a pattern that never changes would be learnt."""
    noise = DrawnNoise(ln.transforms.Fixed([ln.severity("gamma_under", 5)]))
    pictures = [noise(sample, generator(epoch=epoch), 1).noised[0] for epoch in (0, 1, 0)]
    assert np.array_equal(pictures[0], pictures[2])
    assert (pictures[0] != pictures[1]).mean() > 0.1
    assert noise.draw(generator(), (72, 128, 3))[0].exposure_ev == ln.severity("gamma_under", 5).exposure_ev


def test_shrinking_averages(picture):
    image = picture(0, 144, 256)
    assert np.abs(shrunk(image, 72).astype(float).mean((0, 1)) - image.mean((0, 1))).max() < 0.6
    area = cv2.resize(image, (128, 72), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk(image, 72).astype(float) - area).mean() < 2.5


@pytest.mark.parametrize("name", ["crop", "flip", "colour", "grey", "blur"])
def test_each_augmentation_does_something_of_its_own(sample, name):
    to_input = ToInput(SIZE, Augmentation(**{name: 1.0 if name != "crop" else 0.2}))
    image = to_tensor(sample.image)
    plain = resize(image, SIZE)
    views = [to_input(image, generator(str(item))) for item in range(8)]
    assert all(view.shape == plain.shape and view.dtype == torch.uint8 for view in views)
    assert max(far(view, plain) for view in views) > 0.5
    if name == "flip":
        assert all(torch.equal(view, plain.flip(-1)) for view in views)
    if name == "grey":
        assert all((view[0] == view[2]).all() for view in views)


def test_augmentations_out_of_range_are_refused():
    with pytest.raises(ValueError, match="flip must be in"):
        Augmentation(flip=1.5)
    with pytest.raises(ValueError, match="kind must be one of"):
        PairOfViews(NOISE, "both")


@pytest.mark.parametrize("kind", [CLEAN_NOISED, NOISED_NOISED])
@pytest.mark.parametrize("augmentation", [Augmentation(), Augmentation(crop=0.4, flip=0.5)])
def test_views_made_on_the_device_are_those_made_in_workers(frames, kind, augmentation):
    to_input = ToInput(SIZE, augmentation)
    drawn = [DrawForDevice(NOISE, kind)(frames[index], generator(str(index))) for index in range(3)]
    batch = pickle.loads(pickle.dumps(collate(drawn))).to("cpu")
    assert len(batch) == 3
    pair = batch.render(NOISE.camera, to_input)
    expected = [PairOfViews(NOISE, kind, to_input)(frames[index], generator(str(index))) for index in range(3)]
    for view, one in enumerate(pair):
        assert (one.dtype, one.shape) == (torch.float32, (3, 3, *SIZE))
        other = torch.stack([pair[view] for pair in expected]) / 255.0
        assert float((one - other).abs().mean()) < 0.004  # 8-bit rounding on the way


def test_lane_items(sample):
    item = ToLaneItem(SIZE, line_width=20)(sample, generator())
    assert torch.equal(item.image, resize(to_tensor(sample.image), SIZE))
    assert np.array_equal(item.mask.numpy(), draw(sample.frame.label, out_size=SIZE, line_width=20))
    assert item.key == sample.frame.key
    assert 0 < item.mask.sum() < item.mask.numel() / 4


def test_lane_items_with_light_noise(sample):
    clean = ToLaneItem(SIZE)(sample, generator())
    items = [ToLaneItem(SIZE, noise=NOISE, noise_share=0.5)(sample, generator(str(number))) for number in range(40)]
    noised = [not torch.equal(item.image, clean.image) for item in items]
    assert 10 <= sum(noised) <= 30
    assert all(torch.equal(item.mask, clean.mask) for item in items)


def test_lane_items_are_mirrored_with_their_lanes(sample):
    clean = ToLaneItem(SIZE)(sample, generator())
    items = [ToLaneItem(SIZE, flip=0.5)(sample, generator(str(number))) for number in range(40)]
    mirrored = [not torch.equal(item.image, clean.image) for item in items]
    assert 10 <= sum(mirrored) <= 30
    for item, other in zip(items, mirrored, strict=True):
        expected = [part.flip(-1) if other else part for part in (clean.image, clean.mask)]
        assert torch.equal(item.image, expected[0])
        assert torch.equal(item.mask, expected[1])


def test_frames_without_label_are_named(sample):
    bare = Sample(Frame(None, "clips/x/20.jpg"), sample.image)
    with pytest.raises(DataError, match=r"clips/x/20\.jpg: has no lane label"):
        ToLaneItem()(bare, generator())


@pytest.fixture(scope="module")
def applied(tmp_path_factory):
    """A folder of pictures, and two noised copies of each by the real command."""
    root = tmp_path_factory.mktemp("applied")
    random = np.random.default_rng(0)
    for clip in range(3):
        (root / "clean" / f"c{clip}").mkdir(parents=True)
        image = cv2.GaussianBlur(random.integers(0, 256, (72, 128, 3), np.uint8), (0, 0), 3)
        cv2.imwrite(str(root / "clean" / f"c{clip}" / "20.png"), image)
    command = "from lightnoise.cli import main; main()"
    options = [
        "--in",
        root / "clean",
        "--out",
        root / "noised",
        "--preset",
        "burnt_out_noon",
        "--copies",
        "2",
        "--workers",
        "1",
    ]
    subprocess.run([sys.executable, "-c", command, "apply", *map(str, options)], check=True, capture_output=True)
    return root


def test_noised_pictures_read_from_a_folder(applied):
    data = folder.load(applied / "clean")
    noise = FolderNoise(applied / "noised", data.frames, count=2)
    clean, noised = noise(data[1], generator(), 2)
    written = {path.name: cv2.imread(str(path))[..., ::-1] for path in (applied / "noised" / "c1").iterdir()}
    assert np.array_equal(clean, data.read(1))
    assert len(written) == 2
    by_sum = [sorted(images, key=np.sum) for images in (noised, written.values())]
    assert all(map(np.array_equal, *by_sum))
    assert not np.array_equal(*noised)
    pair = PairOfViews(noise, NOISED_NOISED, TO_INPUT)(data[1], generator())
    assert pair.first.shape == (3, *SIZE)
    seen = {int(noise(data[0], generator(epoch=epoch), 1).noised[0].astype(int).sum()) for epoch in range(12)}
    assert len(seen) == 2  # epochs go through the copies


def test_a_folder_within_the_noised_one_is_paired_by_where_it_is(applied):
    """The data root is a part of what was noised, so that keys are shorter than the manifest's paths."""
    data = folder.load(applied / "clean" / "c2")
    noise = FolderNoise(applied / "noised", data.frames)
    assert noise(data[0], generator(), 1).noised[0].shape == (72, 128, 3)


def test_frames_that_were_not_noised_are_named(applied, frames):
    data = folder.load(applied / "clean")
    with pytest.raises(DataError, match=r"has 2 noised pictures of c0/20\.png, not the 3 .* --copies 3"):
        FolderNoise(applied / "noised", data.frames, count=3)
    with pytest.raises(DataError, match=r"has 0 noised pictures of clips/a/0/20\.jpg"):
        FolderNoise(applied / "noised", frames.frames)
    with pytest.raises(DataError, match="is no output of lightnoise apply"):
        FolderNoise(applied / "clean", data.frames)


def test_device_noise_refuses_pictures_of_two_sizes_by_way_of_the_loader():
    from lightnoise_train.data.frames import FrameSet
    from lightnoise_train.data.loading import loader

    def read(frame):
        return np.zeros((32, 40 + 8 * int(frame.key), 3), np.uint8)

    data = FrameSet([Frame(None, str(index)) for index in range(2)], read)
    batches = loader(data, DrawForDevice(NOISE), seed=0, batch_size=2, collate=collate)
    with pytest.raises(DataError, match=r"are 40×32 and 48×32: .* set noise.on_device=false"):
        next(iter(batches))
