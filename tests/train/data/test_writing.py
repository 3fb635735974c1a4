import json

import cv2
import numpy as np
import pytest

import lightnoise as ln
from lightnoise import batch
from lightnoise.scenes import KINDS
from lightnoise_train.data import noised, roads, tusimple
from lightnoise_train.data.checking import check_tusimple
from lightnoise_train.data.writing import make_roads
from lightnoise_train.errors import DataError
from lightnoise_train.lanes.labels import read_labels

CAMERA = ln.CAMERAS["tusimple"]
BLOOM_3 = noised.Tree("bloom", 3)


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def write(data, out, wanted=(noised.CLEAN, BLOOM_3), **options):
    return list(noised.write(data, "test", out, wanted, **{"camera": CAMERA, **options}))


@pytest.fixture(scope="module")
def small_roads(tmp_path_factory):
    out = tmp_path_factory.mktemp("roads")
    summary = make_roads(out, {"train": 6, "val": 2, "test": 3}, size=(90, 160))
    assert summary.exit_code == 0
    return out


def test_embedded_roads_are_an_official_tree(small_roads):
    counts = {split: len(tusimple.load(small_roads, split)) for split in tusimple.SPLITS}
    assert counts == {"train": 6, "val": 2, "trainval": 8, "test": 3}
    assert {path.name for path in small_roads.glob("label*.json")} == set(tusimple.TRAIN_FILES)
    report = check_tusimple(small_roads)
    assert (report.frames, report.problems) == (11, [])


def test_written_roads_are_the_drawn_ones(small_roads):
    drawn, written = roads.load(6, size=(90, 160)), tusimple.load(small_roads, "train")
    by_key = {frame.key: frame for frame in written.frames}
    for index, frame in enumerate(drawn.frames):
        again = by_key[frame.key]
        assert again.label == frame.label
        picture = cv2.imread(str(again.path))[..., ::-1]
        assert np.abs(picture.astype(float) - drawn.read(index)).mean() < 6.0  # JPEG
    assert {frame.attributes["date"] for frame in written.frames} == {f"train-{kind}" for kind in KINDS}


def test_png_keeps_every_bit_and_labels_say_so(tmp_path):
    make_roads(tmp_path, {"test": 2}, size=(36, 64), output_format="png")
    data = tusimple.load(tmp_path, "test")
    drawn = roads.load(2, "test", size=(36, 64))
    assert [frame.key for frame in data.frames] == [frame.key.replace(".jpg", ".png") for frame in drawn.frames]
    assert all(np.array_equal(data.read(index), drawn.read(index)) for index in range(2))


def test_each_tree_is_an_official_one_with_the_same_labels(small_roads, tmp_path):
    data = tusimple.load(small_roads, "test")
    done = write(data, tmp_path, noised.trees(["bloom", "mixed"], [0, 2, 5]))
    assert [tree.name for tree, _ in done] == ["clean", "bloom-2", "bloom-5", "mixed"]
    assert all(summary.exit_code == 0 for _, summary in done)
    assert noised.read_trees(tmp_path) == [tree for tree, _ in done]
    for tree, _ in done:
        assert read_labels(tmp_path / tree.name / "test_label.json") == [frame.label for frame in data.frames]
        assert [frame.key for frame in tusimple.load(tmp_path / tree.name, "test").frames] == [
            frame.key for frame in data.frames
        ]


def test_frames_are_noised_as_their_manifest_says(small_roads, tmp_path):
    data = tusimple.load(small_roads, "test")
    write(data, tmp_path, [noised.Tree("gamma_under", 4), noised.Tree("mixed", None)], output_format="png")
    for name in ("gamma_under-4", "mixed"):
        lines = [json.loads(line) for line in (tmp_path / name / "manifest.jsonl").read_text().splitlines()]
        assert [line["source"] for line in lines] == sorted(frame.key for frame in data.frames)
        by_source = {line["source"]: line for line in lines}
        for index, frame in enumerate(data.frames):
            params = [ln.params_from_dict(one) for one in by_source[frame.key]["params"]]
            written = cv2.imread(str(tmp_path / name / by_source[frame.key]["output"]))[..., ::-1]
            assert np.array_equal(written, ln.chain(data.read(index), params, camera=CAMERA))


def test_severity_is_the_calibrated_level(small_roads, tmp_path):
    write(tusimple.load(small_roads, "test"), tmp_path, [BLOOM_3])
    line = json.loads((tmp_path / "bloom-3" / "manifest.jsonl").read_text().splitlines()[0])
    assert line["params"] == [ln.severity("bloom", 3).to_dict()]


def test_the_same_bytes_for_any_subset_and_number_of_workers(small_roads, tmp_path):
    data = tusimple.load(small_roads, "test")
    write(data, tmp_path / "a", [noised.Tree("mixed", None)])
    write(data.subset([2, 0]), tmp_path / "b", [noised.Tree("mixed", None)], workers=2)
    whole, part = content(tmp_path / "a"), content(tmp_path / "b")
    pictures = [name for name in part if name.endswith(".jpg")]
    assert len(pictures) == 2
    assert all(whole[name] == part[name] for name in pictures)
    write(data, tmp_path / "c", [noised.Tree("mixed", None)], seed=1)
    assert any(content(tmp_path / "c")[name] != whole[name] for name in pictures)


def test_an_interrupted_call_is_gone_on_with(small_roads, tmp_path):
    data = tusimple.load(small_roads, "test")
    write(data, tmp_path / "whole")
    write(data, tmp_path / "cut")
    (tmp_path / "cut" / "bloom-3" / data.frames[1].key).unlink()
    (tmp_path / "cut" / "bloom-3" / "test_label.json").unlink()
    summaries = {tree.name: summary for tree, summary in write(data, tmp_path / "cut")}
    assert [(s.ok, s.skipped) for s in summaries.values()] == [(0, 3), (1, 2)]
    assert content(tmp_path / "cut") == content(tmp_path / "whole")


def test_another_config_is_refused_and_overwrite_replaces(small_roads, tmp_path):
    data = tusimple.load(small_roads, "test")
    write(data, tmp_path, [BLOOM_3])
    with pytest.raises(DataError, match="seed was 0, now 7"):
        write(data, tmp_path, [BLOOM_3], seed=7)
    write(data, tmp_path, [BLOOM_3], seed=7, overwrite=True)
    assert len(noised.read_trees(tmp_path)) == 1
    (tmp_path / "glare-1").mkdir()
    (tmp_path / "glare-1" / "mine.txt").write_text("x")
    with pytest.raises(DataError, match="nothing to resume"):
        write(data, tmp_path, [noised.Tree("glare", 1)])


def test_a_failed_frame_leaves_its_tree_unlisted(small_roads, tmp_path):
    data = tusimple.load(small_roads, "test")
    frames = list(data.frames)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff no picture")
    frames[1] = type(frames[1])(broken, frames[1].key, frames[1].label, frames[1].attributes)
    [(_, summary)] = write(type(data)(frames), tmp_path / "out", [BLOOM_3])
    assert (summary.exit_code, summary.ok, summary.failed) == (1, 2, 1)
    assert not (tmp_path / "out" / "bloom-3" / "test_label.json").exists()
    with pytest.raises(DataError, match="data noise makes"):
        noised.read_trees(tmp_path / "out")


def test_frames_without_labels_are_named(tmp_path):
    with pytest.raises(DataError, match=r"000000/20\.jpg: has no lane label"):
        write(roads.load(1, labels=False), tmp_path)


def test_choices():
    assert [tree.name for tree in noised.trees(["glare"], [5, 1, 1])] == ["glare-1", "glare-5"]
    assert len(noised.trees()) == 1 + 4 * 5 + 1
    assert noised.CLEAN.recipe == batch.recipe(severity=0)
    with pytest.raises(ValueError, match="effect must be one of"):
        noised.trees(["fog"])
    with pytest.raises(ValueError, match="severity must be in"):
        noised.trees(["glare"], [6])


def test_a_broken_list_of_trees_is_named(tmp_path):
    (tmp_path / "trees.json").write_text('{"trees": [{}]}')
    with pytest.raises(DataError, match=r"trees\.json: is no list of trees"):
        noised.read_trees(tmp_path)


@pytest.mark.parametrize(
    "entry", ['"../../elsewhere", "severity": 3', '"bloom", "severity": "3"', '"mixed", "severity": 1']
)
def test_a_tree_that_cannot_be_is_refused(entry, tmp_path):
    (tmp_path / "trees.json").write_text(f'{{"trees": [{{"effect": {entry}}}]}}')
    with pytest.raises(DataError, match="there is no tree of effect"):
        noised.read_trees(tmp_path)
