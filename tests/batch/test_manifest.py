import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightnoise.batch import BatchError, manifest
from lightnoise.batch.manifest import Done, Manifest, difference, read_lines


def line(output, status="ok", **more):
    return {"output": output, "status": status, "bytes": 3, **more}


def written(path, *lines):
    file = Manifest(path)
    for each in lines:
        file.add(each)
    return file


def test_lines_are_there_at_once(tmp_path):
    path = tmp_path / "manifest.jsonl"
    file = written(path, line("b"), line("a"))
    assert [each["output"] for each in read_lines(path)] == ["b", "a"]
    file.close()


@pytest.mark.parametrize("in_memory", [1, 2, 3, 1000])
def test_finishing_sorts_and_keeps_the_last_word(tmp_path, monkeypatch, in_memory):
    monkeypatch.setattr(manifest, "_SORT_IN_MEMORY", in_memory)
    path = tmp_path / "manifest.jsonl"
    written(path, line("b", "failed"), line("c"), line("a/ü"), line("b"), line("a"), line("b", n=2)).finish()
    assert [(each["output"], each.get("n")) for each in read_lines(path)] == [
        ("a", None),
        ("a/ü", None),
        ("b", 2),
        ("c", None),
    ]
    assert os.listdir(tmp_path) == ["manifest.jsonl"]


@settings(max_examples=50)
@given(names=st.lists(st.text(max_size=8), max_size=40))
def test_sorting_in_parts_is_sorting(tmp_path_factory, names):
    path = tmp_path_factory.mktemp("sort") / "manifest.jsonl"
    before, manifest._SORT_IN_MEMORY = manifest._SORT_IN_MEMORY, 7
    try:
        written(path, *map(line, names)).finish()
    finally:
        manifest._SORT_IN_MEMORY = before
    assert [each["output"] for each in read_lines(path)] == sorted(set(names))


def test_a_torn_last_line_counts_as_absent(tmp_path):
    path = tmp_path / "manifest.jsonl"
    written(path, line("a"), line("b")).close()
    whole = path.read_bytes()
    for cut in range(len(whole) // 2 + 1, len(whole)):
        path.write_bytes(whole[:cut])
        assert [each["output"] for each in read_lines(path)] == ["a"] or cut == len(whole) - 1
        written(path, line("c")).finish()
        assert [each["output"] for each in read_lines(path)] == ["a", "c"]


def test_a_long_torn_line_is_cut_off_too(tmp_path):
    path = tmp_path / "manifest.jsonl"
    written(path, line("a")).close()
    with open(path, "ab") as file:
        file.write(b'{"output": "' + b"x" * 200_000)
    written(path, line("b")).finish()
    assert [each["output"] for each in read_lines(path)] == ["a", "b"]


def test_another_broken_line_is_an_error(tmp_path):
    path = tmp_path / "manifest.jsonl"
    path.write_bytes(json.dumps(line("a")).encode() + b"\n[1]\n" + json.dumps(line("b")).encode() + b"\n")
    with pytest.raises(BatchError, match="line 2 is no manifest line"):
        list(read_lines(path))
    with pytest.raises(BatchError, match="cannot be read"):
        list(read_lines(tmp_path / "absent"))


def test_done_believes_the_manifest_only_where_the_file_agrees(tmp_path):
    path = tmp_path / "manifest.jsonl"
    written(path, line("a"), line("b"), line("c", "failed"), line("d"), line("d", "failed"), line("e")).close()
    for name, content in {"a": b"123", "b": b"12", "c": b"123", "d": b"123", "f": b"123"}.items():
        (tmp_path / name).write_bytes(content)
    done = Done(path)
    assert [name for name in "abcdef" if done.holds(name, str(tmp_path / name))] == ["a"]
    assert len(Done(tmp_path / "absent")) == 0


def test_names_that_are_no_valid_text_survive(tmp_path):
    name = b"bad\xff.png".decode("utf-8", "surrogateescape")
    path = tmp_path / "manifest.jsonl"
    written(path, line(name)).finish()
    assert next(read_lines(path))["output"] == name
    (tmp_path / name).write_bytes(b"123")
    assert Done(path).holds(name, str(tmp_path / name))


def test_the_difference_names_old_and_new():
    old = {"seed": 1, "effects": {"preset": "low_sun"}, "copies": 1}
    assert difference(old, dict(old)) == ""
    assert difference(old, {**old, "seed": 2, "quality": 95}) == "quality was null, now 95; seed was 1, now 2"
