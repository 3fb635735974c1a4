import json

import numpy as np
import pytest

from lightnoise_train.errors import DataError
from lightnoise_train.evaluation.results import Run, read_results
from lightnoise_train.evaluation.tables import arm_tables
from lightnoise_train.lanes.labels import LaneLabel
from lightnoise_train.report.examples import FILE_NAME, choose, read_examples, write_examples
from lightnoise_train.report.gallery import gallery

H_SAMPLES = [300, 400, 500, 600]


def label(frame):
    return LaneLabel(frame, np.array([[100, 200, 300, 400], [-2, 900, 800, 700]]), np.array(H_SAMPLES))


@pytest.fixture
def tables(make_rows, write_rows, tmp_path):
    rows = make_rows({"baseline": 0.04, "simclr": 0.02}, n_blocks=5)
    return arm_tables(read_results(write_rows(tmp_path / "results.jsonl", rows)))


@pytest.fixture
def folder(tables, tmp_path):
    def noised(frame, condition):
        return np.full((72, 128, 3), 40 * condition[1], np.uint8)

    def detect(image, label):
        return label.lanes[:1] + 5.04

    runs = [Run(arm, "resnet18", seed) for arm in ("baseline", "simclr") for seed in (0, 1)]
    write_examples(tmp_path, tables, {f: label(f) for f in tables[0].frames}, noised, dict.fromkeys(runs, detect))
    return tmp_path


def test_the_worst_frame_loses_most_and_half_lose_less_than_the_typical_one(tables):
    chosen = choose(tables)
    assert [(kind, condition) for kind, condition, _ in chosen] == [
        ("worst", ("bloom", 5)),
        ("typical", ("bloom", 5)),
        ("worst", ("glare", 5)),
        ("typical", ("glare", 5)),
    ]
    lost = sum((table.at("bloom", 0) - table.at("bloom", 5)).mean(axis=0) for table in tables)
    where = dict(zip(tables[0].frames, lost, strict=True))
    assert where[chosen[0][2]] == lost.max()
    assert np.sum(lost < where[chosen[1][2]]) == (len(lost) - 1) // 2


def test_conditions_that_an_arm_lacks_are_not_chosen(make_rows, write_rows, tmp_path):
    rows = make_rows({"a": 0.04, "b": 0.02}, n_blocks=3)
    rows = [row for row in rows if row["arm"] == "a" or (row["effect"] != "glare" and row["severity"] < 5)]
    chosen = choose(arm_tables(read_results(write_rows(tmp_path / "r.jsonl", rows))))
    assert {condition for _, condition, _ in chosen} == {("bloom", 3)}


def test_what_is_written_can_be_read(folder):
    found = read_examples(folder / FILE_NAME)
    assert len(found) == 2 * 2 * 2  # effects, kinds, arms: the first run of each
    assert {example.run.seed for example in found} == {0}
    assert all(example.picture.exists() for example in found)
    assert found[0].label == label(found[0].label.raw_file)
    np.testing.assert_array_equal(found[0].found.lanes, [[105, 205, 305, 405]])


def test_the_gallery_shows_each_picture_once_with_the_accuracies_of_the_rows(folder, tables):
    groups = gallery([folder], tables)
    assert len(groups) == 4
    for heading, pictures in groups.items():
        frame = heading.split(": ")[1]
        effect, severity = heading.split(",")[0].split(" ")
        assert [picture.svg.count("data:image/jpeg;base64,") for picture in pictures] == [1, 0]
        for table, picture in zip(tables, pictures, strict=True):
            at = table.frames.index(frame)
            accuracy, clean = table.at(effect, int(severity))[0, at], table.at(effect, 0)[0, at]
            assert picture.caption == f"{table.arm}, seed 0: {accuracy:.2f} ({clean:.2f})"
            assert picture.svg.count('class="truth"') == 2
            assert picture.svg.count('class="found"') == 1
            assert 'points="900,400 800,500 700,600"' in picture.svg  # without the row where it is absent


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"picture": "../../secret.jpg"}, "leads out of the data root"),
        ({"picture": "examples/none.jpg"}, "no such file|No such file|does not exist|cannot"),
        ({"kind": "best"}, "kind must be worst or typical, got 'best'"),
        ({"severity": "5"}, "severity must be a whole number, got '5'"),
        ({"lanes": [[1, 2]]}, r"must have the shape \(n_lanes, 4\)"),
        ({"found": [[1, 2, 3, 4], [1]]}, r"examples.jsonl:1"),
        ({"frame": "clips/none.jpg"}, "the results know nothing of baseline, seed 0, on clips/none.jpg"),
        ({"arm": "nobody"}, "the results know nothing of nobody"),
        ({"severity": 2}, "no results for bloom at severity 2"),
    ],
)
def test_broken_examples_are_named(folder, tables, change, message):
    path = folder / FILE_NAME
    first, *rest = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps({**json.loads(first), **change}), *rest]) + "\n")
    with pytest.raises(DataError, match=message) as caught:
        gallery([folder], tables)
    assert "\n" not in str(caught.value)


def test_a_field_that_is_missing(folder):
    path = folder / FILE_NAME
    values = json.loads(path.read_text().splitlines()[0])
    del values["found"]
    path.write_text(json.dumps(values) + "\n")
    with pytest.raises(DataError, match=r"examples\.jsonl:1: an example has no found"):
        read_examples(path)


def test_folders_without_examples_have_nothing_to_show(tables, tmp_path):
    assert gallery([tmp_path / "elsewhere"], tables) == {}
