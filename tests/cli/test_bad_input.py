"""Bad files are named, the rest goes on; a run that cannot start says why in one line."""

import os
import struct
import zlib

import cv2
import numpy as np
import pytest


def png_bomb():
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 65000, 65000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.fixture
def bad_files(frames):
    """Put every kind of bad file among the good ones; return what must be said of each."""
    whole = (frames / "clip1" / "001.jpg").read_bytes()
    contents = {
        "clip1/cut.jpg": (whole[: len(whole) // 2], "is truncated"),
        "clip1/empty.png": (b"", "is empty"),
        "clip1/text.jpg": (b"not a picture\n", "is no image of a known format"),
        "clip1/wrong.png": (whole, "rename it to .jpg"),
        "clip2/bomb.png": (png_bomb(), "is too large"),
        "clip2/float.tif": (
            cv2.imencode(".tif", np.zeros((4, 4), np.float32))[1].tobytes(),
            "16-bit integers",
        ),
    }
    for name, (content, _) in contents.items():
        (frames / name).write_bytes(content)
    (frames / "clip2" / "link.jpg").symlink_to(frames / "gone.jpg")
    (frames / "clip2" / "loop").symlink_to(frames)
    return {name: reason for name, (_, reason) in contents.items()} | {"clip2/link.jpg": "is a broken link"}


@pytest.mark.parametrize("workers", [1, 2])
def test_bad_files_are_named_and_the_rest_goes_on(tool, frames, bad_files, tmp_path, pictures, lines, workers):
    out = tmp_path / "out"
    code, summary, err = tool.finish(
        tool.start("apply", "--in", frames, "--out", out, "--workers", workers, "--copy-others")
    )
    assert (code, err) == (1, "")
    assert len(pictures(out)) == 7
    failed = {line["output"]: line["error"] for line in lines(out) if line["status"] == "failed"}
    assert failed.keys() == bad_files.keys()
    for name, reason in bad_files.items():
        assert reason in failed[name]
        assert any(name in line and reason in line for line in summary.splitlines())
    assert "7 failed" in summary
    assert "Links to folders not followed: clip2/loop" in summary


def test_failures_are_tried_again_on_resume(tool, frames, bad_files, tmp_path, lines):
    run = ("apply", "--in", frames, "--out", tmp_path / "out", "--workers", 1)
    assert tool.invoke(*run).exit_code == 1
    (frames / "clip1" / "cut.jpg").write_bytes((frames / "clip1" / "001.jpg").read_bytes())
    result = tool.invoke(*run, "--resume")
    assert result.exit_code == 1
    assert "1 ok, 6 failed, 6 already there" in result.output
    statuses = {line["output"]: line["status"] for line in lines(tmp_path / "out")}
    assert (len(statuses), statuses["clip1/cut.jpg"]) == (13, "ok")


def test_transparency_that_the_format_cannot_hold_is_a_failure_with_the_mend(tool, tmp_path):
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "a.png"), np.full((8, 8, 4), 100, np.uint8))
    run = ("apply", "--in", tmp_path / "in", "--workers", 1, "--severity", 0)
    result = tool.invoke(*run, "--out", tmp_path / "jpg", "--format", "jpg")
    assert result.exit_code == 1
    assert "a.png: is transparent in places, which JPEG cannot hold: use --format png or webp" in result.output
    assert tool.invoke(*run, "--out", tmp_path / "webp", "--format", "webp").exit_code == 0


def test_a_bug_in_the_maths_costs_one_picture(tool, frames, tmp_path, monkeypatch):
    from lightnoise import functional

    chain = functional.chain

    def sometimes(image, *arguments, **options):
        if image.shape[0] == 17:
            raise ZeroDivisionError("boom")
        return chain(image, *arguments, **options)

    monkeypatch.setattr(functional, "chain", sometimes)
    cv2.imwrite(str(frames / "odd.png"), np.zeros((17, 20, 3), np.uint8))
    result = tool.invoke("apply", "--in", frames, "--out", tmp_path / "out", "--workers", 1)
    assert result.exit_code == 1
    assert "odd.png: ZeroDivisionError: boom" in result.output
    assert "6 ok, 1 failed" in result.output


def test_names_that_are_no_valid_text_are_carried_through(tool, frames, tmp_path, lines):
    name = b"clip1/\xff\xfe.png"
    with open(os.fsencode(frames) + b"/" + name, "wb") as file:
        file.write((frames / "clip2" / "001.png").read_bytes())
    with open(os.fsencode(frames) + b"/bad" + b"\xff.jpg", "wb") as file:
        file.write(b"")
    code, summary, err = tool.finish(
        tool.start("apply", "--in", frames, "--out", tmp_path / "out", "--workers", 2, "--effect", "bloom")
    )
    assert (code, err) == (1, "")
    assert "7 ok, 1 failed" in summary
    assert os.path.exists(os.fsencode(tmp_path / "out") + b"/" + name)
    assert os.fsdecode(name) in {line["output"] for line in lines(tmp_path / "out")}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--in", "{absent}"), "does not exist: give a folder or an image file"),
        (("--in", "{empty}"), "holds no image"),
        (("--out", "{frames}/out"), "overlaps the input"),
        (("--out", "{frames}"), "overlaps the input"),
        (("--out", "{tmp}"), "overlaps the input"),
        (("--in", "{frames}/top.bmp", "--out", "{frames}"), "overlaps the input"),
        (("--out", "{frames}/top.bmp/x"), "overlaps the input"),
        (("--damage-dir", "{frames}/damage"), "overlaps the input"),
        (("--damage-dir", "{tmp}/out"), "is the output folder"),
        (("--damage-dir", "{tmp}/out/clip1"), "would meet the outputs"),
        (("--out", "{used}"), "is not empty: --resume continues a run, --overwrite replaces it"),
        (("--out", "{used}", "--resume"), "nothing to resume"),
        (("--out", "{used}/file"), "is no usable folder"),
        (("--resume", "--overwrite"), "exclude each other"),
        (("--effect", "flare"), "'bloom', 'glare', 'gamma', 'gamma_over', 'gamma_under'"),
        (("--severity", "7"), "0<=x<=5"),
        (("--preset", "midnight"), "low_sun"),
        (("--preset", "low_sun", "--effect", "bloom"), "takes no --effect"),
        (("--preset", "low_sun", "--severity", "2"), "takes no --severity"),
        (("--effect", "gamma", "--effect", "gamma_over"), "holds each of its effects once"),
        (("--effect", "bloom", "--effect", "bloom"), "holds each of its effects once"),
        (("--camera", "box"), "camera must be one of"),
        (("--fov-deg", "190"), "fov_deg must be in [5, 150]"),
        (("--quality", "0"), "1<=x<=100"),
        (("--copies", "0"), "x>=1"),
        (("--format", "gif"), "'keep', 'jpg', 'png', 'webp'"),
        (("--format", "png", "--copies", "2", "--in", "{colliding}"), "would both be written to"),
        (("--shard", "3/2"), "I/N"),
        (("--workers", "0"), "1<=x<=4096"),
        (("--sevrity", "1"), "--severity"),
        (("--config", "{absent}"), "cannot be read"),
        (("--config", "{tmp}/typo.yaml"), "has no copys; it has effects, camera, seed, copies"),
        (("--config", "{tmp}/effect.yaml"), "scater"),
        (("--config", "{tmp}/camera.yaml"), "Camera has no fov; it has fov_deg"),
        (("--config", "{tmp}/value.yaml"), "copies must be in [1, 1000000], got 0"),
        (("--config", "{tmp}/type.yaml"), "seed must be a whole number"),
        (("--config", "{tmp}/broken.yaml"), "line 2"),
        (("--config", "{tmp}/list.yaml"), "must be a mapping"),
        (("--config", "{tmp}/effects.yaml"), "effects must be a list"),
    ],
)
def test_a_run_that_cannot_start_says_the_mend_in_one_line(tool, frames, tmp_path, pictures, options, message):
    for name, text in {
        "typo": "copys: 2",
        "effect": "effects: [{bloom: {scater: 0.2}}]",
        "camera": "camera: {fov: 50}",
        "value": "copies: 0",
        "type": "seed: many",
        "broken": "seed: 1\n  copies: 2",
        "list": "[1, 2]",
        "effects": "effects: bloom",
    }.items():
        (tmp_path / f"{name}.yaml").write_text(text + "\n")
    places = {name: tmp_path / name for name in ("absent", "empty", "used", "colliding")}
    for name in ("empty", "used", "colliding"):
        places[name].mkdir()
    (places["used"] / "file").write_text("precious")
    for name in ("a.png", "a_1.jpg"):
        cv2.imwrite(str(places["colliding"] / name), np.zeros((4, 4, 3), np.uint8))
    before = pictures(tmp_path)
    given = [option.format(frames=frames, tmp=tmp_path, **places) for option in options]
    for name, value in (("--in", frames), ("--out", tmp_path / "out")):
        if name not in given:
            given += [name, str(value)]
    result = tool.invoke("apply", *given)
    assert result.exit_code == 2
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1
    assert message in result.output
    assert pictures(tmp_path) == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("replay", "{absent}", "--in", "{frames}", "--out", "{tmp}/out"), "cannot be read"),
        (("replay", "{tmp}/text", "--in", "{frames}", "--out", "{tmp}/out"), "line 1 is no manifest line"),
        (("replay", "{tmp}/outside", "--in", "{frames}", "--out", "{tmp}/out"), "leads out of its folder"),
        (("replay", "{tmp}/partial", "--in", "{frames}", "--out", "{tmp}/out"), "has no camera, params"),
        (("replay", "{tmp}/none", "--in", "{frames}", "--out", "{tmp}/out"), "no finished output"),
        (("replay", "{tmp}/text", "--in", "{frames}", "--out", "{frames}"), "overlaps the input"),
        (("replay", "{tmp}/text", "--in", "{absent}", "--out", "{tmp}/out"), "does not exist"),
        (("preview", "--in", "{absent}", "--out", "{tmp}/grid.png"), "does not exist"),
        (("preview", "--in", "{tmp}/text", "--out", "{tmp}/grid.png"), "no image of a known format"),
        (("preview", "--in", "{frames}/top.bmp", "--out", "{tmp}/grid"), "needs an image's suffix"),
        (("preview", "--in", "{frames}/top.bmp", "--out", "{frames}/top.bmp"), "--overwrite replaces it"),
        (("paint",), "No such command"),
    ],
)
def test_the_other_commands_too(tool, frames, tmp_path, options, message):
    (tmp_path / "text").write_text("words\n")
    (tmp_path / "none").write_text('{"output": "a", "status": "failed"}\n')
    (tmp_path / "outside").write_text('{"output": "../a", "source": "a", "status": "copied"}\n')
    (tmp_path / "partial").write_text(
        '{"output": "a", "source": "a", "copy": 0, "quality": 1, "seed": 0, "status": "ok"}\n'
    )
    places = {"frames": frames, "tmp": tmp_path, "absent": tmp_path / "absent"}
    result = tool.invoke(*(option.format(**places) for option in options))
    assert result.exit_code == 2
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1
    assert message in result.output


def test_ray_that_is_not_installed_is_named(tool, frames, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    result = tool.invoke("apply", "--in", frames, "--out", tmp_path / "out", "--engine", "ray")
    assert result.exit_code == 2
    assert result.output == 'Error: --engine ray needs Ray: pip install "lightnoise[ray]"\n'
    assert not (tmp_path / "out").exists()
