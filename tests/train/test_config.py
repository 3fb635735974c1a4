"""Configurations from YAML and settings: what they resolve to, and what they refuse."""

import pytest
from pydantic import ValidationError

from lightnoise_train.config import ARMS, FinetuneConfig, PretrainConfig, load, save
from lightnoise_train.errors import ConfigError


def said(kind, *settings, file=None):
    with pytest.raises(ConfigError) as caught:
        load(kind, file, settings)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_defaults_are_the_recipe():
    config = load(PretrainConfig)
    assert (config.batch, config.accumulate, config.temperature) == (256, 2, 0.35)
    assert (config.encoder.name, config.hidden, config.embedding, config.views.size) == (
        "resnet18",
        512,
        256,
        (224, 224),
    )
    assert config.data.kind == "roads"


def test_settings_win_over_the_file(tmp_path):
    file = tmp_path / "run.yaml"
    file.write_text("epochs: 7\noptimizer: {name: sgd, rate: 0.5}\nviews: {size: [64, 96]}\n")
    config = load(PretrainConfig, file, ["optimizer.rate=0.25", "data.kind=folder", "data.root=/x", "seed=3"])
    assert (config.epochs, config.optimizer.name, config.optimizer.rate, config.seed) == (7, "sgd", 0.25, 3)
    assert config.views.size == (64, 96)
    assert config.optimizer.warmup == PretrainConfig().optimizer.warmup


def test_a_section_given_in_part_keeps_its_commands_defaults():
    config = load(FinetuneConfig, None, ["optimizer.rate=0.5"])
    assert config.optimizer.name == "adamw"
    assert config.optimizer.rate == 0.5
    assert load(FinetuneConfig, None, ["encoder.name=resnet34"]).encoder.output_stride == 16


@pytest.mark.parametrize("arm", ARMS)
def test_arms_set_the_recipe_and_its_parts_can_be_set(arm):
    settings = [f"arm={arm}", "simclr_weights=encoder.pt"]
    config = load(FinetuneConfig, None, settings)
    assert config.recipe == ARMS[arm]
    assert config.recipe.name == arm
    other = load(FinetuneConfig, None, [*settings, "recipe.preprocessing=unit", "recipe.schedule=two_stage"])
    assert other.recipe == ARMS[arm].model_copy(update={"preprocessing": "unit", "schedule": "two_stage"})
    weights = {"imagenet": "imagenet", "simclr": "encoder.pt", "scratch": None}
    assert config.weights == weights[config.recipe.initialisation]


def test_saved_configuration_loads_as_itself(tmp_path):
    for config in (
        load(FinetuneConfig, None, ["arm=simclr", "simclr_weights=a b/encoder.pt", "size=[90, 160]"]),
        load(PretrainConfig, None, ["noise.spec={preset: low_sun}", "data.blocks={train: 1, val: 2}"]),
    ):
        path = save(config, tmp_path / "run", "lightnoise-train x\n--set a=b")
        assert load(type(config), path) == config
        comments = [line for line in path.read_text().splitlines() if line.startswith("#")]
        assert any(line.startswith("# torch ") for line in comments)
        assert comments[-1] == "# command: lightnoise-train x --set a=b"


def test_refuses_unknown_keys_and_bad_values_by_name(tmp_path):
    assert "unknown key epoch; there are seed, " in said(PretrainConfig, "epoch=3")
    assert "unknown key optimizer.lr; there are name, rate, " in said(PretrainConfig, "optimizer.lr=3")
    assert "unknown key recipe.light" in said(FinetuneConfig, "recipe.light=true")
    assert "epochs: input should be greater than 0, got 0" in said(PretrainConfig, "epochs=0")
    assert "views.size.0: " in said(PretrainConfig, "views.size=[3, 224]")
    both = said(PretrainConfig, "temperature=0", "batch=one")
    assert "temperature: " in both
    assert "batch: " in both
    assert "got 'one'" in both
    assert "optimizer.rate: " in said(PretrainConfig, "optimizer.rate=.nan")
    assert "arm: " in said(FinetuneConfig, "arm=best")
    assert "simclr_weights must name the encoder.pt" in said(FinetuneConfig, "arm=simclr")
    assert "set arm=simclr" in said(FinetuneConfig, "simclr_weights=encoder.pt")
    assert "leave effects, preset out" in said(
        FinetuneConfig, "noise.folder=noised/", "noise.effects=[bloom]", "noise.preset=low_sun"
    )
    assert "leave severity out, or spec" in said(PretrainConfig, "noise.spec={preset: low_sun}", "noise.severity=3")
    assert "root must name the folder of tusimple" in said(FinetuneConfig, "data.kind=tusimple")
    assert "set data.kind too" in said(FinetuneConfig, "data.root=tusimple/")
    night = said(PretrainConfig, "data.kind=folder", "data.root=a/", "data.timeofday=[night]")
    assert "timeofday can be told of bdd100k alone, not of folder" in night
    assert "epochs must be 2 or more for schedule two_stage" in said(
        FinetuneConfig, "recipe.schedule=two_stage", "epochs=1"
    )
    assert "must be key=value" in said(PretrainConfig, "epochs")
    assert "is a value, not a section" in said(PretrainConfig, "epochs=3", "epochs.x=3")
    assert "no valid YAML" in said(PretrainConfig, "views.size=[3")
    assert "cannot be read" in said(PretrainConfig, file=tmp_path / "none.yaml")
    file = tmp_path / "run.yaml"
    file.write_text("epochs: 3\nbatch: [\n")
    assert f"{file}:" in said(PretrainConfig, file=file)
    file.write_text("- epochs\n")
    assert "must be a mapping" in said(PretrainConfig, file=file)
    file.write_text("epocs: 3\n")
    assert f"{file}: unknown key epocs" in said(PretrainConfig, file=file)


def test_a_precision_need_not_be_quoted():
    assert load(PretrainConfig, None, ["precision=32"]).precision == "32"
    assert "precision: input should be 'auto', '32'" in said(PretrainConfig, "precision=16")


def test_values_do_not_change():
    with pytest.raises(ValidationError):
        PretrainConfig().seed = 3
