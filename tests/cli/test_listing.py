"""Help, effects and preview."""

import dataclasses
import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from lightnoise.camera import Camera
from lightnoise.cli.catalogue import FIELDS, catalogue, parameters
from lightnoise.params import PARAMS, GlareParams

RECORDS = [*PARAMS.values(), Camera]
NUMBERS = [(record, name) for record in RECORDS for name in record.field_names() if FIELDS[name][0] != "name"]


def test_help_is_quick():
    program = (
        "import sys\nfrom lightnoise.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print([name for name in ('numba', 'skimage', 'PIL', 'torch', 'ray') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for command in ("apply", "preview", "effects", "replay"):
        assert f"  {command} " in done.stdout


def test_the_version_is_the_packages(tool):
    import lightnoise

    assert tool.ok("--version").endswith(f" {lightnoise.__version__}\n")


@pytest.mark.parametrize(("module", "name"), [("lightnoise", "lightnoise"), ("lightnoise_train", "lightnoise-train")])
def test_a_package_is_its_command(module, name):
    done = subprocess.run([sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"Usage: {name} [OPTIONS] COMMAND")


@pytest.mark.parametrize("command", ["apply", "preview", "effects", "replay"])
def test_every_command_has_help(tool, command):
    assert f"Usage: lightnoise {command} " in tool.ok(command, "--help").replace("main", "lightnoise")


def test_every_option_of_apply_is_there(tool):
    output = tool.ok("apply", "--help")
    options = (
        "in out effect severity preset config camera fov-deg seed copies workers format quality copy-others "
        "damage-dir per resume overwrite engine shard dry-run"
    )
    for option in options.split():
        assert f"--{option} " in output or f"--{option}\n" in output


@pytest.mark.parametrize(("record", "name"), NUMBERS, ids=lambda value: getattr(value, "__name__", value))
def test_ranges_are_those_that_the_records_accept(record, name):
    low, high = FIELDS[name][1]
    whole = isinstance(next(each.default for each in dataclasses.fields(record) if each.name == name), int)
    step = 1 if whole else 1e-6 * max(1.0, abs(high))

    def accepts(value):
        values = {name: int(value) if whole else value}
        if (record is GlareParams and name.startswith("sun_a")) or name.startswith("sun_e"):
            values = {"sun_azimuth_deg": 0.0, "sun_elevation_deg": 0.0} | values
        try:
            record(**values)
        except ValueError:
            return False
        return True

    assert [accepts(low), accepts(high)] == [True, True]
    assert [accepts(low - step), accepts(high + step)] == [False, False]


@pytest.mark.parametrize("record", RECORDS)
def test_names_are_those_that_the_records_accept(record):
    for name in record.field_names():
        if FIELDS[name][0] == "name":
            for value in FIELDS[name][1]:
                assert getattr(record(**{name: value}), name) == value


@pytest.mark.parametrize("record", RECORDS)
def test_every_parameter_is_described(record):
    for each in parameters(record):
        assert len(each["meaning"]) > 20


def test_effects_lists_all_there_is(tool):
    text = tool.ok("effects")
    found = json.loads(tool.ok("effects", "--json"))
    assert found == json.loads(json.dumps(catalogue()))
    for section in ("effects", "presets", "cameras", "severities"):
        for name in found[section]:
            assert name in text
    for effect in found["effects"].values():
        for each in effect["parameters"]:
            assert f"  {each['name']}  ({each['unit']}, " in text


def test_preview_draws_effects_by_severities_and_presets(tool, frames, tmp_path):
    from lightnoise.presets import PRESETS
    from lightnoise.severity import EFFECTS

    out = tmp_path / "grid.png"
    source = frames / "clip2" / "001.png"
    assert f"{out}: " in tool.ok("preview", "--in", source, "--out", out, "--width", 96)
    sheet, before = cv2.imread(str(out)), cv2.imread(str(source))
    rows = len(EFFECTS) + -(-len(PRESETS) // 6)
    assert sheet.shape[1] > 6 * before.shape[1]
    assert sheet.shape[0] > rows * before.shape[0]
    clean = sheet[:, :110]
    places = [
        (y, x)
        for y in range(clean.shape[0] - before.shape[0])
        for x in range(clean.shape[1] - before.shape[1])
        if (clean[y, x] == before[0, 0]).all()
        and (clean[y : y + before.shape[0], x : x + before.shape[1]] == before).all()
    ]
    assert len(places) == len(EFFECTS)  # each row begins with the clean picture


@pytest.mark.parametrize("picture", [np.zeros((20, 30), np.uint8), np.full((20, 30, 4), 40000, np.uint16)])
def test_preview_takes_any_kind_of_picture(tool, tmp_path, picture):
    cv2.imwrite(str(tmp_path / "in.png"), picture)
    tool.ok("preview", "--in", tmp_path / "in.png", "--out", tmp_path / "grid.jpg", "--camera", "tusimple")
    assert cv2.imread(str(tmp_path / "grid.jpg")) is not None
