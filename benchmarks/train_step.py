"""How fast is a training step of SimCLR, beside lightly's and the network alone, and how long does it wait for data?

    python -m benchmarks.train_step                             CUDA where there is one (bfloat16, batch 256), else CPU
    python -m benchmarks.train_step --device cpu --batch 16 --threads 1
    python -m benchmarks.train_step --wait --batch 16           also a short real run with the default loader

All have one network (ResNet-18 at 224), batch, precision and optimizer (SGD), and take turns. "ours" begins with the
8-bit views that the loader gives and normalises them in the step; "lightly" is the step of its documented example,
beginning with views that are normalised already; "network" is the encoder's forward and backward pass alone on such
views: the ceiling. Times are medians of interleaved rounds; a ratio is the median of ratios within rounds.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.speed import timing
from lightnoise import processors
from lightnoise_train.config import PretrainConfig, load
from lightnoise_train.data.views import Pair
from lightnoise_train.models.encoder import Encoder
from lightnoise_train.tasks import precision
from lightnoise_train.tasks.optimization import build_optimizer
from lightnoise_train.tasks.pretrain import SimCLR, pretrain

Step = Callable[[], None]
DTYPES = {"32-true": None, "bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}
CONFIG = load(PretrainConfig, None, ["optimizer.name=sgd", "optimizer.rate=0.06", "optimizer.weight_decay=5e-4"])


def ours(views: Pair, autocast: Callable[[], AbstractContextManager[Any]]) -> Step:
    """Return our step, as Lightning runs it, without its bookkeeping."""
    module = SimCLR(CONFIG).to(views.first.device, memory_format=torch.channels_last)
    module.log = lambda *_, **__: None  # type: ignore[method-assign,assignment]
    optimizer = build_optimizer(CONFIG.optimizer, [(module, 1.0)])

    def step() -> None:
        with autocast():
            loss = module.training_step(views, 0)
        optimizer.zero_grad()
        module.backward(loss)
        optimizer.step()

    return step


def theirs(first: Tensor, second: Tensor, autocast: Callable[[], AbstractContextManager[Any]]) -> Step:
    """Return the step of lightly's example of SimCLR, on the same network."""
    from lightly.loss import NTXentLoss
    from lightly.models.modules import SimCLRProjectionHead
    from torchvision.models import resnet18

    class Example(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone = nn.Sequential(*list(resnet18().children())[:-1])
            self.head = SimCLRProjectionHead(512, CONFIG.hidden, CONFIG.embedding)

        def forward(self, images: Tensor) -> Tensor:
            embeddings: Tensor = self.head(self.backbone(images).flatten(1))
            return embeddings

    model = Example().to(first.device)
    criterion = NTXentLoss(temperature=CONFIG.temperature)
    optimizer = build_optimizer(CONFIG.optimizer, [(model, 1.0)])

    def step() -> None:
        with autocast():
            loss = criterion(model(first), model(second))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    return step


def network(images: Tensor, autocast: Callable[[], AbstractContextManager[Any]]) -> Step:
    """Return the encoder's forward and backward pass."""
    encoder = Encoder(CONFIG.encoder.name).to(images.device, memory_format=torch.channels_last)

    def step() -> None:
        with autocast():
            features = encoder(images)
        encoder.zero_grad()
        features.backward(torch.ones_like(features))

    return step


def finished(step: Step, device: torch.device) -> Step:
    """Return a step that ends when the device has."""

    def whole() -> None:
        step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    return whole


def compare(device: torch.device, batch: int, seconds: float) -> None:
    """Print the table of steps."""
    chosen = precision.choose("auto", device.type)
    dtype = DTYPES[chosen]

    def autocast() -> AbstractContextManager[Any]:
        return torch.autocast(device.type, dtype, enabled=dtype is not None)

    views = Pair(*torch.randint(0, 256, (2, batch, 3, 224, 224), dtype=torch.uint8, device=device))
    first, second = ((view / 255.0 - 0.45) / 0.225 for view in views)
    both = torch.cat((first, second)).contiguous(memory_format=torch.channels_last)
    steps = {
        "ours": ours(views, autocast),
        "lightly": theirs(first, second, autocast),
        "lightly, channels_last": theirs(
            *(view.contiguous(memory_format=torch.channels_last) for view in (first, second)), autocast
        ),
        "network": network(both, autocast),
    }
    times: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        finished(step, device)()
        finished(step, device)()
    while len(times["ours"]) < 5 or sum(map(sum, times.values())) < seconds:
        for name, step in steps.items():
            times[name].append(timing.sample(finished(step, device)))
    where = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    print(
        f"{where}, {chosen}, batch {batch} (two views of each), torch {torch.__version__}, {len(times['ours'])} rounds"
    )
    print("| step | ms | images/s | × ours |")
    print("|---|---|---|---|")
    for name, values in times.items():
        ratio = statistics.median(one / own for one, own in zip(values, times["ours"], strict=True))
        median = statistics.median(values)
        print(f"| {name} | {1e3 * median:.1f} | {2 * batch / median:.1f} | {ratio:.3f} |")
    ceiling = statistics.median(one / own for one, own in zip(times["network"], times["ours"], strict=True))
    print(f"ours runs at {100 * ceiling:.1f} % of the network alone")


def wait(device: torch.device, batch: int, batches: int, workers: int) -> None:
    """Print the share of time in which a real run waited for data, after its first batches."""
    settings = [
        f"batch={batch}",
        f"data.count={batch * batches}",
        f"data.held_out={batch}",
        f"accelerator={'gpu' if device.type == 'cuda' else 'cpu'}",
        f"workers={workers}",
        "epochs=2",
        "log_every=4",
        "progress=false",
    ]
    with tempfile.TemporaryDirectory() as folder:
        pretrain(load(PretrainConfig, None, settings), Path(folder) / "run")
        with open(next(Path(folder).glob("run/logs/*/metrics.csv"))) as file:
            rows = [row for row in csv.DictReader(file) if row["speed/data_wait"]]
    shares = [float(row["speed/data_wait"]) for row in rows if row["epoch"] == "1"][1:]
    rates = [2 * float(row["speed/images_per_s"]) for row in rows if row["epoch"] == "1"][1:]
    print(
        f"a run with {workers} workers that draw scenes and light waits for data {100 * statistics.median(shares):.1f} "
        f"% of the time (at most {100 * max(shares):.1f} %), at {statistics.median(rates):.1f} images/s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--batch", type=int, help="images of a view [256 on CUDA, 32 on CPU]")
    parser.add_argument("--threads", type=int, default=processors.available(), help="of the CPU [all cores]")
    parser.add_argument("--seconds", type=float, default=60.0, help="for all steps together [60]")
    parser.add_argument("--wait", action="store_true", help="also measure the wait for data in a short real run")
    parser.add_argument("--workers", type=int, default=2, help="of that run [2]")
    parser.add_argument("--batches", type=int, default=24, help="an epoch of that run [24]")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.backends.cudnn.benchmark = True
    device = torch.device(options.device)
    batch = options.batch or (256 if device.type == "cuda" else 32)
    compare(device, batch, options.seconds)
    if options.wait:
        wait(device, batch, options.batches, options.workers)


if __name__ == "__main__":
    main()
