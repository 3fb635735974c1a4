"""Fine-tuning on small frames: the arms differ in their recipe and in nothing else."""

import csv

import pytest
import torch
from small_runs import both, finetuning, frames

from lightnoise_train.config import ARMS, ablation
from lightnoise_train.data.frames import Frame, FrameSet
from lightnoise_train.data.pixels import resize
from lightnoise_train.errors import DataError
from lightnoise_train.models.encoder import Encoder, save_encoder
from lightnoise_train.models.segmenter import load_segmenter
from lightnoise_train.tasks.finetune import LaneTraining, finetune


def metrics(out):
    with open(out / "logs" / "version_0" / "metrics.csv") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows if row[name]] for name in rows[0]}


@pytest.fixture
def pretrained(tmp_path):
    save_encoder(Encoder("test_resnet"), tmp_path / "encoder.pt")
    return [f"simclr_weights={tmp_path}/encoder.pt", f"imagenet_weights={tmp_path}/encoder.pt"]


def test_learns_lanes_and_writes_a_segmenter(tmp_path):
    out = tmp_path / "run"
    settings = ["epochs=8", "encoder.output_stride=8", "size=[48,96]", "optimizer.rate=0.003", "checkpoint_every=99"]
    path = finetune(finetuning(*settings), out, frames=both(26, 4))
    logged = metrics(out)
    assert logged["val/iou"][-1] > 0.2 > logged["val/iou"][0]
    assert {"val/accuracy", "val/fp", "val/fn", "val/f1"} <= set(logged)
    segmenter = load_segmenter(path)
    assert segmenter.size == (48, 96)
    picture = resize(torch.from_numpy(frames(1, "val").read(0)).permute(2, 0, 1), (48, 96))[None]
    with torch.no_grad():
        shown = segmenter.probability(picture)[0] > 0.5
    assert 0.02 < shown.float().mean() < 0.5


def test_arms_share_the_head_and_nothing_hidden(pretrained):
    modules = {arm: LaneTraining(finetuning(f"arm={arm}", *pretrained)) for arm in ARMS}
    heads = [module.segmenter.head.state_dict() for module in modules.values()]
    assert all(torch.equal(tensor, head[name]) for head in heads for name, tensor in heads[0].items())
    encoders = {arm: next(module.segmenter.encoder.parameters()) for arm, module in modules.items()}
    assert torch.equal(encoders["simclr"], encoders["baseline"])  # one file here
    assert not torch.equal(encoders["scratch"], encoders["baseline"])
    assert modules["simclr"].segmenter.normalize.std.flatten().tolist() == [1, 1, 1]
    assert modules["baseline"].segmenter.normalize.std.flatten().tolist() == [0.5, 0.5, 0.5]


def test_two_stages_train_the_head_first_and_the_backbone_slowly(tmp_path, pretrained, monkeypatch):
    seen = []
    step = LaneTraining.training_step

    def watch(self, batch, index):
        rates = {group["name"]: group["lr"] for group in self.optimizers().param_groups}
        encoder = self.segmenter.encoder
        state = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
        seen.append((self.current_epoch, rates["weights-0"], rates["weights-1"], encoder.training, state))
        return step(self, batch, index)

    monkeypatch.setattr(LaneTraining, "training_step", watch)
    config = finetuning(
        "arm=simclr", *pretrained, "epochs=4", "head_stage=0.5", "optimizer.warmup=0", "backbone_rate=0.2"
    )
    finetune(config, tmp_path / "run", frames=both())
    first = [one for one in seen if one[0] < 2]
    second = [one for one in seen if one[0] >= 2]
    assert len(first) == len(second) == 12
    for _, backbone, head, training, state in first:
        assert backbone == 0
        assert head > 0
        assert not training
        assert all(torch.equal(tensor, seen[0][4][name]) for name, tensor in state.items())  # statistics too
    assert all(training for _, _, _, training, _ in second)
    assert second[0][1] == pytest.approx(0.2 * 1e-3)
    assert first[0][2] == pytest.approx(1e-3)
    assert not torch.equal(second[-1][4]["network.conv1.0.weight"], seen[0][4]["network.conv1.0.weight"])


def test_single_schedule_has_one_rate_for_all(tmp_path, monkeypatch):
    rates = []
    step = LaneTraining.training_step

    def watch(self, batch, index):
        rates.append({group["lr"] for group in self.optimizers().param_groups})
        return step(self, batch, index)

    monkeypatch.setattr(LaneTraining, "training_step", watch)
    finetune(finetuning("epochs=1"), tmp_path / "run", frames=both())
    assert all(len(one) == 1 for one in rates)


def test_light_noise_falls_on_the_arm_that_asks_for_it(tmp_path, pretrained, monkeypatch):
    seen = {}
    for arm in ("baseline", "baseline_noise"):
        step = LaneTraining.training_step

        def watch(self, batch, index, step=step, arm=arm):
            seen.setdefault(arm, {}).update(zip(batch.key, batch.image, strict=True))
            return step(self, batch, index)

        with monkeypatch.context() as patched:
            patched.setattr(LaneTraining, "training_step", watch)
            config = finetuning(f"arm={arm}", *pretrained, "epochs=1", "noise.severity=5", "noise.effects=[gamma_over]")
            finetune(config, tmp_path / arm, frames=both())
    clean, noised = seen["baseline"], seen["baseline_noise"]
    assert clean.keys() == noised.keys()  # the same order too
    changed = [not torch.equal(clean[key], noised[key]) for key in clean]
    assert 0.2 < sum(changed) / len(changed) < 0.8


def test_loss_is_what_it_says():
    module = LaneTraining(finetuning("lane_weight=3", "dice=0.5"))
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 4, 5, generator=generator)
    masks = torch.randint(0, 2, (2, 4, 5), generator=generator)
    shown = logits.sigmoid()
    entropy = -(3 * masks * shown.log() + (1 - masks) * (1 - shown).log()).mean()
    dice = 1 - (2 * (shown * masks).sum() + 1) / (shown.sum() + masks.sum() + 1)
    assert module.loss(logits, masks).item() == pytest.approx((entropy + 0.5 * dice).item(), rel=1e-5)
    sure = (masks * 2.0 - 1) * 20
    assert module.loss(sure, masks) < 1e-6


def test_ablation_lies_between_baseline_and_simclr():
    recipes = ablation()
    assert len(set(recipes)) == 8
    names = [recipe.name for recipe in recipes]
    assert names[0] == "baseline"
    assert names[-1] == "simclr"
    assert "imagenet-unit-single" in names


def test_unlabelled_frames_are_told(tmp_path):
    labelled = both()
    bare = FrameSet([Frame(None, "a.jpg")], labelled["train"].reader)
    with pytest.raises(DataError, match=r"a\.jpg: has no lane label"):
        finetune(finetuning(), tmp_path / "run", frames={**labelled, "val": bare})
