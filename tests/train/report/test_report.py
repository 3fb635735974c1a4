import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from click.testing import CliRunner

from lightnoise_train.cli import main
from lightnoise_train.errors import DataError
from lightnoise_train.evaluation.results import Run, read_results
from lightnoise_train.evaluation.tables import arm_tables
from lightnoise_train.lanes.labels import LaneLabel
from lightnoise_train.report.examples import write_examples
from lightnoise_train.report.writer import write_report

VOID = {"meta", "link", "br", "path", "use", "image", "rect", "polyline"}


class Page(HTMLParser):
    """What a page holds: its elements, whether they are closed in order, and its tables as text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.unbalanced, self.text = [], [], [], []
        self.tables = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        elif tag == "small":
            self.tables[-1][-1][-1] += "|"

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data):
        self.text.append(data)
        if self.open and self.open[-1] in ("td", "th", "small"):
            self.tables[-1][-1][-1] += data


@pytest.fixture(scope="module")
def rows(make_rows):
    return make_rows({"baseline": 0.04, "simclr": 0.02, "<i>&\"odd'": 0.05}, n_blocks=8)


@pytest.fixture(scope="module")
def folder(rows, write_rows, tmp_path_factory):
    """A folder of results with examples, whose first arm's training logs can be found."""
    folder = tmp_path_factory.mktemp("judged")
    for run, header, values in (
        ("fine", "step,train/loss,val/iou", ("0,1,0.1", "9,0.5,0.6")),
        ("pretrain", "step,train/loss,knn/retrieval", ("0,6,0.1", "9,3,0.9")),
    ):
        log = folder / run / "logs" / "version_0" / "metrics.csv"
        log.parent.mkdir(parents=True)
        log.write_text("\n".join([header, *values]) + "\n")
    path = write_rows(folder / "results.jsonl", rows, sources={"baseline": str(folder / "fine")}, command="a <b> c")
    tables = arm_tables(read_results(path))
    label = {f: LaneLabel(f, np.array([[100.0, 200.0]]), np.array([400, 500])) for f in tables[0].frames}
    write_examples(
        folder,
        tables,
        label,
        lambda frame, condition: np.full((72, 128, 3), 90, np.uint8),
        {Run(table.arm, "resnet18", 0): lambda image, label: label.lanes for table in tables},
    )
    return folder


@pytest.fixture(scope="module")
def out(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("report")
    write_report([folder], out, runs=[folder / "pretrain"])
    return out


@pytest.fixture(scope="module")
def html(out):
    return (out / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_the_page_is_well_formed(page):
    assert page.unbalanced == []
    assert page.open == []
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_the_page_needs_nothing_beside_it(page, html):
    assert not any(tag in ("script", "iframe", "object", "embed", "base") for tag, _ in page.elements)
    for _, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href", "srcset", "data", "action"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    assert not re.search(r"https?:|//[a-z]|@import", html)
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", html))
    ids = {attributes.get("id") for _, attributes in page.elements}
    targets = [a.get("href") or a.get("xlink:href") for tag, a in page.elements if tag == "use"]
    assert targets
    assert {target[1:] for target in targets} <= ids


def test_every_picture_has_words_for_those_who_do_not_see_it(page):
    pictures = [attributes for tag, attributes in page.elements if tag == "svg"]
    assert len(pictures) == 5 + 2 + 2 * 2 * 3  # figures, trainings, effects × kinds × arms
    assert all(attributes["role"] == "img" and len(attributes["aria-label"]) > 20 for attributes in pictures)


def test_the_page_knows_paper_and_the_dark(html):
    assert "@media print" in html
    assert "prefers-color-scheme: dark" in html
    assert "break-inside: avoid" in html


def test_numbers_on_the_page_are_those_of_the_rows(page, rows):
    head, *lines = page.tables[0]
    assert head[:5] == ["arm", "seeds", "clean", "under noise", "retained"]
    assert [line[0] for line in lines] == ["baseline", "simclr", "<i>&\"odd'"]
    for line in lines:
        accuracy = {bool(s): [] for s in (0, 1)}
        for row in rows:
            if row["arm"] == line[0]:
                accuracy[row["severity"] > 0].append(row["accuracy"])
        clean, noised = np.mean(accuracy[False]), np.mean(accuracy[True])
        assert [cell.split("|")[0] for cell in line[1:5]] == [
            "2",
            f"{clean:.3f}",
            f"{noised:.3f}",
            f"{noised / clean:.3f}",
        ]
        low, high = map(float, line[3].split("|")[1].split("–"))
        assert low < noised < high


def test_names_and_commands_are_shown_as_they_are(page, html):
    assert "<i>" not in html
    text = "".join(page.text)
    assert "<i>&\"odd'" in text
    assert "a <b> c" in text
    assert "lightnoise 0." in text  # a version
    assert "part: test" in text  # the configuration


def test_all_four_forms_say_the_same(out, page):
    found = json.loads((out / "report.json").read_text())
    text, words = "".join(page.text), (out / "report.md").read_text()
    for sentence in found["encoders"][0]["verdict"]:
        assert sentence in text
        assert sentence in words
    assert found["sources"][0]["command"] == "a <b> c"
    assert len((out / "report.csv").read_text().splitlines()) == 1 + 3 * 7


def test_the_same_results_give_the_same_bytes(make_rows, write_rows, tmp_path):
    path = write_rows(tmp_path / "r.jsonl", make_rows({"a": 0.03, "b": 0.02}, n_blocks=3, effects=("bloom",)))
    for name in ("one", "two"):
        write_report([path], tmp_path / name)
    for suffix in ("html", "md", "csv", "json"):
        assert (tmp_path / f"one/report.{suffix}").read_bytes() == (tmp_path / f"two/report.{suffix}").read_bytes()


def test_one_arm_alone_is_reported_without_comparison(make_rows, write_rows, tmp_path):
    path = write_rows(tmp_path / "r.jsonl", make_rows({"mine": 0.03}, n_seeds=1, n_blocks=3, similar=False))
    html = write_report([path], tmp_path / "out").read_text(encoding="utf-8")
    assert "There is nothing to compare" in html
    assert "Difference from" not in html
    assert Page(html).unbalanced == []


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.jsonl", None, "no such result file"),
        ("empty.jsonl", "", "is no result file"),
        ("other.jsonl", '{"raw_file": "x"}\n', "is no result file"),
        ("header.jsonl", '{"format": "lightnoise-train results 1", "runs": []}\n', "no results"),
        ("broken.jsonl", '{"format": "lightnoise-train results 1", "runs": []}\n{"arm": \n', "broken.jsonl:2"),
    ],
)
def test_files_that_are_missing_or_broken_are_named(tmp_path, name, text, message):
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    done = CliRunner().invoke(main, ["report", str(path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert name in done.stderr
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_without_results(tmp_path):
    with pytest.raises(DataError, match="holds no result file"):
        write_report([tmp_path], tmp_path / "out")


def test_a_folder_of_runs_that_is_missing(folder, tmp_path):
    with pytest.raises(DataError, match="no such folder of a training run"):
        write_report([folder], tmp_path, runs=[tmp_path / "none"])


def test_the_command(make_rows, write_rows, tmp_path):
    """In a process of its own, as a user would."""
    folder = write_rows(tmp_path / "judged/results.jsonl", make_rows({"mine": 0.03}, n_blocks=3)).parent
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from lightnoise_train.cli import main; main()",
            "report",
            str(folder),
            "--out",
            tmp_path / "out",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == str(tmp_path / "out" / "report.html")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "report.csv",
        "report.html",
        "report.json",
        "report.md",
    ]


def test_help_says_what_comes_out():
    done = CliRunner().invoke(main, ["report", "--help"])
    assert done.exit_code == 0
    assert all(word in done.output for word in ("report.html", "report.csv", "--baseline", "--runs"))
