"""Two processes under Lightning: with equal weights at the end, and those of one process where batches allow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytestmark = pytest.mark.slow

_SCRIPT = """
import sys
import torch
from pathlib import Path
from lightning.pytorch.callbacks import Callback
from small_runs import both, finetuning, pretraining
from lightnoise_train.tasks import pretrain as task
from lightnoise_train.tasks.finetune import LaneTraining, finetune
from lightnoise_train.models.projector import build_projector

if __name__ == "__main__":
    torch.set_num_threads(1)
    out = Path(sys.argv[1])
    def plain(*sizes):  # normalisations see one process's images; without them two processes are one
        return torch.nn.Linear(sizes[0], sizes[-1])
    if "plain" in sys.argv[2:]:
        task.build_projector = plain
    def keep(self):
        torch.save(self.state_dict(), out / f"rank{self.global_rank}.pt")
    task.SimCLR.on_train_end = LaneTraining.on_train_end = keep
    settings = ["epochs=1", "accumulate=1", "optimizer.name=sgd", "optimizer.rate=0.05"]
    settings += [one for one in sys.argv[2:] if "=" in one]
    if "lanes" in sys.argv[2:]:
        finetune(finetuning(*settings), out, frames=both(24, 4))
    else:
        task.pretrain(pretraining(*settings), out, frames=both(24, 4))
"""


def run(tmp_path, name, *arguments):
    """Return each process's weights at the end."""
    script = tmp_path / "run.py"
    script.write_text(_SCRIPT)
    out = tmp_path / name
    out.mkdir()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    done = subprocess.run(
        [sys.executable, str(script), str(out), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [torch.load(path, weights_only=True) for path in sorted(out.glob("rank*.pt"))]


def assert_close(one, other, names=None):
    for name, tensor in one.items():
        if names is None or names(name):
            assert torch.allclose(tensor.float(), other[name].float(), rtol=1e-4, atol=1e-5), name


def learned(name):
    return not any(part in name for part in ("running_", "num_batches"))


def test_two_processes_take_the_steps_of_one(tmp_path):
    plain = ["plain", "encoder.name=test_convnext"]  # normalised by layer, not by batch
    first, second = run(tmp_path, "two", *plain, "devices=2", "batch=4")
    (alone,) = run(tmp_path, "one", *plain, "batch=8")
    assert_close(first, second)
    assert_close(first, alone)


def test_gradient_cache_averages_as_data_parallel_training_does(tmp_path):
    first, second = run(tmp_path, "cached", "devices=2", "batch=4", "gradient_cache=8")
    plain, _ = run(tmp_path, "plain", "devices=2", "batch=4")
    assert_close(first, second, learned)
    assert_close(first, plain, learned)


def test_two_stages_run_on_two_processes(tmp_path):
    first, second = run(tmp_path, "lanes", "lanes", "devices=2", "batch=4", "epochs=2", "recipe.schedule=two_stage")
    assert_close(first, second, learned)
