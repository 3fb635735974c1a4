import json
import shutil

import numpy as np
import pytest

from lightnoise_train.data import tusimple
from lightnoise_train.errors import DataError


def keys(data):
    return [frame.key for frame in data.frames]


def dates(data):
    return sorted({frame.attributes["date"] for frame in data.frames})


def test_splits_are_the_customary_ones(whole_tree):
    loaded = {split: tusimple.load(whole_tree.root, split) for split in tusimple.SPLITS}
    assert {split: len(data) for split, data in loaded.items()} == {"train": 8, "val": 3, "trainval": 11, "test": 2}
    assert dates(loaded["train"]) == ["0313-1", "0313-2", "0601"]
    assert dates(loaded["val"]) == ["0531"]
    assert dates(loaded["test"]) == ["0530"]
    assert not set(keys(loaded["train"])) & set(keys(loaded["val"]))


def test_rows_are_those_of_each_frame(whole_tree):
    data = tusimple.load(whole_tree.root, "train")
    assert {len(frame.label.h_samples) for frame in data.frames} == {2, 3}


def test_a_sample_is_the_frame_with_its_picture(whole_tree):
    data = tusimple.load(whole_tree.root, "test")
    frame, image = data[1]
    assert frame is data.frames[1]
    assert (image.shape, image.dtype) == ((72, 128, 3), np.uint8)
    assert np.array_equal(image, data.read(1))
    assert frame.attributes == {"date": "0530", "clip": "60"}


def test_archives_unpacked_side_by_side(whole_tree, tmp_path):
    """train_set/ and test_set/ as the archives name them; the test labels came as a file of their own."""
    root = tmp_path / "both"
    for name in tusimple.TRAIN_FILES:
        (root / "train_set").mkdir(parents=True, exist_ok=True)
        shutil.copy(whole_tree.root / name, root / "train_set")
    shutil.copytree(whole_tree.root / "clips", root / "train_set" / "clips")
    shutil.move(root / "train_set" / "clips" / "0530", root / "test_set" / "clips" / "0530")
    shutil.copy(whole_tree.root / "test_label.json", root)
    for split in tusimple.SPLITS:
        assert keys(tusimple.load(root, split)) == keys(tusimple.load(whole_tree.root, split))
        assert all(frame.path.is_file() for frame in tusimple.load(root, split).frames)


def test_a_part_of_the_data_set(whole_tree):
    (whole_tree.root / "label_data_0531.json").unlink()
    assert len(tusimple.load(whole_tree.root, "available")) == 8
    with pytest.raises(DataError, match=r"label_data_0531\.json: no such label file; the folder has label_data_0313"):
        tusimple.load(whole_tree.root, "val")


def test_label_files_of_ones_own(whole_tree):
    assert len(tusimple.load(whole_tree.root, labels=["test_label.json", "label_data_0531.json"])) == 5
    with pytest.raises(DataError, match="leads out"):
        tusimple.load(whole_tree.root, labels=["../labels.json"])


def test_missing_root_and_missing_label_files(tmp_path):
    with pytest.raises(DataError, match=r"nowhere: no such folder"):
        tusimple.load(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"label_data_0313\.json: no such label file"):
        tusimple.load(tmp_path, "train")
    with pytest.raises(DataError, match="holds none of label_data_0313"):
        tusimple.load(tmp_path, "available")


def test_an_absent_image_is_named_with_its_line(tree):
    tree.add("test_label.json", "clips/0530/1/20.jpg")
    tree.add("test_label.json", "clips/0530/2/20.jpg").unlink()
    with pytest.raises(DataError, match=r"test_label\.json:2: its image is absent: .*clips/0530/2/20\.jpg"):
        tusimple.load(tree.root, "test")
    assert len(tusimple.load(tree.root, "test", check_images=False)) == 2


@pytest.mark.parametrize("raw_file", ["../secret.jpg", "/etc/passwd", "clips/../../secret.jpg"])
def test_a_path_that_leaves_the_root_is_refused(tree, raw_file):
    (tree.root.parent / "secret.jpg").write_bytes(b"")
    tree.add("test_label.json", "clips/0530/1/20.jpg")
    tree.line("test_label.json", json.dumps({"raw_file": raw_file, "lanes": [], "h_samples": []}))
    with pytest.raises(DataError, match=r"test_label\.json:2: raw_file .* leads out of the data root"):
        tusimple.load(tree.root, "test")


def test_a_frame_labelled_twice_is_named_with_both_lines(tree):
    tree.add("label_data_0313.json", "clips/0313-1/60/20.jpg")
    tree.add("label_data_0601.json", "clips/0601/60/20.jpg")
    tree.add("label_data_0601.json", "clips/0313-1/60/20.jpg")
    with pytest.raises(
        DataError, match=r"0601\.json:2: clips/0313-1/60/20\.jpg was labelled before, at .*0313\.json:1"
    ):
        tusimple.load(tree.root, "train")


def test_broken_lines_and_empty_files(tree):
    tree.add("test_label.json", "clips/0530/1/20.jpg")
    tree.line("test_label.json", '{"raw_file": ')
    with pytest.raises(DataError, match=r"test_label\.json:2: broken JSON"):
        tusimple.load(tree.root, "test")
    (tree.root / "test_label.json").write_text("\n")
    with pytest.raises(DataError, match="no labels"):
        tusimple.load(tree.root, "test")


def test_a_corrupt_image_is_named_when_it_is_read(tree):
    path = tree.add("test_label.json", "clips/0530/1/20.jpg")
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(DataError, match=r"clips/0530/1/20\.jpg: is truncated"):
        tusimple.load(tree.root, "test").read(0)


def test_real_frames(shared):
    data = tusimple.load(shared / "tusimple", "available")
    assert len(data) == 124
    assert {len(frame.label.h_samples) for frame in data.frames} == {48, 56}
    assert data.read(0).shape == (720, 1280, 3)
    assert len(tusimple.load(shared / "tusimple", "test")) == 4
    full = tusimple.load(shared / "tusimple_labels_full", "val", check_images=False)
    assert len(full) == 358
