"""Pretraining on small frames: what it learns, says, writes and refuses."""

import copy
import csv
import math

import pytest
import torch
from small_runs import both, frames, pretraining

from lightnoise_train.config import load
from lightnoise_train.data.noise import DrawnNoise
from lightnoise_train.data.views import Pair
from lightnoise_train.errors import ConfigError, DataError, TrainingError
from lightnoise_train.models import weights
from lightnoise_train.models.encoder import build_encoder
from lightnoise_train.tasks import loop
from lightnoise_train.tasks import pretrain as task
from lightnoise_train.tasks.pretrain import SimCLR, pretrain

pytestmark = pytest.mark.filterwarnings("ignore::lightnoise_train.tasks.pretrain.CollapseWarning")


def metrics(out):
    with open(out / "logs" / "version_0" / "metrics.csv") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows if row[name]] for name in rows[0]}


def pair(count=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (2, count, 3, 32, 32), generator=generator, dtype=torch.uint8)
    return Pair(*images)


def test_learns_and_leaves_what_finetuning_needs(tmp_path):
    out = tmp_path / "run"
    config = pretraining("epochs=8", "optimizer.name=adamw", "optimizer.rate=0.003", "accumulate=1")
    encoder = pretrain(config, out, frames=both())
    logged = metrics(out)
    assert logged["val/loss"][-1] < logged["val/loss"][0] - 0.2
    assert logged["train/loss"][-1] < math.log(7)  # chance of four pairs
    assert 0 <= logged["knn/accuracy"][-1] <= 1
    assert logged["knn/retrieval"][-1] > 0.3  # chance is a tenth
    assert {"collapse/negative_cosine", "collapse/rankme", "speed/images_per_s", "speed/data_wait"} <= set(logged)
    assert all(0 <= share <= 1 for share in logged["speed/data_wait"])
    assert list((out / "logs" / "version_0").glob("events.out.tfevents*"))
    assert load(type(config), out / "config.yaml") == config
    # what is kept is the encoder of the least validation loss
    best = torch.load(out / "checkpoints" / "best.ckpt", weights_only=True)
    assert best["epoch"] == logged["val/loss"].index(min(logged["val/loss"]))
    kept = build_encoder("test_resnet", encoder)
    theirs = weights.read_state(out / "checkpoints" / "best.ckpt")
    assert all(torch.equal(tensor, theirs["represent.1." + name]) for name, tensor in kept.state_dict().items())


def test_same_seed_same_weights_another_seed_others(tmp_path):
    states = []
    for number, settings in enumerate(([], [], ["seed=1"])):
        path = pretrain(pretraining("epochs=1", *settings), tmp_path / f"{number}", frames=both())
        torch.rand(5)  # nobody's business
        states.append(weights.read_state(path))
    assert all(torch.equal(tensor, states[1][name]) for name, tensor in states[0].items())
    assert not torch.equal(states[0]["conv1.0.weight"], states[2]["conv1.0.weight"])


def test_torch_generator_of_the_caller_is_left_alone(tmp_path):
    with loop.seeded(0, "model"):
        inside = torch.rand(1)
    torch.manual_seed(4)
    with loop.seeded(0, "model"):
        assert torch.equal(inside, torch.rand(1))
    after = torch.rand(1)
    torch.manual_seed(4)
    assert torch.equal(after, torch.rand(1))


def test_gradient_cache_trains_as_the_whole_batch_does(tmp_path):
    """With the whole batch in one chunk; other chunks are checked with the cache itself."""
    states = []
    for settings in ([], ["gradient_cache=8"]):
        out = tmp_path / f"{len(states)}"
        pretrain(pretraining("epochs=1", "accumulate=1", *settings), out, frames=both())
        states.append(torch.load(out / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"])
    for name, tensor in states[0].items():
        assert torch.allclose(tensor, states[1][name], rtol=1e-4, atol=1e-5), name


def test_gradient_cache_works_under_autocast():
    module = SimCLR(pretraining("gradient_cache=4"))
    plain = SimCLR(pretraining())
    plain.load_state_dict(module.state_dict())
    module.log = plain.log = lambda *_, **__: None
    gradients = []
    for each in (module, plain):
        with torch.autocast("cpu", torch.bfloat16):
            loss = each.training_step(pair(2), 0)
        loss.backward()
        if each is module:
            each._cache.backward()
        gradients.append(next(each.encoder.parameters()).grad)
    assert torch.allclose(*gradients, rtol=0.05, atol=1e-3 * gradients[1].abs().max())


def test_an_accumulated_step_is_the_mean_of_its_batches(tmp_path):
    module = SimCLR(pretraining())
    module.log = lambda *_, **__: None
    together, apart = copy.deepcopy(module), copy.deepcopy(module)
    (sum(together.training_step(pair(seed=seed), 0) for seed in (0, 1)) / 2).backward()
    for seed in (0, 1):
        (apart.training_step(pair(seed=seed), 0) / 2).backward()
    one, other = (next(each.encoder.parameters()).grad for each in (together, apart))
    assert torch.allclose(one, other, atol=1e-6)


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_its_checkpoint(tmp_path, monkeypatch):
    out = tmp_path / "run"
    step = SimCLR.training_step

    def diverge(self, batch, index):
        loss = step(self, batch, index)
        return loss * float("nan") if self.trainer.current_epoch == 1 and index >= 2 else loss

    monkeypatch.setattr(SimCLR, "training_step", diverge)
    with pytest.raises(TrainingError, match=r"loss became NaN or infinite by step 4 \(epoch 1\).*lower optimizer.rate"):
        pretrain(pretraining(), out, frames=both())
    last = torch.load(out / "checkpoints" / "last.ckpt", weights_only=True)
    assert last["global_step"] == 4
    assert all(tensor.isfinite().all() for tensor in last["state_dict"].values())
    monkeypatch.setattr(SimCLR, "training_step", step)
    assert pretrain(pretraining(), out, frames=both(), resume=True).exists()


def test_too_little_gpu_memory_is_one_line_that_says_the_mend(tmp_path, monkeypatch):
    def exhaust(self, batch, index):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(SimCLR, "training_step", exhaust)
    with pytest.raises(TrainingError, match=r"out of GPU memory at batch=\d+: set a smaller batch"):
        pretrain(pretraining(), tmp_path / "run", frames=both())


def test_weights_that_are_not_finite_are_not_saved(tmp_path, monkeypatch):
    end = SimCLR.on_validation_epoch_end

    def spoil(self):
        end(self)
        if self.current_epoch == 1:
            with torch.no_grad():
                self.projector[0].weight[0, 0] = torch.inf

    monkeypatch.setattr(SimCLR, "on_validation_epoch_end", spoil)
    with pytest.raises(TrainingError, match="weights became NaN"):
        pretrain(pretraining("checkpoint_every=1000"), tmp_path / "run", frames=both())
    last = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    assert last["epoch"] == 0


def test_stops_early(tmp_path):
    out = tmp_path / "run"
    pretrain(pretraining("epochs=30", "patience=2", "optimizer.rate=1e-12", "batch=8"), out, frames=both(10, 8))
    assert len(metrics(out)["val/loss"]) < 30


def test_device_noise_is_the_noise_of_the_workers(tmp_path):
    views = []
    for settings in ([], ["noise.on_device=true"]):
        config = pretraining("views.pair=noised_noised", *settings)
        inputs = task._inputs(config, frames(4))
        batches = loop.Batches(config, inputs, inputs)
        module = SimCLR(config)
        batch = next(iter(batches.val_dataloader()))
        views.append([view.float() / (255 if view.dtype == torch.uint8 else 1) for view in module._views(batch)])
    for worker, device in zip(*views, strict=True):
        assert torch.mean(torch.abs(worker - device)) < 0.01


def test_validation_sees_the_same_light_in_every_epoch():
    """Lightning tells validation's sampler the epoch, too; with other draws its losses could not be compared."""
    config = pretraining()
    inputs = task._inputs(config, frames(4))
    loader = loop.Batches(config, inputs, inputs).val_dataloader()
    seen = []
    for epoch in (0, 1):
        loader.sampler.set_epoch(epoch)
        seen += list(loader)
    assert torch.equal(seen[0].second, seen[1].second)
    assert not torch.equal(seen[0].first, seen[0].second)


def test_too_few_frames_and_wrong_noise_are_told(tmp_path):
    with pytest.raises(ConfigError, match="batch is 4, but there are 3 training frames: set batch=3 or less"):
        pretrain(pretraining(), tmp_path / "run", frames=both(3))
    assert not (tmp_path / "run").exists()  # so that the next try needs no other folder
    with pytest.raises(ConfigError, match=r"noise: .*preset"):
        pretrain(pretraining("noise.preset=fog"), tmp_path / "fog", frames=both())
    with pytest.raises(DataError, match="is no output of lightnoise apply"):
        pretrain(pretraining(f"noise.folder={tmp_path}"), tmp_path / "folder", frames=both())
    assert not (tmp_path / "fog").exists()


def test_steps_are_those_that_lightning_takes(tmp_path):
    for number, settings in enumerate((["batch=4"], ["batch=5", "accumulate=3"], ["batch=26"])):
        config = pretraining("epochs=2", *settings)
        out = tmp_path / f"{number}"
        pretrain(config, out, frames=both())
        last = torch.load(out / "checkpoints" / "last.ckpt", weights_only=True)
        batches = 26 // config.batch
        assert last["global_step"] == 2 * math.ceil(batches / config.accumulate)
        assert last["lr_schedulers"][0]["_last_lr"][0] == pytest.approx(0, abs=1e-9)


def test_noise_has_the_camera_of_the_data():
    from lightnoise import CAMERAS
    from lightnoise_train.data import sources

    config = pretraining("data.kind=tusimple", "data.root=x")
    noise = sources.open_noise(config.noise, config.data)
    assert isinstance(noise, DrawnNoise)
    assert noise.camera == CAMERAS["tusimple"]


def test_devices_that_are_not_there_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ConfigError, match=r"^accelerator=gpu, devices=1: .* Set what this machine has"):
        pretrain(pretraining("accelerator=gpu", "precision=32"), tmp_path / "run", frames=both())
    assert not (tmp_path / "run" / "config.yaml").exists()


def test_validation_with_a_gradient_cache_holds_no_more_images_at_once_than_training():
    module = SimCLR(pretraining("gradient_cache=3")).eval()
    module.log = lambda *_, **__: None
    sizes = []
    module.represent.register_forward_hook(lambda _, images, __: sizes.append(len(images[0])))
    module.validation_step(Pair(torch.rand(4, 3, 32, 32), torch.rand(4, 3, 32, 32)), 0)
    assert sizes == [3, 3, 2]
    first, second, *_ = module._seen[0]
    assert len(first) == len(second) == 4


def test_an_attribute_that_no_frame_has_is_told(tmp_path):
    with pytest.raises(ConfigError, match="knn_attribute: no frame has 'sort'; they have kind"):
        pretrain(pretraining("knn_attribute=sort"), tmp_path / "run", frames=both())
