import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
import torch

import lightnoise as ln
from lightnoise_train.data.frames import Frame, FrameSet
from lightnoise_train.data.lane_items import ToLaneItem
from lightnoise_train.data.loading import KeyedSampler, loader
from lightnoise_train.data.noise import DrawnNoise
from lightnoise_train.data.pixels import Augmentation, ToInput
from lightnoise_train.data.views import DrawForDevice, PairBatch, PairOfViews, collate
from lightnoise_train.errors import DataError
from lightnoise_train.lanes.labels import LaneLabel

NOISE = DrawnNoise(ln.Gamma(exposure_ev=(-2.0, 2.0), shot=1e-4))
PAIRS = PairOfViews(NOISE, to_input=ToInput((24, 32), Augmentation(crop=0.5)))


@pytest.fixture
def frames(tmp_path, picture):
    """Labelled pictures in files, whose reader travels to workers."""
    label = LaneLabel("x", np.array([np.linspace(600, 100, 56)]), np.arange(160, 720, 10))
    made = []
    for number in range(7):
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), picture(number))
        made.append(Frame(path, path.name, label))
    return FrameSet(made)


def batches(made, epoch=0):
    made.set_epoch(epoch)
    return [tuple(part.clone() for part in batch) for batch in made]


def same(first, second):
    return len(first) == len(second) and all(
        torch.equal(a, b) for one, other in zip(first, second, strict=True) for a, b in zip(one, other, strict=True)
    )


def pairs(data, **options):
    return loader(data, PAIRS, **{"seed": 5, "batch_size": 2, **options})


def test_batches_are_the_same_for_any_number_of_workers(frames):
    alone, helped = (pairs(frames, workers=workers) for workers in (0, 2))
    for epoch in (0, 1):  # workers live on from epoch to epoch
        assert same(batches(alone, epoch), batches(helped, epoch))
    assert same(batches(helped, 0), batches(alone, 0))


def test_epochs_and_seeds_differ(frames):
    first = batches(pairs(frames))
    assert not same(first, batches(pairs(frames), epoch=1))
    assert not same(first, batches(pairs(frames, seed=6)))


@pytest.mark.parametrize(("workers", "taken"), [(0, 0), (0, 1), (0, 3), (1, 2)])
def test_an_interrupted_epoch_goes_on_where_it_was(frames, workers, taken):
    whole = batches(pairs(frames), epoch=3)
    interrupted = pairs(frames, workers=workers)
    interrupted.set_epoch(3)
    reading = iter(interrupted)
    begun = [tuple(next(reading)) for _ in range(taken)]
    state = interrupted.state_dict()
    assert state == {"epoch": 3, "batches": taken}
    resumed = pairs(frames, workers=workers)
    resumed.load_state_dict(state)
    rest = [tuple(batch) for batch in resumed]
    assert same(begun + rest, whole)
    assert same(batches(resumed, 4), batches(pairs(frames), 4))  # the next epoch is whole


def test_the_state_of_a_resumed_epoch_counts_from_its_start(frames):
    made = pairs(frames)
    made.load_state_dict({"epoch": 2, "batches": 1})
    reading = iter(made)
    next(reading)
    assert made.state_dict() == {"epoch": 2, "batches": 2}
    assert list(map(len, [list(reading)])) == [1]
    assert made.state_dict() == {"epoch": 2, "batches": 0}


def test_the_global_generators_stay_untouched(frames):
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    batches(pairs(frames))
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize(("length", "replicas"), [(10, 2), (11, 4), (3, 5)])
def test_processes_share_an_epoch(length, replicas):
    samplers = [KeyedSampler(length, 1, rank=rank, replicas=replicas) for rank in range(replicas)]
    for sampler in samplers:
        sampler.set_epoch(2)
    shares = [list(sampler) for sampler in samplers]
    assert {len(share) for share in shares} == {len(sampler) for sampler in samplers} == {-(-length // replicas)}
    assert {int(index) for share in shares for index in share} == set(range(length))
    assert {index.epoch for share in shares for index in share} == {2}


def test_validation_goes_up_and_keeps_the_last_batch(frames):
    made = loader(frames, ToLaneItem((24, 32)), seed=0, batch_size=3, shuffle=False, drop_last=False)
    items = list(made)
    assert [key for item in items for key in item.key] == [frame.key for frame in frames.frames]
    assert [tuple(item.image.shape) for item in items] == [(3, 3, 24, 32), (3, 3, 24, 32), (1, 3, 24, 32)]
    assert items[0].mask.shape == (3, 24, 32)


def test_draws_for_the_device_travel_from_workers(frames):
    data = frames.subset(range(4))
    first, second = (
        loader(data, DrawForDevice(NOISE), seed=1, batch_size=2, workers=workers, collate=collate) for workers in (0, 1)
    )
    for one, other in zip(first, second, strict=True):
        assert isinstance(other, PairBatch)
        assert torch.equal(one.images, other.images)
        assert one.params == other.params
        assert all(map(torch.equal, *(each.render(NOISE.camera, ToInput((24, 32))) for each in (one, other))))


def test_too_few_samples_for_a_batch_are_told(frames):
    with pytest.raises(ValueError, match="batch_size must be at most the 7 samples"):
        pairs(frames, batch_size=8)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_damaged_picture_is_named_in_one_line(frames, workers):
    path = frames.frames[3].path
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError) as raised:
        batches(pairs(frames, workers=workers))
    assert str(raised.value).startswith(f"{path}: ")
    assert "Traceback" not in str(raised.value)
    assert "\n" not in str(raised.value)


FOREVER = """
import os, sys
from lightnoise_train.data.loading import loader

def pid(item, generator):
    return os.getpid()

def single(items):
    return items[0]

if __name__ == "__main__":
    made = loader(range(10**6), pid, seed=0, batch_size=1, shuffle=False, workers=1, collate=single)
    for number in made:
        print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_end_when_their_main_process_is_killed(tmp_path):
    script = tmp_path / "forever.py"
    script.write_text(FOREVER)
    main = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    worker = int(main.stdout.readline())
    assert worker != main.pid
    main.send_signal(signal.SIGKILL)
    main.wait()
    main.stdout.close()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and os.path.exists(f"/proc/{worker}"):
        time.sleep(0.05)
    assert not os.path.exists(f"/proc/{worker}")
