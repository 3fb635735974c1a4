import json

import cv2
import pytest

from lightnoise_train.data import bdd100k
from lightnoise_train.errors import DataError

NAMES = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
ENTRIES = [
    {"name": "b.jpg", "attributes": {"timeofday": "night", "weather": "rainy", "scene": "highway"}, "labels": []},
    {"name": "a.jpg", "attributes": {"timeofday": "daytime", "weather": "clear", "scene": "tunnel"}},
    {"name": "d.jpg", "attributes": {"timeofday": "night", "weather": "clear", "scene": "city street"}},
]


@pytest.fixture
def root(tmp_path, picture):
    for split in bdd100k.SPLITS:
        folder = tmp_path / "images" / "100k" / split
        folder.mkdir(parents=True)
        for seed, name in enumerate(NAMES):
            cv2.imwrite(str(folder / name), picture(seed))
        (folder / "readme.txt").write_text("no image")
    return tmp_path


NEW = "labels/det_20/det_train.json"
OLD = "labels/bdd100k_labels_images_train.json"


def labels(root, name, entries=ENTRIES, **how):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(entries if isinstance(entries, str) else json.dumps(entries, **how))
    return path


def names(data):
    return [frame.path.name for frame in data.frames]


@pytest.mark.parametrize("name", [NEW, OLD])
@pytest.mark.parametrize("how", [{}, {"indent": 4}, {"separators": (",", ":")}])
def test_both_label_files_filter_by_attributes(root, name, how):
    labels(root, name, **how)
    assert names(bdd100k.load(root)) == NAMES  # c has no entry
    assert names(bdd100k.load(root, timeofday="night")) == ["b.jpg", "d.jpg"]
    assert names(bdd100k.load(root, timeofday=["night", "daytime"], weather="clear")) == ["a.jpg", "d.jpg"]
    assert names(bdd100k.load(root, scene=["tunnel"])) == ["a.jpg"]


def test_the_newer_label_file_goes_first(root):
    labels(root, OLD, [])
    labels(root, NEW)
    assert names(bdd100k.load(root, timeofday="night")) == ["b.jpg", "d.jpg"]


def test_keys_and_attributes(root):
    labels(root, NEW)
    frames = bdd100k.load(root).frames
    assert frames[1].key == "images/100k/train/b.jpg"
    assert frames[1].attributes == {"timeofday": "night", "weather": "rainy", "scene": "highway"}
    assert frames[2].attributes == {}
    assert bdd100k.load(root).read(1).shape == (72, 128, 3)


def test_images_need_no_labels_but_filters_do(root):
    assert names(bdd100k.load(root, "val")) == NAMES
    with pytest.raises(DataError, match=r"filtering by timeofday needs a label file: .*det_20/det_val\.json"):
        bdd100k.load(root, "val", timeofday="night")
    with pytest.raises(DataError, match="none exists for the test split"):
        bdd100k.load(root, "test", timeofday="night")


def test_values_that_do_not_exist_are_refused(root):
    labels(root, NEW)
    with pytest.raises(ValueError, match="timeofday must be one of daytime, dawn/dusk, night"):
        bdd100k.load(root, timeofday="noon")
    with pytest.raises(DataError, match="none of 4 frames has weather foggy"):
        bdd100k.load(root, weather="foggy")


def test_missing_folders_are_named(tmp_path):
    with pytest.raises(DataError, match=r"images/100k/train: no such folder"):
        bdd100k.load(tmp_path)
    with pytest.raises(DataError, match=r"labels\.json: no such label file"):
        list(bdd100k.read_attributes(tmp_path / "labels.json"))


@pytest.mark.parametrize("block", [1, 7, 64, 10**6])
def test_a_file_is_read_alike_in_blocks_of_any_size(root, block, monkeypatch):
    monkeypatch.setattr(bdd100k, "_BLOCK", block)
    path = labels(root, NEW, indent=1)
    assert dict(bdd100k.read_attributes(path)) == {entry["name"]: entry["attributes"] for entry in ENTRIES}


@pytest.mark.parametrize("block", [5, 10**6])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"name": "a.jpg"}', "must be one JSON list"),
        ("", "must be one JSON list"),
        ('[\n{"name": "a.jpg"},\n{"name": "b.jpg", "x": }]', r":3: broken JSON"),
        ('[\n{"name": "a.jpg"},\n{"name": "b.jp', r":3: broken JSON"),
        ('[\n{"name": "a.jpg"}\n', r": broken JSON"),
        ('[\n{"name": "a.jpg"},\n7]', r":3: a frame must be a JSON object"),
        ('[{"name": "a.jpg"}, {"url": "b"}]', "frame 2 has no name"),
        ('[{"name": "a.jpg", "attributes": 3}]', "attributes must be an object"),
    ],
)
def test_broken_files_are_named_with_the_line(root, text, said, block, monkeypatch):
    monkeypatch.setattr(bdd100k, "_BLOCK", block)
    path = labels(root, NEW, text)
    with pytest.raises(DataError, match=said) as error:
        list(bdd100k.read_attributes(path))
    assert str(error.value).startswith(str(path))
