"""``probe`` and ``semi`` from the command line, on the embedded scenes."""

import json

import pytest
from click.testing import CliRunner

from lightnoise_train.cli import main

SMALL = ["encoder.name=test_resnet", "size=[32, 64]", "workers=0", "accelerator=cpu"]
SCENES = ["data.count=12", "data.held_out=10", "test.effects=[gamma_over]", "test.severities=[3]"]


def run(command, out, *settings):
    given = [word for setting in settings for word in ("--set", setting)]
    return CliRunner().invoke(main, [command, "--out", str(out), *given])


@pytest.mark.parametrize(
    ("command", "settings"),
    [
        ("probe", ["label_fractions=[1.0]"]),
        ("semi", ["labels=6", "batch=4", "epoch_pictures=8", "epochs=1", "progress=false"]),
    ],
)
def test_prints_a_table_and_the_path_of_all_numbers(tmp_path, command, settings):
    done = run(command, tmp_path / "out", *SMALL, *SCENES, *settings)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert any("| clean " in line and "| under noise " in line for line in lines)
    assert lines[-1] == str(tmp_path / "out" / f"{command}.json")
    result = json.loads((tmp_path / "out" / f"{command}.json").read_text(encoding="utf-8"))
    assert result["format"] == f"lightnoise-train {command} 1"
    assert result["versions"]["torch"]
    assert result["config"]["data"]["count"] == 12

    again = run(command, tmp_path / "out", *SMALL, *SCENES, *settings)
    assert again.exit_code == 2
    assert again.stderr.startswith("Error: ")
    assert again.stderr.count("\n") == 1
    assert ("--overwrite" if command == "probe" else "--resume") in again.stderr


@pytest.mark.parametrize(("command", "setting"), [("probe", "weight=imagenet"), ("semi", "mu=7")])
def test_a_setting_that_does_not_exist_is_refused(tmp_path, command, setting):
    done = run(command, tmp_path / "out", setting)
    assert done.exit_code == 2
    assert f"unknown key {setting.partition('=')[0]}; there are" in done.stderr
    assert not (tmp_path / "out").exists()
