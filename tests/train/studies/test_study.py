"""A tiny study from scenes to report: what it leaves, and how it goes on."""

import json

import pytest
import torch
from click.testing import CliRunner

from lightnoise_train.cli import main
from lightnoise_train.config import load
from lightnoise_train.errors import CheckpointError, ConfigError
from lightnoise_train.evaluation.results import read_results
from lightnoise_train.studies import study
from lightnoise_train.studies.settings import StudyConfig

pytestmark = pytest.mark.filterwarnings("ignore::lightnoise_train.tasks.pretrain.CollapseWarning")

TINY = {
    "arms": "[scratch, simclr]",
    "seeds": "[0]",
    "encoder": "test_resnet",
    "data": "{count: 6, held_out: 3}",
    "noise": "{height: 32}",
    "pretrain": "{epochs: 1, batch: 3, accumulate: 1, workers: 0, accelerator: cpu, views: {size: [32, 32]}}",
    "finetune": "{epochs: 2, batch: 3, workers: 0, accelerator: cpu, size: [32, 64], head_channels: 8}",
    "benchmark": "{effects: [gamma_over], severities: [3], height: 32, workers: 0}",
}


def tiny(**changed):
    return [f"{name}={value}" for name, value in {**TINY, **changed}.items()]


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A finished study, and what the command said."""
    out = tmp_path_factory.mktemp("study") / "out"
    arguments = ["study", "--out", str(out)] + [part for setting in tiny() for part in ("--set", setting)]
    outcome = CliRunner().invoke(main, arguments)
    assert outcome.exit_code == 0, outcome.output
    return out, outcome.output.splitlines()


def test_everything_lies_in_its_place(done):
    out, said = done
    for file in (
        "config.yaml",
        "pretrain/seed-0/encoder.pt",
        "finetune/scratch-seed-0/segmenter.pt",
        "finetune/simclr-seed-0/segmenter.pt",
        "judged/results.jsonl",
        "report/report.html",
    ):
        assert (out / file).stat().st_size, file
    assert said[-1] == str(out / "report" / "report.html")
    assert len(list((out / "scenes").rglob("*.png"))) == 6 + 3 + 3


def test_every_arm_is_judged_beside_the_prior(done):
    out, said = done
    results = read_results(out / "judged" / "results.jsonl")
    assert [run.arm for run in results.runs] == ["scratch", "simclr"]
    assert len(results) == 2 * 3 * 2  # runs × frames × lights
    assert results.headers[0]["prior"]["accuracy"] > 0
    assert [line.split()[0] for line in said if line.startswith(("scratch", "simclr", "mean"))] == [
        "scratch",
        "simclr",
        "mean",
    ]


def test_simclr_begins_with_its_own_seeds_encoder(done):
    out, _ = done
    text = (out / "finetune" / "simclr-seed-0" / "config.yaml").read_text()
    assert f"simclr_weights: {out / 'pretrain' / 'seed-0' / 'encoder.pt'}" in text


def test_resuming_leaves_finished_runs_alone_and_does_what_is_new(done, monkeypatch):
    out, _ = done
    trained = []
    finetune = study.finetune

    def watched(config, folder, **options):
        trained.append((folder.name, options["resume"]))
        return finetune(config, folder, **options)

    monkeypatch.setattr(study, "finetune", watched)
    monkeypatch.setattr(study, "pretrain", None)  # must not be called
    judged = (out / "judged" / "results.jsonl").stat().st_mtime_ns
    study.run_study(load(StudyConfig, None, tiny()), out, resume=True, say=lambda line: None)
    assert not trained
    assert (out / "judged" / "results.jsonl").stat().st_mtime_ns == judged

    (out / "finetune" / "scratch-seed-0" / "segmenter.pt").unlink()  # as if interrupted at the very end
    config = load(StudyConfig, None, tiny(arms="[scratch, simclr, scratch_noise]"))
    study.run_study(config, out, resume=True, say=lambda line: None)
    assert trained == [("scratch-seed-0", True), ("scratch_noise-seed-0", False)]
    report = json.loads((out / "report" / "report.json").read_text())
    assert "scratch_noise" in json.dumps(report)


def test_a_study_is_not_mistaken_for_another(done):
    out, _ = done
    with pytest.raises(ConfigError, match="--resume"):
        study.run_study(load(StudyConfig, None, tiny()), out)
    changed = [*tiny(), "finetune.epochs=3", "finetune.workers=1"]
    with pytest.raises(ConfigError, match=r"another finetune\.epochs;"):
        study.run_study(load(StudyConfig, None, changed), out, resume=True)


def test_weights_that_cannot_be_had_are_missed_before_anything_is_trained(tmp_path):
    config = load(StudyConfig, None, [*tiny(arms="[simclr, baseline]"), "finetune.imagenet_weights=none.pth"])
    with pytest.raises(CheckpointError, match=r"none\.pth"):
        study.run_study(config, tmp_path, say=lambda line: None)
    assert not (tmp_path / "pretrain").exists()


def test_durations_read_well():
    assert [study.duration(each) for each in (0.4, 59.6, 3599, 7500)] == [
        "0 s",
        "1 min 0 s",
        "59 min 59 s",
        "2 h 5 min",
    ]
