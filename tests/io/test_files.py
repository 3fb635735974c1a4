"""Whole files or none."""

import errno
import os

import pytest

from lightnoise.io import ImageFileError, sweep_temporaries, write_atomically
from lightnoise.io.files import TEMPORARY_PREFIX, copy_atomically, digest, new_file


def test_missing_folders_are_made(tmp_path):
    write_atomically(tmp_path / "a" / "b" / "x.bin", b"abc")
    assert (tmp_path / "a" / "b" / "x.bin").read_bytes() == b"abc"
    assert os.listdir(tmp_path / "a" / "b") == ["x.bin"]


def test_the_final_name_appears_with_the_whole_content(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(b"old")
    with new_file(path, "tag") as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
        (other,) = (name for name in os.listdir(tmp_path) if name != "x.bin")
        assert other.startswith(TEMPORARY_PREFIX)
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "x.bin"
    path.write_bytes(b"old")

    def fail_half_way():
        with new_file(path, "tag") as file:
            file.write(b"half")
            raise error

    with pytest.raises(type(error)):
        fail_half_way()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x.bin"]


def test_names_as_long_as_the_system_allows_can_be_written(tmp_path):
    path = tmp_path / ("n" * 251 + ".png")
    write_atomically(path, b"abc")
    assert path.read_bytes() == b"abc"


def test_only_the_own_temporaries_are_swept(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in (f"{TEMPORARY_PREFIX}1-of-4-77-ab", f"deep/{TEMPORARY_PREFIX}1-of-4-78-cd"):
        (tmp_path / name).write_bytes(b"half")
    for name in (f"{TEMPORARY_PREFIX}1-of-40-9-ef", "1-of-4-picture.png"):
        (tmp_path / name).write_bytes(b"keep")
    assert sweep_temporaries(tmp_path, "1-of-4") == 2
    assert sorted(os.listdir(tmp_path)) == [f"{TEMPORARY_PREFIX}1-of-40-9-ef", "1-of-4-picture.png", "deep"]
    assert os.listdir(tmp_path / "deep") == []


def test_copies_are_byte_for_byte(tmp_path):
    content = os.urandom(3_000_000)
    (tmp_path / "from").write_bytes(content)
    assert copy_atomically(tmp_path / "from", tmp_path / "sub" / "to") == (len(content), digest(content))
    assert (tmp_path / "sub" / "to").read_bytes() == content
    with pytest.raises(ImageFileError, match="no regular file"):
        copy_atomically(tmp_path, tmp_path / "other")
