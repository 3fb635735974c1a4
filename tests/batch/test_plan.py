import os
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightnoise.batch import BatchError, Config, Folder, Shard, items, survey
from lightnoise.batch.plan import OTHER, PROBLEM
from lightnoise.batch.recipe import NOTHING


def tree(root, *paths):
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
    return Folder(str(root))


def outputs(source, **config):
    return [item.output for item in items(source, Config(NOTHING, **config))]


def test_folders_are_mirrored_in_sorted_order(tmp_path):
    source = tree(tmp_path, "b.jpg", "a/2.PNG", "a/1.png", "a/deep/0.webp", "c/x.tif", "labels.json", "a.jpg")
    assert outputs(source) == ["a.jpg", "b.jpg", "a/1.png", "a/2.PNG", "a/deep/0.webp", "c/x.tif"]


def test_copies_are_numbered_before_the_suffix(tmp_path):
    source = tree(tmp_path, "d/frame.v2.JPG")
    assert outputs(source, copies=3) == ["d/frame.v2.JPG", "d/frame.v2_1.JPG", "d/frame.v2_2.JPG"]
    assert outputs(source, copies=2, format="png") == ["d/frame.v2.png", "d/frame.v2_1.png"]


def test_others_come_along_once_if_asked(tmp_path):
    source = tree(tmp_path, "a.png", "sub/labels.json", "README")
    plan = list(items(source, Config(NOTHING, copies=2, copy_others=True)))
    assert [(item.output, item.kind == OTHER) for item in plan] == [
        ("README", True),
        ("a.png", False),
        ("a_1.png", False),
        ("sub/labels.json", True),
    ]


@pytest.mark.parametrize(
    ("paths", "config", "output"),
    [
        (["a.jpg", "a.png"], {"format": "png"}, "a.png"),
        (["s/a.jpg", "s/a.jpeg"], {"format": "webp"}, "s/a.webp"),
        (["a.jpg", "a_1.jpg"], {"copies": 2}, "a_1.jpg"),
        (["a_1.jpg", "a_1_1.jpg", "a.jpg"], {"copies": 2}, "a_1.jpg"),
        (["a.jpg", "a.png/x.jpg"], {"format": "png"}, "a.png"),
        (["a.jpg", "manifest.jsonl"], {"copy_others": True}, "manifest.jsonl"),
    ],
)
def test_names_that_would_meet_are_refused(tmp_path, paths, config, output):
    source = tree(tmp_path, *paths)
    with pytest.raises(BatchError, match=f"would both be written to {output}: rename one"):
        survey(source, Config(NOTHING, **config), reserved=("manifest.jsonl",))
    with pytest.raises(BatchError):  # each shard looks at the whole
        survey(source, Config(NOTHING, **config), Shard(2, 3), reserved=("manifest.jsonl",))


def test_names_in_different_folders_do_not_meet(tmp_path):
    source = tree(tmp_path, "x/a.jpg", "y/a.png", "manifest.jsonl", "x/manifest.jsonl")
    assert survey(source, Config(NOTHING, format="png"), reserved=("manifest.jsonl",)).outputs == 2


def test_damage_maps_must_not_meet_either(tmp_path):
    source = tree(tmp_path, "a.jpg", "a.png")
    assert survey(source, Config(NOTHING)).outputs == 2
    with pytest.raises(BatchError, match=r"both be written to a\.png"):
        survey(source, Config(NOTHING), damage=True)


def test_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(BatchError, match="holds no image"):
        survey(tree(tmp_path, "labels.json"), Config(NOTHING, copy_others=True))


def test_links_to_folders_are_named_and_not_followed(tmp_path):
    source = tree(tmp_path, "a/x.png")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "y.png").symlink_to(tmp_path / "a" / "x.png")
    assert outputs(source) == ["y.png", "a/x.png"]
    assert survey(source, Config(NOTHING)).linked_folders == ["a/loop"]


def test_a_folder_that_cannot_be_listed_is_a_problem_of_its_own(tmp_path, monkeypatch):
    source = tree(tmp_path, "good/x.png", "locked/y.png")
    listed = os.scandir

    def scandir(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    plan = list(items(source, Config(NOTHING)))
    assert [(item.source, item.kind == PROBLEM) for item in plan] == [("good/x.png", False), ("locked", True)]
    assert "cannot be listed: Permission denied" in plan[1].error


def test_the_plan_is_lazy(tmp_path, monkeypatch):
    source = tree(tmp_path, "a.png", "z/b.png")
    visited = []
    listed = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: visited.append(str(path)) or listed(path))
    plan = items(source, Config(NOTHING, copies=10**6))
    assert len(list(islice(plan, 1000))) == 1000
    assert len(visited) == 1


def test_one_file_is_a_plan(tmp_path):
    tree(tmp_path, "a.png", "b.png")
    source = Folder.of(tmp_path / "b.png")
    assert outputs(source, copies=2) == ["b.png", "b_1.png"]
    with pytest.raises(BatchError, match="does not exist"):
        Folder.of(tmp_path / "c.png")


@given(count=st.integers(1, 9), names=st.sets(st.text("abc/_", min_size=1), max_size=30))
def test_shards_part_the_plan(count, names):
    for name in names:
        assert [Shard(index, count).holds(name) for index in range(1, count + 1)].count(True) == 1


def test_shards_are_of_like_size():
    sizes = [sum(Shard(index, 4).holds(f"clip/{n:05d}.jpg") for n in range(8000)) for index in (1, 2, 3, 4)]
    assert sum(sizes) == 8000
    assert all(abs(size - 2000) < 160 for size in sizes)  # 4 standard deviations


@pytest.mark.parametrize("text", ["0/4", "5/4", "4", "a/b", "1/", "-1/3", "1/2/3"])
def test_shards_that_do_not_exist_are_refused(text):
    with pytest.raises(BatchError, match="I/N"):
        Shard.parse(text)
    assert Shard.parse("2/8") == Shard(2, 8)


@pytest.mark.parametrize("count", [1, 5, 16, 17, 1000])
def test_samples_are_spread_over_the_plan(tmp_path, count):
    source = tree(tmp_path, *(f"{n:04d}.png" for n in range(count)))
    found = survey(source, Config(NOTHING))
    numbers = [int(item.source[:4]) for item in found.samples]
    assert min(count, 8) <= len(numbers) <= 16
    assert len({b - a for a, b in pairwise(numbers)}) <= 1
    assert numbers[0] == 0
    assert count - numbers[-1] <= max(2, count // 7)
    assert (found.images, found.outputs) == (count, count)
