"""Items of few-label training: what is noised, what is drawn, and that labels stay where they belong."""

import numpy as np
import torch

from lightnoise_train.data.frames import Frame, FrameSet, Sample
from lightnoise_train.data.noise import Noised
from lightnoise_train.data.semi_items import ToSemiItem, Weak


def picture(frame):
    return np.full((32, 32, 3), frame.attributes["shade"], np.uint8)


def darkened(sample, generator, count):
    return Noised(sample.image, (sample.image // 2,) * count)


POOL = FrameSet([Frame(None, f"u{shade}", None, {"shade": shade}) for shade in range(100, 110)], picture)
LABELLED = Frame(None, "x", None, {"shade": 200})
SAMPLE = Sample(LABELLED, picture(LABELLED))


def test_views_of_a_pair_are_of_one_unlabelled_picture():
    item = ToSemiItem({"x": 3}, (32, 32), Weak(), darkened, 0.0, POOL, 40)(SAMPLE, np.random.default_rng(0))
    assert item.label == 3
    assert (item.image == 200).all()  # the labelled one stays clean
    assert item.clean.shape == item.noised.shape == (40, 3, 32, 32)
    assert torch.equal(item.clean // 2, item.noised)
    assert len(item.clean[:, 0, 0, 0].unique()) > 6  # drawn from all of the pool


def test_a_share_of_the_labelled_pictures_is_noised():
    to_item = ToSemiItem({"x": 0}, (32, 32), Weak(), darkened, 0.25)
    shades = [int(to_item(SAMPLE, np.random.default_rng(seed)).image[0, 0, 0]) for seed in range(400)]
    assert set(shades) == {100, 200}
    assert 0.18 < shades.count(100) / 400 < 0.32
    assert to_item(SAMPLE, np.random.default_rng(0)).clean.shape == (0, 3, 32, 32)


def test_labelled_pictures_do_not_depend_on_the_unlabelled_ones():
    weak = Weak(0.5, 0.1)
    ramp = Sample(LABELLED, np.arange(32 * 32 * 3, dtype=np.uint32).reshape(32, 32, 3).astype(np.uint8))
    for seed in range(5):
        alone = ToSemiItem({"x": 0}, (32, 32), weak)(ramp, np.random.default_rng(seed))
        beside = ToSemiItem({"x": 0}, (32, 32), weak, darkened, 0.0, POOL, 3)(ramp, np.random.default_rng(seed))
        assert torch.equal(alone.image, beside.image)


def test_weak_moves_and_mirrors_within_its_bounds():
    image = torch.arange(20 * 40).reshape(1, 20, 40)
    assert torch.equal(Weak()(image, np.random.default_rng(0)), image)
    assert torch.equal(Weak(flip=1.0)(image, np.random.default_rng(0)), image.flip(-1))
    moves = set()
    for seed in range(300):
        moved = Weak(shift=0.1)(image, np.random.default_rng(seed))
        middle = int(moved[0, 10, 20])
        moves.add((middle // 40 - 10, middle % 40 - 20))
        across = np.pad(image[0].numpy(), ((2, 2), (4, 4)), mode="reflect")
        down, right = middle // 40 - 10, middle % 40 - 20
        assert np.array_equal(moved[0].numpy(), across[2 + down :, 4 + right :][:20, :40])
    assert {down for down, _ in moves} == set(range(-2, 3))
    assert {right for _, right in moves} == set(range(-4, 5))
