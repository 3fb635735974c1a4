"""What `lightnoise apply` makes of good input."""

import json

import cv2
import numpy as np
import pytest
from PIL import Image

from lightnoise.params import params_from_dict

IMAGES = ["clip1/001.jpg", "clip1/002.jpg", "clip1/003.jpg", "clip2/001.png", "clip2/002.webp", "top.bmp"]


@pytest.fixture
def apply(tool, frames, tmp_path):
    """Run over the frames into a folder of that name, and return the folder."""

    def run(name, *options):
        tool.ok("apply", "--in", frames, "--out", tmp_path / name, "--workers", 1, *options)
        return tmp_path / name

    return run


def test_folders_are_mirrored_with_a_manifest(apply, frames, lines, pictures):
    out = apply("out")
    assert sorted(pictures(out)) == IMAGES
    manifest = lines(out)
    assert [line["output"] for line in manifest] == IMAGES
    for line in manifest:
        assert line["source"] == line["output"]
        assert (line["status"], line["copy"], line["seed"]) == ("ok", 0, 0)
        assert line["camera"]["fov_deg"] == 60.0
        assert line["bytes"] == (out / line["output"]).stat().st_size
        assert [params_from_dict(params).to_dict() for params in line["params"]] == line["params"]
        assert line["version"]
    assert any(line["params"] for line in manifest)
    for name in IMAGES:
        with Image.open(frames / name) as before, Image.open(out / name) as after:
            assert (after.format, after.size, after.mode) == (before.format, before.size, before.mode)


def test_the_seed_decides(apply, pictures):
    first, again, other = apply("a", "--seed", 5), apply("b", "--seed", 5), apply("c", "--seed", 6)
    assert pictures(first) == pictures(again)
    assert pictures(first) != pictures(other)


def test_copies_differ_and_the_first_is_the_single_one(apply, pictures, lines):
    one, three = (
        pictures(apply("one", "--effect", "bloom")),
        apply("three", "--effect", "bloom", "--copies", 3),
    )
    assert {name: three_bytes for name, three_bytes in pictures(three).items() if name in one} == one
    assert len(pictures(three)) == 3 * len(one)
    drawn = {line["output"]: json.dumps(line["params"]) for line in lines(three)}
    assert len({drawn[f"clip1/00{n}{k}.jpg"] for n in (1, 2, 3) for k in ("", "_1", "_2")}) > 1


def test_the_other_files_come_along_if_asked(apply, frames, lines):
    assert not (apply("without") / "clip1" / "labels.json").exists()
    out = apply("with", "--copy-others")
    assert (out / "clip1" / "labels.json").read_bytes() == (frames / "clip1" / "labels.json").read_bytes()
    assert {line["output"]: line["status"] for line in lines(out)}["clip1/labels.json"] == "copied"


def test_the_summary_tells_of_files_left_behind(tool, frames, tmp_path):
    output = tool.ok("apply", "--in", frames, "--out", tmp_path / "out", "--workers", 1, "--severity", 0)
    assert "1 .json (--copy-others copies them)" in output
    assert "6 outputs: 6 ok" in output
    assert f"Manifest: {tmp_path / 'out' / 'manifest.jsonl'}" in output


def test_severity_zero_only_goes_through_the_codec(apply, frames, lines):
    out = apply("out", "--severity", 0)
    assert all(line["params"] == [] for line in lines(out))
    for name in ("clip2/001.png", "top.bmp"):
        np.testing.assert_array_equal(cv2.imread(str(out / name)), cv2.imread(str(frames / name)))
    again = cv2.imencode(".jpg", cv2.imread(str(frames / IMAGES[0])), [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
    assert (out / IMAGES[0]).read_bytes() == again.tobytes()


@pytest.mark.parametrize("effect", ["bloom", "glare", "gamma_over", "gamma_under"])
def test_severities_go_from_mild_to_strong(apply, frames, lines, effect):
    before = cv2.imread(str(frames / "clip2/001.png")).astype(float)
    changes = []
    for level in (1, 5):
        out = apply(f"{level}", "--effect", effect, "--severity", level)
        (params,) = lines(out)[3]["params"]
        assert params["effect"] == effect.partition("_")[0]
        changes.append(np.abs(cv2.imread(str(out / "clip2/001.png")) - before).mean())
    assert 0 < changes[0] < changes[1]


def test_levels_are_drawn_where_none_is_given(apply, lines):
    drawn = {json.dumps(line["params"]) for line in lines(apply("out", "--effect", "bloom", "--copies", 4))}
    assert len(drawn) == 5


def test_gamma_goes_over_and_under(apply, lines):
    out = apply("out", "--effect", "gamma", "--severity", 4, "--copies", 4)
    over = [_brightens(line["params"][0]) for line in lines(out)]
    assert set(over) == {True, False}


def _brightens(params):
    return params["exposure_ev"] > 0 or params["gamma"] < 1


def test_several_effects_make_one_chain_in_any_order(apply, lines, pictures):
    options = ("--effect", "gamma_over", "--effect", "bloom", "--severity", 2)
    out = apply("a", *options)
    assert [params["effect"] for params in lines(out)[0]["params"]] == ["bloom", "gamma"]
    turned = apply("b", "--effect", "bloom", "--effect", "gamma_over", "--severity", 2)
    assert pictures(out) == pictures(turned)


@pytest.mark.parametrize("output_format", ["jpg", "png", "webp"])
def test_formats_can_be_changed(tool, frames, tmp_path, output_format):
    (frames / "clip2" / "001.png").unlink()  # it would be called as the .webp beside it is not: 001 and 002
    out = tmp_path / "out"
    tool.ok("apply", "--in", frames, "--out", out, "--workers", 1, "--format", output_format)
    names = sorted(path.relative_to(out).as_posix() for path in out.rglob(f"*.{output_format}"))
    assert names == sorted(name.rpartition(".")[0] + f".{output_format}" for name in IMAGES if name != IMAGES[3])
    with Image.open(out / names[0]) as image:
        assert image.format == {"jpg": "JPEG"}.get(output_format, output_format.upper())


def test_quality_counts(apply):
    sizes = [(apply(f"{quality}", "--quality", quality) / IMAGES[0]).stat().st_size for quality in (40, 95)]
    assert sizes[0] < sizes[1]


def test_a_clip_shares_its_draw_but_not_its_noise(apply, lines, tmp_path):
    config = tmp_path / "noisy.yaml"
    config.write_text("effects: [{bloom: {scatter: [0.1, 0.4]}}, {gamma: {exposure_ev: [-2, -1], shot: 0.01}}]\n")
    by_name = {line["output"]: line["params"] for line in lines(apply("out", "--per", "clip", "--config", config))}
    seeds = {name: params[1].pop("noise_seed") for name, params in by_name.items()}
    assert by_name["clip1/001.jpg"] == by_name["clip1/002.jpg"] == by_name["clip1/003.jpg"]
    assert by_name["clip1/001.jpg"] != by_name["clip2/001.png"] != by_name["top.bmp"]
    assert len(set(seeds.values())) == len(seeds)


def test_damage_maps_are_mirrored(apply, tmp_path):
    damage = tmp_path / "damage"
    out = apply("out", "--damage-dir", damage, "--effect", "glare", "--severity", 5)
    assert sorted(path.relative_to(damage).as_posix() for path in damage.rglob("*.png")) == sorted(
        name.rpartition(".")[0] + ".png" for name in IMAGES
    )
    share = cv2.imread(str(damage / "clip1" / "001.png"), cv2.IMREAD_UNCHANGED)
    assert (share.dtype, share.shape) == (np.uint8, cv2.imread(str(out / IMAGES[0])).shape[:2])
    assert share.max() > 20
    plain = apply("plain", "--effect", "glare", "--severity", 5)
    assert (plain / IMAGES[0]).read_bytes() == (out / IMAGES[0]).read_bytes()


def test_a_config_file_sets_what_the_command_line_leaves_open(apply, lines, tmp_path):
    config = tmp_path / "night.yaml"
    config.write_text(
        "camera: {fov_deg: 52}\nseed: 9\ncopies: 2\neffects: [{bloom: {scatter: [0.1, 0.2]}}, {glare: {veil: 0.03}}]\n"
    )
    manifest = lines(apply("out", "--config", config, "--seed", 4))
    assert len(manifest) == 12
    for line in manifest:
        bloom, glare = line["params"]
        assert line["seed"] == 4
        assert line["camera"]["fov_deg"] == 52.0
        assert 0.1 <= bloom["scatter"] <= 0.2
        assert glare["veil"] == 0.03


def test_cameras_have_names_and_a_field_of_view(apply, lines):
    named = lines(apply("named", "--camera", "tusimple", "--severity", 0))[0]["camera"]
    turned = lines(apply("turned", "--camera", "tusimple", "--fov-deg", 33, "--severity", 0))[0]["camera"]
    assert turned == {**named, "fov_deg": 33.0}


def test_one_file_can_be_the_input(tool, frames, tmp_path, lines):
    tool.ok("apply", "--in", frames / IMAGES[1], "--out", tmp_path / "out", "--workers", 1, "--copies", 2)
    assert [line["output"] for line in lines(tmp_path / "out")] == ["002.jpg", "002_1.jpg"]


def test_a_dry_run_counts_estimates_and_writes_nothing(tool, frames, tmp_path):
    out = tmp_path / "deep" / "out"
    output = tool.ok("apply", "--in", frames, "--out", out, "--copies", 20, "--copy-others", "--dry-run")
    assert not out.parent.exists()
    assert "6 images, 121 outputs (1 of them copied as they are)" in output
    assert "are free" in output
    assert "About" in output


def test_without_input_it_draws_road_scenes_with_labels(tool, tmp_path, lines):
    out = tmp_path / "out"
    tool.ok("apply", "--out", out, "--workers", 1, "--shard", "2/8", "--effect", "bloom", "--severity", 2)
    manifest = lines(out, "manifest.shard-2-of-8.jsonl")
    labels = lines(out, "labels.shard-2-of-8.json")
    assert [label["raw_file"] for label in labels] == [line["output"] for line in manifest] != []
    for label in labels:
        assert cv2.imread(str(out / label["raw_file"])).shape == (720, 1280, 3)
        assert {len(lane) for lane in label["lanes"]} == {len(label["h_samples"])}


def test_nothing_but_the_outputs_is_left(apply):
    out = apply("out")
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == []
    assert {path.name for path in out.iterdir()} == {
        "clip1",
        "clip2",
        "top.bmp",
        "manifest.jsonl",
        "manifest.config.json",
    }
