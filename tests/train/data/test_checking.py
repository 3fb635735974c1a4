import json

import cv2
import pytest

from lightnoise_train.data.checking import check_bdd100k, check_tusimple


def problems(report):
    return [problem.rpartition("/")[2] for problem in report.problems]


def test_a_whole_tree_has_no_problem(whole_tree):
    report = check_tusimple(whole_tree.root)
    assert (report.frames, report.problems) == (13, [])


def test_every_problem_is_named_with_its_line(tree, picture):
    file = "test_label.json"
    tree.add(file, "clips/1/1/20.jpg")
    tree.line(file, '{"raw_file": }')
    tree.line(file, "")
    tree.add(file, "clips/1/4/20.jpg", lanes=[[1, 2]])
    tree.add(file, "clips/1/5/20.jpg").unlink()
    tree.line(file, json.dumps({"raw_file": "../x.jpg", "lanes": [], "h_samples": []}))
    tree.add(file, "clips/1/1/20.jpg")
    cut = tree.add(file, "clips/1/8/20.jpg")
    cut.write_bytes(cut.read_bytes()[:-100])
    cv2.imwrite(str(tree.add(file, "clips/1/9/20.jpg")), picture(0, 64, 64))
    tree.add(file, "clips/1/10/20.jpg", h_samples=[170, 160, 800], lanes=[[1, 1280, 3]])
    report = check_tusimple(tree.root)
    said = [problem.removeprefix(f"{tree.root}/") for problem in report.problems]
    assert said == [
        "test_label.json:2: broken JSON at column 14: Expecting value",
        "test_label.json:4: lane 1 has 2 points, but h_samples has 3 rows",
        f"test_label.json:5: its image is absent: {tree.root}/clips/1/5/20.jpg",
        f"test_label.json:6: raw_file '../x.jpg' leads out of the data root {tree.root}",
        f"test_label.json:7: clips/1/1/20.jpg was labelled before, at {tree.root}/test_label.json:1",
        "clips/1/8/20.jpg: is truncated: the JPEG data have no end-of-image marker",
        "clips/1/9/20.jpg: is 64×64, but labels are given for a frame of 1280×720",
        "test_label.json:10: h_samples must be rows of a frame 720 high, got 160 to 800",
        "test_label.json:10: h_samples must go up",
        "test_label.json:10: lane 1 has a point at column 1280 of a frame 1280 wide",
    ]
    assert report.frames == 7


def test_images_need_not_be_decoded(tree):
    path = tree.add("test_label.json", "clips/1/1/20.jpg")
    path.write_bytes(b"nothing")
    assert len(check_tusimple(tree.root).problems) == 1
    assert check_tusimple(tree.root, images=False).problems == []


def test_a_missing_training_file_is_a_problem_but_a_missing_part_is_not(whole_tree):
    (whole_tree.root / "test_label.json").unlink()
    assert check_tusimple(whole_tree.root).problems == []
    (whole_tree.root / "label_data_0531.json").unlink()
    assert problems(check_tusimple(whole_tree.root)) == ["label_data_0531.json: no such label file"]


def test_an_empty_folder_lacks_everything(tmp_path):
    assert len(check_tusimple(tmp_path).problems) == 4
    assert "no such folder" in check_tusimple(tmp_path / "nowhere").problems[0]
    assert "holds none of the folders" in check_bdd100k(tmp_path).problems[0]


@pytest.fixture
def bdd100k(tmp_path, picture):
    folder = tmp_path / "images" / "100k" / "train"
    folder.mkdir(parents=True)
    for seed, name in enumerate(["a.jpg", "b.jpg", "c.jpg"]):
        cv2.imwrite(str(folder / name), picture(seed))
    (tmp_path / "labels" / "det_20").mkdir(parents=True)
    return tmp_path


def test_bdd100k(bdd100k):
    labels = bdd100k / "labels" / "det_20" / "det_train.json"
    labels.write_text(json.dumps([{"name": "a.jpg", "attributes": {"weather": "clear"}}, {"name": "b.jpg"}]))
    report = check_bdd100k(bdd100k)
    assert (report.frames, report.unlabelled, report.problems) == (3, 1, [])
    (bdd100k / "images" / "100k" / "train" / "c.jpg").write_bytes(b"x")
    entries = [{"name": "a.jpg"}, {"name": "a.jpg", "attributes": {"weather": "hail"}}, {"name": "z.jpg"}]
    labels.write_text(json.dumps(entries))
    said = problems(check_bdd100k(bdd100k))
    assert said[0] == "det_train.json: a.jpg: stands there twice"
    assert said[1].startswith("det_train.json: a.jpg: weather must be one of clear")
    assert said[2] == "det_train.json: z.jpg: its image is absent"
    assert said[3].startswith("c.jpg: ")
    labels.write_text('[{"name": "a.jpg"}')
    assert "broken JSON" in check_bdd100k(bdd100k, images=False).problems[0]
