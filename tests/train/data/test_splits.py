import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightnoise_train.data import tusimple
from lightnoise_train.data.frames import Frame
from lightnoise_train.data.splits import block_split, contiguous_blocks, split

SHARES = {"train": 0.6, "val": 0.2, "test": 0.2}


def drives(*lengths, step=60):
    """Frames of drives whose clips are numbered in steps, as TuSimple's are: 60, 120 … without leading zeros."""
    return [
        Frame(None, f"clips/d{number}/{(clip + 1) * step}/20.jpg", None, {"date": f"d{number}"})
        for number, length in enumerate(lengths)
        for clip in range(length)
    ]


def clip_of(frame):
    return int(frame.key.split("/")[2])


@settings(max_examples=50)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=4), st.integers(1, 20), st.randoms(use_true_random=False))
def test_blocks_are_stretches_that_hold_every_frame_once(lengths, per_drive, random):
    frames = drives(*lengths)
    random.shuffle(frames)
    blocks = contiguous_blocks(frames, per_drive)
    assert sorted(np.concatenate(blocks).tolist()) == list(range(len(frames)))
    assert len(blocks) == sum(min(per_drive, length) for length in lengths)
    for block in blocks:
        assert len({frames[index].attributes["date"] for index in block}) == 1
        assert set(np.diff([clip_of(frames[index]) for index in block])) <= {60}


@settings(max_examples=50)
@given(st.lists(st.integers(60, 120), min_size=1, max_size=3), st.integers(0, 5), st.integers(0, 2))
def test_parts_are_apart_and_whole(lengths, seed, gap):
    frames = drives(*lengths)
    parts = block_split(frames, SHARES, seed, per_drive=10, gap=gap)
    taken = np.concatenate(list(parts.values()))
    assert len(set(taken.tolist())) == len(taken)
    if gap == 0:
        assert len(taken) == len(frames)
    owner = {(frames[i].attributes["date"], clip_of(frames[i])): name for name, part in parts.items() for i in part}
    for (date, clip), name in owner.items():
        for step in range(1, gap + 1):
            assert owner.get((date, clip + 60 * step), name) == name


def test_each_drive_gives_each_part_its_share():
    parts = block_split(drives(100, 50), SHARES, per_drive=10)
    assert {name: len(part) for name, part in parts.items()} == {"train": 90, "val": 30, "test": 30}


def test_parts_are_stretches_and_not_single_frames():
    frames = drives(120)
    parts = block_split(frames, SHARES, per_drive=6)
    borders = sum(
        (index + 1 in part) != (index in part) for part in map(set, parts.values()) for index in range(len(frames) - 1)
    )
    assert borders <= 2 * 5


def test_the_seed_alone_decides():
    frames = drives(100)
    first, again, other = (block_split(frames, SHARES, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], again[name]) for name in SHARES)
    assert not np.array_equal(first["test"], other["test"])


def test_too_few_frames_are_told():
    with pytest.raises(ValueError, match="leave none for 'val'"):
        block_split(drives(1), {"train": 0.5, "val": 0.5})
    with pytest.raises(ValueError, match="share of val"):
        block_split(drives(10), {"train": 1.0, "val": 0.0})


def test_real_frames(shared):
    data = tusimple.load(shared / "tusimple", "available")
    parts = split(data, SHARES, per_drive=10)
    assert sum(map(len, parts.values())) == 124
    assert all(len({frame.attributes["date"] for frame in part.frames}) >= 1 for part in parts.values())
    assert len(parts["test"]) > 20
