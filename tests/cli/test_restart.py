"""The same bytes whatever happens on the way: real processes, real kills."""

import os
import signal
import subprocess
import time

import psutil
import pytest

from lightnoise.io.files import TEMPORARY_PREFIX

OPTIONS = ("--copies", 12, "--effect", "bloom", "--effect", "gamma", "--seed", 3)


def alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_dead(group, seconds=30.0):
    deadline = time.monotonic() + seconds
    while alive(group) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(group)


@pytest.fixture
def expected(tool, many_frames, tmp_path, pictures):
    """What an undisturbed run with one worker makes."""
    tool.ok("apply", "--in", many_frames, "--out", tmp_path / "one", "--workers", 1, *OPTIONS)
    return pictures(tmp_path / "one")


def test_two_workers_make_the_same_bytes(tool, many_frames, tmp_path, pictures, expected, lines):
    code, _, err = tool.finish(
        tool.start("apply", "--in", many_frames, "--out", tmp_path / "two", "--workers", 2, *OPTIONS)
    )
    assert (code, err) == (0, "")
    assert pictures(tmp_path / "two") == expected
    assert lines(tmp_path / "two") == lines(tmp_path / "one")


def test_shards_make_the_same_bytes_in_one_folder(tool, many_frames, tmp_path, pictures, expected, lines):
    out = tmp_path / "shards"
    for shard in ("2/3", "1/3", "3/3"):
        tool.ok("apply", "--in", many_frames, "--out", out, "--workers", 1, "--shard", shard, *OPTIONS)
    assert pictures(out) == expected
    parts = [line for index in (1, 2, 3) for line in lines(out, f"manifest.shard-{index}-of-3.jsonl")]
    assert sorted(line["output"] for line in parts) == sorted(expected)
    refused = tool.invoke("apply", "--in", many_frames, "--out", out, "--shard", "1/3", *OPTIONS)
    assert (refused.exit_code, "--resume" in refused.output) == (2, True)
    other = tool.invoke("apply", "--in", many_frames, "--out", out, "--shard", "1/2", *OPTIONS)
    assert (other.exit_code, "shards was 3, now 2" in other.output) == (2, True)


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_interrupted_and_resumed_is_uninterrupted(
    tool, many_frames, tmp_path, pictures, expected, lines, signal_number
):
    out = tmp_path / "out"
    run = ("apply", "--in", many_frames, "--out", out, "--workers", 2, *OPTIONS)
    process = tool.start(*run)
    tool.wait_for_lines(process, out / "manifest.jsonl", 10)
    began = time.monotonic()
    if signal_number == signal.SIGINT:  # Ctrl-C reaches the whole group
        os.killpg(process.pid, signal_number)
    else:
        process.send_signal(signal_number)
    code, summary, err = tool.finish(process)
    if signal_number == signal.SIGKILL:
        assert code == -signal.SIGKILL
    else:
        assert (code, err) == (130, "")
        assert "Go on with the same command and --resume." in summary
        assert time.monotonic() - began < 20.0  # it does not wait for the rest; a loaded machine is slow to end
        assert not [name for name in os.listdir(out) if name.startswith(TEMPORARY_PREFIX)]
    assert wait_until_dead(process.pid)
    made = pictures(out)
    finished = {name for name in made if not name.startswith(".")}
    assert 10 <= len(finished) < len(expected)
    assert all(made[name] == expected[name] for name in finished)  # nothing half-written under a final name
    (out / f"{TEMPORARY_PREFIX}all-1-dead").write_bytes(b"half")
    with open(out / "manifest.jsonl", "ab") as file:
        file.write(b'{"output": "07')  # a line torn by the kill

    resumed = tool.ok(*run[:-2], "--seed", 3, "--resume", "--workers", 1)
    assert "already there" in resumed
    assert pictures(out) == expected
    assert lines(out) == lines(tmp_path / "one")


def test_a_killed_worker_costs_nothing_but_time(tool, many_frames, tmp_path, pictures, expected, lines):
    out = tmp_path / "out"
    process = tool.start("apply", "--in", many_frames, "--out", out, "--workers", 2, *OPTIONS)
    tool.wait_for_lines(process, out / "manifest.jsonl", 5)
    workers = [child for child in psutil.Process(process.pid).children() if "spawn_main" in " ".join(child.cmdline())]
    assert len(workers) == 2
    workers[0].kill()
    code, summary, err = tool.finish(process)
    assert (code, err) == (0, ""), summary
    assert pictures(out) == expected
    assert lines(out) == lines(tmp_path / "one")


def test_resume_makes_again_what_is_lost_or_changed(tool, frames, tmp_path, pictures):
    run = ("apply", "--in", frames, "--out", tmp_path / "out", "--workers", 1)
    tool.ok(*run)
    before = pictures(tmp_path / "out")
    (tmp_path / "out" / "clip1" / "001.jpg").unlink()
    (tmp_path / "out" / "clip1" / "002.jpg").write_bytes(b"cut short")
    assert "2 ok, 4 already there" in tool.ok(*run, "--resume")
    assert pictures(tmp_path / "out") == before
    assert "0 ok, 6 already there" in tool.ok(*run, "--resume")


def test_resume_of_nothing_is_a_start(tool, frames, tmp_path, pictures):
    assert "6 ok" in tool.ok("apply", "--in", frames, "--out", tmp_path / "o", "--resume", "--workers", 1)


@pytest.mark.parametrize(
    ("options", "change"),
    [
        (("--seed", 1), "seed was 0, now 1"),
        (("--quality", 90), "quality was 95, now 90"),
        (("--severity", 1), "effects was"),
        (("--fov-deg", 40), "camera was"),
        (("--copy-others",), "copy_others was false, now true"),
    ],
)
def test_resume_under_another_config_is_refused(tool, frames, tmp_path, pictures, options, change):
    run = ("apply", "--in", frames, "--out", tmp_path / "out", "--workers", 1)
    tool.ok(*run)
    before = pictures(tmp_path / "out")
    result = tool.invoke(*run, "--resume", *options)
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
    assert change in result.output
    assert pictures(tmp_path / "out") == before


def test_overwrite_replaces(tool, frames, tmp_path, lines):
    run = ("apply", "--in", frames, "--out", tmp_path / "out", "--workers", 1)
    tool.ok(*run)
    tool.ok(*run, "--seed", 8, "--overwrite")
    assert {line["seed"] for line in lines(tmp_path / "out")} == {8}
    tool.ok(*run, "--seed", 8, "--resume")


def test_replay_makes_the_same_bytes(tool, frames, tmp_path, pictures, lines):
    out, again = tmp_path / "out", tmp_path / "again"
    tool.ok("apply", "--in", frames, "--out", out, "--workers", 1, "--copies", 2, "--copy-others", "--seed", 4)
    tool.ok("replay", out / "manifest.jsonl", "--in", frames, "--out", again, "--workers", 2)
    assert pictures(again) == pictures(out)
    assert lines(again) == lines(out)


def test_replay_of_some_lines_makes_those(tool, frames, tmp_path, pictures, lines):
    out, again = tmp_path / "out", tmp_path / "again"
    tool.ok("apply", "--in", frames, "--out", out, "--workers", 1, "--format", "png", "--per", "clip")
    some = tmp_path / "some.jsonl"
    some.write_text("".join((out / "manifest.jsonl").read_text().splitlines(keepends=True)[1:3]))
    tool.ok("replay", some, "--in", frames, "--out", again, "--workers", 1)
    assert list(pictures(again)) == ["clip1/002.png", "clip1/003.png"]
    assert all(content == pictures(out)[name] for name, content in pictures(again).items())


def test_replay_names_what_differs(tool, frames, tmp_path):
    out = tmp_path / "out"
    tool.ok("apply", "--in", frames, "--out", out, "--workers", 1)
    (frames / "clip1" / "001.jpg").write_bytes((frames / "clip1" / "002.jpg").read_bytes())
    (frames / "top.bmp").unlink()
    result = tool.invoke("replay", out / "manifest.jsonl", "--in", frames, "--out", tmp_path / "again")
    assert result.exit_code == 1
    assert "Differs from the first run: clip1/001.jpg" in result.output
    assert "top.bmp: does not exist" in result.output
    assert "5 ok, 1 failed" in result.output


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_stops_the_run_and_leaves_no_half_file(tool, many_frames, tmp_path, pictures, expected):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "none", str(disk)], capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        out = disk / "out"
        run = ("apply", "--in", many_frames, "--out", out, "--workers", 2, *OPTIONS)
        code, summary, err = tool.finish(tool.start(*run))
        assert (code, err) == (1, "")
        assert "Stopped: No space left on device" in summary
        made = pictures(out)
        assert 0 < len(made) < len(expected)
        assert all(expected[name] == content for name, content in made.items())
        subprocess.run(["mount", "-o", "remount,size=100m", str(disk)], check=True)
        assert "already there" in tool.ok(*run, "--resume")
        assert pictures(out) == expected
    finally:
        subprocess.run(["umount", str(disk)], check=True)
