"""A run that was stopped anywhere and resumed ends with the weights of one that was not, bit for bit."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from small_runs import both, finetuning, pretraining

from lightnoise_train.errors import CheckpointError, ConfigError
from lightnoise_train.models import weights
from lightnoise_train.tasks.checkpoints import LastCheckpoint
from lightnoise_train.tasks.finetune import finetune
from lightnoise_train.tasks.pretrain import CollapseWarning, pretrain

pytestmark = pytest.mark.filterwarnings("ignore::lightnoise_train.tasks.pretrain.CollapseWarning")
RUNS = {
    "pretrain": (pretrain, lambda: pretraining()),
    "gradient cache": (pretrain, lambda: pretraining("gradient_cache=3", "accumulate=1")),
    "finetune": (finetune, lambda: finetuning("recipe.light_noise=true", "noise.height=32")),
    "two stages": (finetune, lambda: finetuning("recipe.schedule=two_stage")),
}


class Crash(Exception):
    pass


def end_of(out):
    return torch.load(out / "checkpoints" / "last.ckpt", weights_only=True)


def assert_same(one, other):
    """Weights, running statistics, momenta and counters agree exactly."""
    assert one["global_step"] == other["global_step"]
    assert one["lr_schedulers"] == other["lr_schedulers"]
    for name, tensor in one["state_dict"].items():
        assert torch.equal(tensor, other["state_dict"][name]), name
    states = (run["optimizer_states"][0]["state"] for run in (one, other))
    for mine, theirs in zip(*(state.values() for state in states), strict=True):
        assert all(torch.equal(mine[key], theirs[key]) for key in mine if isinstance(mine[key], torch.Tensor))


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """Runs that nothing stopped, made once each."""
    done = {}

    def run(name):
        if name not in done:
            train, config = RUNS[name]
            out = tmp_path_factory.mktemp("straight") / "run"
            train(config(), out, frames=both())
            done[name] = end_of(out)
        return done[name]

    return run


@pytest.mark.parametrize(
    ("name", "epoch", "batch"),
    [
        ("pretrain", 0, 2),
        ("pretrain", 1, 4),
        ("gradient cache", 1, 3),
        ("two stages", 1, 2),
        pytest.param("pretrain", 0, 0, marks=pytest.mark.slow),
        pytest.param("pretrain", 1, 5, marks=pytest.mark.slow),
        pytest.param("finetune", 0, 4, marks=pytest.mark.slow),
        pytest.param("two stages", 0, 3, marks=pytest.mark.slow),
    ],
)
def test_a_stop_within_an_epoch_leaves_no_trace(tmp_path, straight, monkeypatch, name, epoch, batch):
    train, config = RUNS[name]
    saved = LastCheckpoint.on_train_batch_end

    def crash(self, trainer, module, outputs, given, index):
        saved(self, trainer, module, outputs, given, index)
        if (trainer.current_epoch, index) == (epoch, batch):
            raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(LastCheckpoint, "on_train_batch_end", crash)
        with pytest.raises(Crash):
            train(config(), tmp_path / "run", frames=both())
    train(config(), tmp_path / "run", frames=both(), resume=True)
    assert_same(end_of(tmp_path / "run"), straight(name))


def test_a_stop_in_validation_or_after_it_leaves_no_trace(tmp_path, straight, monkeypatch):
    train, config = RUNS["pretrain"]
    for number, hook in enumerate(("on_validation_epoch_end", "on_train_epoch_end")):
        seen = []

        def crash(*_, seen=seen):
            seen.append(1)
            if len(seen) == 2:
                raise Crash

        with monkeypatch.context() as patched:
            patched.setattr(f"lightnoise_train.tasks.pretrain.SimCLR.{hook}", crash)
            with pytest.raises(Crash):
                train(config(), tmp_path / f"{number}", frames=both())
        train(config(), tmp_path / f"{number}", frames=both(), resume=True)
        assert_same(end_of(tmp_path / f"{number}"), straight("pretrain"))


@pytest.mark.slow
def test_workers_do_not_change_the_weights(tmp_path, straight):
    train, config = RUNS["pretrain"]
    train(config().model_copy(update={"workers": 1}), tmp_path / "run", frames=both())
    assert_same(end_of(tmp_path / "run"), straight("pretrain"))


def test_a_finished_run_resumed_stays_as_it_is(tmp_path, straight):
    train, config = RUNS["pretrain"]
    for resume in (False, True):
        encoder = train(config(), tmp_path / "run", frames=both(), resume=resume)
    assert encoder.exists()
    assert_same(end_of(tmp_path / "run"), straight("pretrain"))


def test_refuses_to_mix_runs(tmp_path):
    out = tmp_path / "run"
    with pytest.raises(CheckpointError, match="no run to go on from"):
        pretrain(pretraining(), out, frames=both(), resume=True)
    pretrain(pretraining("epochs=1"), out, frames=both())
    with pytest.raises(ConfigError, match="holds a run already; add --resume"):
        pretrain(pretraining("epochs=1"), out, frames=both())
    with pytest.raises(ConfigError, match="begun with another epochs, temperature"):
        pretrain(pretraining("temperature=0.1"), out, frames=both(), resume=True)
    last = out / "checkpoints" / "last.ckpt"
    whole = last.read_bytes()
    last.write_bytes(whole[:1000])
    with pytest.raises(CheckpointError, match=r"last\.ckpt is cut short"):
        pretrain(pretraining("epochs=1"), out, frames=both(), resume=True)
    last.write_bytes((out / "checkpoints" / "best.ckpt").read_bytes())
    with pytest.raises(CheckpointError, match="holds weights alone"):
        pretrain(pretraining("epochs=1"), out, frames=both(), resume=True)


_KILLED = """
import os, signal, sys
import torch
from pathlib import Path
from small_runs import both, {config}
from lightnoise_train.tasks.{task} import {task}
from lightnoise_train.tasks.checkpoints import LastCheckpoint
from lightnoise_train.models import weights

torch.set_num_threads(1)
saved = LastCheckpoint.on_train_batch_end
def kill(self, trainer, module, outputs, batch, index):
    if (trainer.current_epoch, index) == (1, 3):
        if {while_writing}:
            torch.save = lambda content, file: (file.write(b"half"), file.flush(), os.kill(os.getpid(), signal.SIGKILL))
            trainer.save_checkpoint(self.path)
        os.kill(os.getpid(), signal.SIGKILL)
    saved(self, trainer, module, outputs, batch, index)
LastCheckpoint.on_train_batch_end = kill
{task}({config}({settings}), Path(sys.argv[1]), frames=both())
"""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "while_writing"), [("pretrain", False), ("two stages", True)])
def test_kill_9_leaves_no_trace(tmp_path, straight, name, while_writing):
    train, config = RUNS[name]
    settings = "" if name == "pretrain" else "'recipe.schedule=two_stage'"
    script = _KILLED.format(
        task=train.__name__,
        config="pretraining" if train is pretrain else "finetuning",
        settings=settings,
        while_writing=while_writing,
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "run")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == -9, done.stderr
    assert end_of(tmp_path / "run")["epoch"] == 1  # within it, and whole
    train(config(), tmp_path / "run", frames=both(), resume=True)
    assert_same(end_of(tmp_path / "run"), straight(name))


def test_a_first_checkpoint_that_never_came_is_no_loss(tmp_path, straight, monkeypatch):
    train, config = RUNS["pretrain"]
    with monkeypatch.context() as patched:
        patched.setattr(LastCheckpoint, "on_train_start", lambda *_: (_ for _ in ()).throw(Crash()))
        with pytest.raises(Crash):
            train(config(), tmp_path / "run", frames=both())
    train(config(), tmp_path / "run", frames=both(), resume=True)
    assert_same(end_of(tmp_path / "run"), straight("pretrain"))


def test_warnings_are_of_collapse_alone(tmp_path):
    with pytest.warns(CollapseWarning):
        pretrain(pretraining("epochs=1", "optimizer.rate=1e-9"), tmp_path / "run", frames=both())
    assert weights.read_state(tmp_path / "run" / "encoder.pt", "test_resnet")
