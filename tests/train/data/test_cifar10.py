import os
import pickle

import cv2
import numpy as np
import pytest

from lightnoise_train.data import cifar10
from lightnoise_train.errors import DataError


def archive(folder, count=3, protocol=2):
    """The archive's files, with a few pictures in each batch."""
    folder.mkdir(parents=True)
    pictures = {}
    for seed, name in enumerate([*cifar10.BATCHES["train"], *cifar10.BATCHES["test"]]):
        random = np.random.default_rng(seed)
        images = random.integers(0, 256, (count, 32, 32, 3), np.uint8)
        batch = {
            b"batch_label": b"some",
            b"labels": random.integers(0, 10, count).tolist(),
            b"data": images.transpose(0, 3, 1, 2).reshape(count, 3072),
            b"filenames": [b"x.png"] * count,
        }
        (folder / name).write_bytes(pickle.dumps(batch, protocol=protocol))
        pictures[name] = images, batch[b"labels"]
    return pictures


class Attack:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (self.target,)


@pytest.mark.parametrize("protocol", [2, 4])
def test_pickles_are_read_in_order(tmp_path, protocol):
    pictures = archive(tmp_path / cifar10.FOLDER, protocol=protocol)
    for root in (tmp_path, tmp_path / cifar10.FOLDER):
        data = cifar10.load(root, "train")
        assert len(data) == 15
        images, labels = pictures["data_batch_2"]
        assert np.array_equal(data.read(4), images[1])
        assert data.frames[4].attributes["class"] == labels[1]
        assert data.frames[4].key == "train/00004"
    assert np.array_equal(cifar10.load(tmp_path, "test").read(2), pictures["test_batch"][0][2])


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_asks_for_code_is_refused_and_does_not_run(tmp_path, protocol):
    archive(tmp_path / cifar10.FOLDER)
    target = tmp_path / "run"
    attack = {b"data": Attack(str(target)), b"labels": []}
    (tmp_path / cifar10.FOLDER / "test_batch").write_bytes(pickle.dumps(attack, protocol=protocol))
    with pytest.raises(DataError, match=r"test_batch: asks for .*mkdir"):
        cifar10.load(tmp_path, "test")
    assert not target.exists()


@pytest.mark.parametrize(
    "batch",
    [
        {b"labels": [0]},
        {b"data": np.zeros((1, 3072)), b"labels": [0]},
        {b"data": np.zeros((1, 3071), np.uint8), b"labels": [0]},
        {b"data": np.zeros((2, 3072), np.uint8), b"labels": [0]},
        {b"data": np.zeros((1, 3072), np.uint8), b"labels": [10]},
        [1, 2],
    ],
)
def test_other_pickles_are_named(tmp_path, batch):
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps(batch, protocol=2))
    with pytest.raises(DataError, match=r"batch: is no CIFAR-10 batch"):
        cifar10.read_batch(path)


def test_damaged_and_missing_files_are_named(tmp_path):
    archive(tmp_path / cifar10.FOLDER)
    path = tmp_path / cifar10.FOLDER / "data_batch_3"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(DataError, match="data_batch_3: is damaged"):
        cifar10.load(tmp_path)
    path.unlink()
    with pytest.raises(DataError, match="data_batch_3: cannot be read"):
        cifar10.load(tmp_path)
    with pytest.raises(DataError, match="holds neither"):
        cifar10.load(tmp_path / "nothing")


def test_packed_jpegs(tmp_path):
    random = np.random.default_rng(0)
    images = [cv2.GaussianBlur(random.integers(0, 256, (32, 32, 3), np.uint8), (0, 0), 3) for _ in range(4)]
    files = [cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 100])[1] for image in images]
    packed = {
        "test_jpeg": np.concatenate(files),
        "test_offset": np.cumsum([0, *map(len, files)]),
        "test_label": np.array([3, 1, 4, 1]),
    }
    np.savez(tmp_path / "cifar10_packed.npz", **packed)
    data = cifar10.load(tmp_path, "test")
    assert [frame.attributes["class"] for frame in data.frames] == [3, 1, 4, 1]
    assert np.abs(data.read(2).astype(int) - images[2]).mean() < 3
    with pytest.raises(DataError, match="is no packed CIFAR-10"):
        cifar10.load(tmp_path, "train")
    np.savez(tmp_path / "cifar10_packed.npz", **{**packed, "test_offset": packed["test_offset"] + 1})
    with pytest.raises(DataError, match="does not cut up"):
        cifar10.load(tmp_path / "cifar10_packed.npz", "test")


def test_the_packed_file_beside_the_project(shared):
    data = cifar10.load(shared / "cifar10", "test")
    assert len(data) == 10000
    assert data.read(0).shape == (32, 32, 3)
    assert np.bincount([frame.attributes["class"] for frame in data.frames]).tolist() == [1000] * 10
