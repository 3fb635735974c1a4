"""Learning from few labels: methods differ in what they learn from, and in nothing else."""

import csv
import json

import pytest
import torch
from coloured import coloured

from lightnoise_train.config import load
from lightnoise_train.errors import ConfigError
from lightnoise_train.models.encoder import Encoder, build_encoder, save_encoder
from lightnoise_train.tasks.checkpoints import LastCheckpoint
from lightnoise_train.tasks.semi import FewLabels, semi
from lightnoise_train.tasks.settings import SemiConfig

SMALL = ["encoder.name=test_resnet", "workers=0", "progress=false", "accelerator=cpu", "log_every=1", "size=[32, 32]"]
SHORT = ["batch=4", "epochs=2", "epoch_pictures=12", "labels=6", "unlabelled=2", "checkpoint_every=1"]
LIGHT = ["noise.effects=[gamma_under]", "noise.severity=5", "test.effects=[gamma_under]", "test.severities=[3]"]


def parts():
    return {"train": coloured(48, "train"), "val": coloured(9, "val"), "test": coloured(30, "test")}


def config(*settings):
    return load(SemiConfig, None, [*SMALL, *SHORT, *LIGHT, *settings])


def run(out, *settings, **options):
    return json.loads(semi(config(*settings), out, frames=parts(), **options).read_text(encoding="utf-8"))


def logged(out):
    with open(out / "logs" / "version_0" / "metrics.csv") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows if row[name]] for name in rows[0]}


@pytest.fixture
def watched(monkeypatch):
    """Every batch that is trained on."""
    seen = []
    step = FewLabels.training_step

    def watch(self, batch, index):
        seen.append(batch)
        return step(self, batch, index)

    monkeypatch.setattr(FewLabels, "training_step", watch)
    return seen


def test_learns_colours_from_few_labels(tmp_path):
    settings = ["method=consistency", "epochs=6", "epoch_pictures=32", "threshold=0.6", "checkpoint_every=99"]
    result = run(tmp_path, *settings, command="lightnoise-train semi …")
    (row,) = result["summary"]
    assert (row["method"], row["labels"], row["seed"]) == ("consistency", 6, 0)
    assert row["clean"]["estimate"] > 0.8
    assert result["prior"] == pytest.approx(1 / 3)
    found = logged(tmp_path)
    assert max(found["train/accepted"]) > 0.5
    assert max(found["train/consistency"]) > 0
    assert len(found["val/accuracy"]) == 6
    build_encoder("test_resnet", tmp_path / "encoder.pt")
    assert "| consistency |" in (tmp_path / "semi.md").read_text(encoding="utf-8")


def test_methods_see_the_same_labels_in_the_same_steps(tmp_path, watched):
    taken = {}
    for method in ("supervised", "supervised_noise", "consistency"):
        watched.clear()
        run(tmp_path / method, f"method={method}", "epochs=1", "noise_share=1")
        taken[method] = list(watched)
    assert {len(batches) for batches in taken.values()} == {3}
    plain, noised, both = (taken[method] for method in ("supervised", "supervised_noise", "consistency"))
    for one, lit, other in zip(plain, noised, both, strict=True):
        assert torch.equal(one.label, other.label)
        assert torch.equal(one.label, lit.label)
        assert torch.equal(one.image, other.image)
        assert lit.image.float().mean() < 0.7 * one.image.float().mean()  # under-exposed
        assert one.clean.shape[1] == lit.clean.shape[1] == 0
        assert other.clean.shape == other.noised.shape == (4, 2, 3, 32, 32)
        assert other.noised.float().mean() < 0.7 * other.clean.float().mean()


def test_an_epoch_takes_the_labels_again_and_again(tmp_path, watched):
    run(tmp_path, "epochs=1", "flip=0", "shift=0")
    pictures = torch.cat([batch.image for batch in watched])
    assert len(pictures) == 12
    assert len(pictures.flatten(1).unique(dim=0)) == 6


def test_simclr_begins_with_the_weights_and_every_method_with_one_head(tmp_path):
    save_encoder(Encoder("test_resnet"), tmp_path / "encoder.pt")
    given = FewLabels(config("method=simclr", f"weights={tmp_path}/encoder.pt"), 3)
    other = FewLabels(config("method=supervised"), 3)
    state = torch.load(tmp_path / "encoder.pt", weights_only=True)["state_dict"]
    assert all(torch.equal(tensor, state[name]) for name, tensor in given.encoder.network.state_dict().items())
    assert torch.equal(given.classifier[-1].weight, other.classifier[-1].weight)
    with pytest.raises(ConfigError, match=r"weights must name the encoder\.pt"):
        config("method=simclr")


class Crash(Exception):
    pass


def test_a_stop_within_an_epoch_leaves_no_trace(tmp_path, monkeypatch):
    straight = run(tmp_path / "straight", "method=consistency")
    saved = LastCheckpoint.on_train_batch_end

    def crash(self, trainer, module, outputs, given, index):
        saved(self, trainer, module, outputs, given, index)
        if (trainer.current_epoch, index) == (1, 1):
            raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(LastCheckpoint, "on_train_batch_end", crash)
        with pytest.raises(Crash):
            run(tmp_path / "stopped", "method=consistency")
    assert not (tmp_path / "stopped" / "semi.json").exists()
    resumed = run(tmp_path / "stopped", "method=consistency", resume=True)
    assert resumed["conditions"] == straight["conditions"]
    one, other = (
        torch.load(tmp_path / name / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
        for name in ("straight", "stopped")
    )
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_what_is_wrong_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"labels: count must be from 3, one of each class, to 48, got 49"):
        run(tmp_path, "labels=49")
    with pytest.raises(ConfigError, match="epoch_pictures is 3, less than one batch of 4"):
        config("epoch_pictures=3")
    with pytest.raises(ConfigError, match=r"on_device is of pretraining alone"):
        config("noise.on_device=true")
    assert not list(tmp_path.iterdir())
