"""What a study's configuration resolves to, and what it refuses."""

from pathlib import Path

import pytest

from lightnoise_train.config import ARMS, ablation, load, save
from lightnoise_train.errors import ConfigError
from lightnoise_train.studies.demo import DemoConfig
from lightnoise_train.studies.settings import StudyConfig


def test_what_is_shared_reaches_every_section_that_names_no_other():
    config = load(StudyConfig, None, ["data.count=70", "noise.height=96", "encoder=resnet34", "pretrain.data.count=90"])
    assert (config.pretrain.data.count, config.finetune.data.count, config.benchmark.data.count) == (90, 70, 70)
    assert config.pretrain.noise.height == config.finetune.noise.height == 96
    assert config.pretrain.encoder.name == config.finetune.encoder.name == "resnet34"
    assert config.finetune.encoder.output_stride == 16


def test_pretraining_may_have_frames_of_another_kind():
    settings = ["data.kind=tusimple", "data.root=/t", "pretrain.data.kind=bdd100k", "pretrain.data.root=/b"]
    config = load(StudyConfig, None, settings)
    assert (config.pretrain.data.kind, config.pretrain.data.root) == ("bdd100k", Path("/b"))
    assert config.finetune.data.kind == config.benchmark.data.kind == "tusimple"


@pytest.mark.parametrize("name", ["embedded_study.yaml", "tusimple_blocks_study.yaml"])
def test_the_examples_are_studies(name):
    config = load(StudyConfig, Path(__file__).parents[3] / "examples" / name)
    assert config.finetune.encoder.output_stride == 8
    assert config.finetuning("simclr-normalize-single", 0, Path("encoder.pt")).recipe.initialisation == "simclr"


@pytest.mark.parametrize("kind", [StudyConfig, DemoConfig])
def test_a_saved_study_loads_as_itself(kind, tmp_path):
    config = load(kind, None, ["data.count=70", "pretrain.epochs=3"])
    assert load(kind, save(config, tmp_path)) == config


def test_arms_become_their_recipes():
    config = load(StudyConfig, None, ["arms=[scratch_noise, ablation]", "finetune.epochs=7"])
    assert set(config.arms) == {"scratch_noise"} | {recipe.name for recipe in ablation()}
    assert len(config.arms) == 9
    runs = [config.finetuning(arm, 5, Path("encoder.pt")) for arm in config.arms]
    assert [run.recipe.name for run in runs] == config.arms
    assert {(run.seed, run.epochs) for run in runs} == {(5, 7)}
    assert runs[0].recipe == ARMS["scratch_noise"]
    assert all((run.simclr_weights is not None) == (run.recipe.initialisation == "simclr") for run in runs)


def test_only_arms_of_simclr_need_pretraining():
    assert not load(StudyConfig, None, ["arms=[scratch, baseline]"]).pretrains
    assert load(StudyConfig, None, ["arms=[ablation]"]).pretrains


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("arms=[scratch, sratch]", "sratch"),
        ("arms=[]", "arms"),
        ("seeds=[-1]", "seeds"),
        ("pretrain.encoder.name=resnet34", "one encoder"),
        ("finetune.epoch=3", "finetune.epoch"),
        ("pretrain=5", "pretrain"),
    ],
)
def test_what_is_wrong_is_named(setting, said):
    with pytest.raises(ConfigError, match=said):
        load(StudyConfig, None, [setting])


def test_demo_is_small_and_judges_every_effect():
    config = load(DemoConfig)
    assert config.data.kind == "roads"
    assert config.pretrain.accelerator == config.finetune.accelerator == "cpu"
    assert config.benchmark.effects == StudyConfig().benchmark.effects
    assert config.pretrain.data == config.finetune.data == config.benchmark.data == config.data


def test_a_setting_leaves_the_demos_other_ones():
    config = load(DemoConfig, None, ["finetune.optimizer.rate=0.5", "encoder=resnet18", "data.count=30"])
    own = DemoConfig.model_fields["finetune"].default
    assert config.finetune.optimizer == own.optimizer.model_copy(update={"rate": 0.5})
    assert config.finetune.encoder.output_stride == own.encoder.output_stride == 8
    assert config.pretrain.encoder.name == config.finetune.encoder.name == "resnet18"
    assert (config.data.count, config.data.held_out) == (30, DemoConfig().data.held_out)


def test_what_would_fail_hours_later_is_refused_at_once():
    with pytest.raises(ConfigError, match=r"finetune\.epochs must be 2 or more for simclr"):
        load(StudyConfig, None, ["finetune.epochs=1"])
    load(StudyConfig, None, ["finetune.epochs=1", "arms=[scratch]"])
    with pytest.raises(ConfigError, match=r"finetune\.devices is 2, but a study runs in one process"):
        load(StudyConfig, None, ["finetune.devices=2"])
