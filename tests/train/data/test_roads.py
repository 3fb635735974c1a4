import pickle

import numpy as np
import pytest

from lightnoise import Camera, keyed, scenes
from lightnoise_train.data import roads


def test_a_scene_is_that_of_its_key_whatever_the_count():
    few, many = roads.load(6, size=(36, 64)), roads.load(11, size=(36, 64))
    assert [frame.key for frame in few.frames] == [frame.key for frame in many.frames[:6]]
    assert all(np.array_equal(few.read(index), many.read(index)) for index in range(6))
    assert all(few.frames[index].label == many.frames[index].label for index in range(6))


def test_seeds_splits_and_indices_have_nothing_in_common():
    pictures = [
        roads.load(count, split, seed, size=(36, 64), kinds=["day"], labels=False).read(count - 1)
        for count, split, seed in [(1, "train", 0), (1, "train", 1), (1, "val", 0), (1, "test", 0), (2, "train", 0)]
    ]
    for number, picture in enumerate(pictures):
        assert not any(np.array_equal(picture, other) for other in pictures[number + 1 :])


@pytest.mark.parametrize("kind", scenes.KINDS)
def test_labels_are_those_of_the_scene_at_full_size(kind):
    camera = Camera(fov_deg=70.0)
    for index in range(2):
        data = roads.load(index + 1, kinds=[kind], size=(45, 80), camera=camera)
        frame = data.frames[index]
        scene = scenes.render(kind, keyed.generator(0, frame.key), (720, 1280), camera)
        assert frame.label.lanes.tolist() == scene.lanes
        assert frame.label.h_samples.tolist() == scene.h_samples
        small = scenes.render(kind, keyed.generator(0, frame.key), (45, 80), camera)
        assert np.array_equal(data.read(index), small.image)


def test_kinds_come_in_turn():
    data = roads.load(7, labels=False)
    kinds = [frame.attributes["kind"] for frame in data.frames]
    assert kinds == [*scenes.KINDS, *scenes.KINDS[:2]]
    assert all(frame.label is None for frame in data.frames)


def test_cached_pictures_are_the_drawn_ones(tmp_path):
    plain = roads.load(3, size=(36, 64))
    cached = roads.load(3, size=(36, 64), cache=tmp_path)
    first = [cached.read(index) for index in range(3)]
    files = sorted(tmp_path.rglob("*.png"))
    assert len(files) == 3
    assert all(np.array_equal(image, plain.read(index)) for index, image in enumerate(first))
    times = [path.stat().st_mtime_ns for path in files]
    files[1].write_bytes(files[1].read_bytes()[:100])  # a torn file is drawn again
    assert all(np.array_equal(cached.read(index), first[index]) for index in range(3))
    assert [path.stat().st_mtime_ns == time for path, time in zip(files, times, strict=True)] == [True, False, True]


def test_other_scenes_have_a_cache_of_their_own(tmp_path):
    for seed, size in [(0, (36, 64)), (1, (36, 64)), (0, (45, 80))]:
        roads.load(1, seed=seed, size=size, cache=tmp_path).read(0)
    assert len(list(tmp_path.iterdir())) == 3


def test_readers_travel_to_workers(tmp_path):
    data = roads.load(2, size=(36, 64), cache=tmp_path)
    assert np.array_equal(pickle.loads(pickle.dumps(data)).read(1), data.read(1))


@pytest.mark.parametrize(
    "wrong",
    [{"count": 0}, {"split": "dev"}, {"kinds": ["noon"]}, {"size": (8, 64)}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_bad_arguments_are_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        roads.load(**{"count": 1, **wrong})
