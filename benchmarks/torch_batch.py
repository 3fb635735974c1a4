"""How fast are batches in torch, beside the floor of reading the input once and writing the output once?

    python -m benchmarks.torch_batch                            CPU, and CUDA where there is one
    python -m benchmarks.torch_batch --device cpu --compile     with torch.compile too, as always on CUDA
    python -m benchmarks.torch_batch --quick                    a few samples each

Every row is ``render`` on a batch whose plan is made: "for all" with the same params for all images, "for each" with
params of its own for each. What making a plan costs the host is told apart. Compared with: Kornia's RandomGamma (where
installed); a chain as one would write it at first, image by image, by Fourier transforms of the whole frame, without
highlight recovery, its spectra made beforehand; ``lightnoise.chain`` image by image, on 8 bits; and a copy. The floor
is a batch read once and written once at the bandwidth of a large copy. Times are medians of interleaved rounds.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from scipy import fft

import lightnoise as ln
from benchmarks.speed import frames, report, timing
from benchmarks.speed.subjects import BLOOM, GAMMA, GLARE, NOISY, SUNNY
from lightnoise.adapters.torch import Plan, prepare, render
from lightnoise.functional.budget import share
from lightnoise.optics.psf import RadialPsf
from lightnoise.optics.starburst import starburst_kernel

Shape = tuple[int, int, int]
Call = Callable[[], Any]

#: Batch, height, width.
SHAPES: dict[str, list[Shape]] = {
    "cpu": [(16, 224, 224), (2, 720, 1280)],
    "cuda": [(256, 224, 224), (64, 720, 1280)],
}

CHAINS: dict[str, list[Any]] = {
    "gamma": [ln.GammaParams(gamma=1.4)],
    "gamma and exposure": [GAMMA],
    "bloom": [BLOOM],
    "glare: veil + starburst": [GLARE],
    "chain: bloom + glare + gamma": [BLOOM, GLARE, GAMMA],
    "chain with sensor noise": [BLOOM, GLARE, NOISY],
    "chain with sun and ghosts": [BLOOM, SUNNY, GAMMA],
}
WHOLE = "chain: bloom + glare + gamma"
COMPILED = ", compiled"

#: A copy of this many bytes gives the bandwidth.
COPIED_BYTES = {"cpu": 1 << 28, "cuda": 1 << 31}


@dataclass(frozen=True)
class Cell:
    """One figure: seconds for a batch, and how many times the floor; ``peak_bytes`` beside input and plan, on CUDA."""

    name: str
    device: str
    dtype: str
    shape: Shape
    seconds: float
    floors: float
    peak_bytes: int | None = None

    @property
    def rate(self) -> float:
        """Images per second."""
        return self.shape[0] / self.seconds


def main(arguments: list[str] | None = None) -> None:
    """Measure, print and save."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    warnings.simplefilter("ignore")  # peers' own
    devices = options.device or (["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"])
    seconds = options.seconds or (0.3 if options.quick else 3.0)
    result: dict[str, Any] = {
        "machine": report.machine() | {"threads": options.threads},
        "versions": report.versions() | {"torch": torch.__version__},
        "bandwidths": {},
        "cells": [],
        "prepare": [],
        "absent": {},
    }
    if "cuda" in devices:
        result["machine"]["device"] = torch.cuda.get_device_name()
    try:
        for device in devices:
            bandwidth = result["bandwidths"][device] = copy_bandwidth(device)
            for shape in options.sizes or SHAPES[device]:
                _say(f"{device}, {'x'.join(map(str, shape))}")
                result["prepare"] += prepare_seconds(device, shape)
                for name in options.dtypes:
                    dtype = getattr(torch, name)
                    calls = dict(_subjects(device, dtype, shape, options, result["absent"]))
                    result["cells"] += measure(calls, device, dtype, shape, bandwidth, seconds)
    finally:
        for path, text in ((options.json, _json(result)), (options.markdown, _markdown(result))):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        print(_markdown(result))


def copy_bandwidth(device: str) -> float:
    """Return bytes read and written per second by a large copy."""
    source = torch.ones(COPIED_BYTES[device] // 4, device=device)
    target = torch.empty_like(source)
    stat = timing.rounds({"copy": _synced(lambda: target.copy_(source), device)}, 1.0, least=7)["copy"]
    return 2.0 * source.nbytes / stat.median


def measure(
    calls: dict[str, Call], device: str, dtype: torch.dtype, shape: Shape, bandwidth: float, seconds: float
) -> list[Cell]:
    """Time what is to be compared in turn."""
    batch, height, width = shape
    floor = 2.0 * batch * 3 * height * width * dtype.itemsize / bandwidth
    peaks = {}
    with torch.no_grad():  # from the first call on: what is compiled with gradients is compiled anew without
        for name, call in list(calls.items()):
            try:
                first = timing.sample(call)
                if name.endswith(COMPILED):
                    _say(f"{name}: the first call took {first:.0f} s")
                peaks[name] = _peak_bytes(call) if device == "cuda" else None
            except torch.OutOfMemoryError:
                _say(f"{name}: not enough memory on the device")
                del calls[name]
        stats = timing.rounds(calls, seconds, least=3)
    kind = str(dtype).removeprefix("torch.")
    return [
        Cell(name, device, kind, shape, stat.median, stat.median / floor, peaks[name]) for name, stat in stats.items()
    ]


def prepare_seconds(device: str, shape: Shape) -> list[dict[str, Any]]:
    """Return what the host spends on each image's params before the device can begin."""
    rng = np.random.default_rng(0)
    told = []
    for name in ("oncoming_headlights", "low_sun"):
        _plan([ln.preset(name).sample(rng, (*shape[1:], 3))], shape, device)  # what is made once
        drawn = [ln.preset(name).sample(rng, (*shape[1:], 3)) for _ in range(16)]
        times = []
        for _ in range(2):
            start = time.perf_counter()
            _plan(drawn, shape, device)
            if device == "cuda":
                torch.cuda.synchronize()
            times.append((time.perf_counter() - start) / len(drawn))
        told.append({"preset": name, "device": device, "shape": shape, "new": times[0], "seen": times[1]})
    return told


def _subjects(
    device: str, dtype: torch.dtype, shape: Shape, options: argparse.Namespace, absent: dict[str, str]
) -> Iterator[tuple[str, Call]]:
    """Yield what is timed, by name."""
    batch, height, width = shape
    picture = frames.night(width, height)
    codes = np.stack([np.roll(picture, 7 * i, axis=1) for i in range(batch)])
    images = (torch.from_numpy(codes).permute(0, 3, 1, 2).float() / 255.0).to(device, dtype).contiguous()

    target = torch.empty_like(images)
    yield "copy", _synced(lambda: target.copy_(images), device)
    for name, params in CHAINS.items():
        plan = _plan(params, shape, device)
        yield f"{name}, for all", _rendering(render, images, plan, device)
    own = [_varied(CHAINS[WHOLE], i) for i in range(batch)]
    yield f"{WHOLE}, for each", _rendering(render, images, _plan(own, shape, device), device)
    if options.compile or (options.compile is None and device == "cuda"):
        torch.compiler.reset()  # its limit is for a function, and every size is compiled anew
        fast = torch.compile(render, fullgraph=True)
        # each is compiled apart, which takes C++ on the CPU half a minute to two
        for name in (WHOLE, "chain with sensor noise") if device == "cuda" else (WHOLE,):
            yield f"{name}, for all{COMPILED}", _rendering(fast, images, _plan(CHAINS[name], shape, device), device)
        if device == "cuda":
            yield f"{WHOLE}, for each{COMPILED}", _rendering(fast, images, _plan(own, shape, device), device)
    if dtype is torch.float32:
        yield f"{WHOLE}, image by image, FFT", _synced(naive_chain(images), device)
    if device == "cpu" and dtype is torch.float32:
        yield f"{WHOLE}, lightnoise.chain on 8 bits", lambda: [ln.chain(one, CHAINS[WHOLE]) for one in codes]
    try:
        from kornia.augmentation import RandomGamma
    except Exception as error:
        absent["kornia"] = str(error).splitlines()[0]
        return
    transform = RandomGamma(gamma=(1.4, 1.4), gain=(1.0, 1.0), p=1.0)
    yield "Kornia RandomGamma", _synced(lambda: transform(images), device)


def naive_chain(images: torch.Tensor) -> Call:
    """Return the chain as a loop over images, each convolved with the whole spread function by FFT, zero-padded."""
    height, width = images.shape[2:]
    size = [fft.next_fast_len(2 * n, real=True) for n in (height, width)]
    camera = ln.Camera()
    budget = share(BLOOM, GLARE, camera, height, width)
    kernel = budget.bloom * _radial_kernel(budget.bloom_psf, size, camera.focal_px(width)[1])
    kernel += budget.veil * _radial_kernel(budget.veil_psf, size, camera.focal_px(width)[1])
    kernel = np.repeat(kernel[None], 3, axis=0)
    kernel[:, 0, 0] += budget.direct
    reach = min(width // 4, (min(size) - 1) // 2)
    spikes = starburst_kernel(GLARE.blades, camera.f_number, camera.pitch_um(width), radius_px=reach)
    for y in range(-reach, reach + 1):
        kernel[:, y, np.arange(-reach, reach + 1)] += budget.starburst * spikes[y + reach].T
    transfer = torch.from_numpy(fft.rfft2(kernel).astype(np.complex64)).to(images.device)

    def one(image: torch.Tensor) -> torch.Tensor:
        light = torch.where(image <= 0.04045, image / 12.92, ((image + 0.055) / 1.055) ** 2.4)
        light = torch.fft.irfft2(torch.fft.rfft2(light, s=size) * transfer, s=size)[:, :height, :width]
        light = (light * 2.0**GAMMA.exposure_ev).clamp(0.0, 1.0)
        encoded = torch.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1.0 / 2.4) - 0.055)
        return encoded**GAMMA.gamma

    return lambda: torch.stack([one(image) for image in images])


def _radial_kernel(psf: RadialPsf, size: list[int], focal: float) -> np.ndarray:
    y, x = (np.minimum(np.arange(n), n - np.arange(n)) / focal for n in size)
    density = psf.density(np.hypot(y[:, None], x))
    return np.asarray(density / density.sum())


def _varied(params: list[Any], number: int) -> list[Any]:
    """Return the chain with a radius, a veil and an exposure of its own."""
    bloom, glare, gamma = params
    part = math.modf(0.618 * number)[0]
    return [
        replace(bloom, radius_deg=round(1.0 + part, 2)),
        replace(glare, veil=0.02 + 0.05 * part),
        replace(gamma, exposure_ev=part),
    ]


def _plan(params: Any, shape: Shape, device: str) -> Plan:
    return prepare(params, height=shape[1], width=shape[2], device=device)


def _rendering(function: Callable[..., Any], images: torch.Tensor, plan: Plan, device: str) -> Call:
    return _synced(lambda: function(images, plan), device)


def _synced(call: Call, device: str) -> Call:
    if device == "cpu":
        return call

    def waiting() -> None:
        call()
        torch.cuda.synchronize()

    return waiting


def _peak_bytes(call: Call) -> int:
    """Return how much more memory the device holds at the call's highest than before, its result included."""
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    call()
    return torch.cuda.max_memory_allocated() - before


def _json(result: dict[str, Any]) -> str:
    return json.dumps(result | {"cells": [asdict(cell) for cell in result["cells"]]}, indent=1) + "\n"


def _markdown(result: dict[str, Any]) -> str:
    lines = [
        "# Batches in torch",
        "",
        "; ".join(f"{name} {value}" for name, value in result["machine"].items())
        + f"; load average {os.getloadavg()[0]:.1f} at the end.",
        "Versions: " + ", ".join(f"{name} {value}" for name, value in result["versions"].items()) + ".",
        *(
            f"Copy on {device}: {value / 1e9:.1f} GB/s read and written."
            for device, value in result["bandwidths"].items()
        ),
        *(["Absent: " + "; ".join(f"{a} ({b})" for a, b in result["absent"].items()) + "."] * bool(result["absent"])),
    ]
    seen: tuple[str, str, Shape] | None = None
    for cell in result["cells"]:
        if (cell.device, cell.dtype, cell.shape) != seen:
            seen = cell.device, cell.dtype, cell.shape
            batch, height, width = cell.shape
            lines += ["", f"## {cell.device}, {batch}x3x{height}x{width}, {cell.dtype}", ""]
            lines += ["| | ms per batch | images/s | × floor | peak MiB |", "|---|---:|---:|---:|---:|"]
        peak = "" if cell.peak_bytes is None else f"{cell.peak_bytes / 2**20:.0f}"
        lines.append(f"| {cell.name} | {1e3 * cell.seconds:.2f} | {cell.rate:.0f} | {cell.floors:.1f} | {peak} |")
    if result["prepare"]:
        lines += ["", "## Preparing params on the host, ms per image", ""]
        lines += ["| preset | device | frame | new params | seen before |", "|---|---|---|---:|---:|"]
    for told in result["prepare"]:
        _, height, width = told["shape"]
        lines.append(
            f"| {told['preset']} | {told['device']} | {width}x{height} | {1e3 * told['new']:.2f} "
            f"| {1e3 * told['seen']:.2f} |"
        )
    return "\n".join(lines) + "\n"


def _parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="python -m benchmarks.torch_batch",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    result.add_argument("--device", nargs="+", choices=("cpu", "cuda"), help="[cpu, and cuda where there is one]")
    result.add_argument("--sizes", nargs="+", type=_shape, metavar="BxHxW", help="[16x224x224 2x720x1280; 256x, 64x]")
    result.add_argument(
        "--dtypes",
        nargs="+",
        choices=("float32", "bfloat16", "float16"),
        default=["float32"],
        metavar="DTYPE",
        help="of float32, bfloat16, float16 [float32]",
    )
    result.add_argument(
        "--compile",
        action=argparse.BooleanOptionalAction,
        help="measure torch.compile too, on the CPU for the whole chain: minutes of compiling [on CUDA]",
    )
    result.add_argument("--threads", type=int, default=1, help="CPU threads of torch [1]")
    result.add_argument("--quick", action="store_true", help="a short run: less time for each figure")
    result.add_argument("--seconds", type=float, help="time for each row [3; quick 0.3]")
    for name, suffix in (("json", "json"), ("markdown", "md")):
        path = Path("benchmarks/results") / f"torch_batch.{suffix}"
        result.add_argument(f"--{name}", type=Path, default=path, metavar="FILE", help="[%(default)s]")
    return result


def _shape(text: str) -> Shape:
    parts = text.split("x")
    if len(parts) != 3 or not all(part.isdigit() and int(part) > 0 for part in parts) or min(map(int, parts[1:])) < 32:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write BATCHxHEIGHTxWIDTH, the last two at least 32")
    batch, height, width = map(int, parts)
    return batch, height, width


_START = time.perf_counter()


def _say(text: str) -> None:
    print(f"[{time.perf_counter() - _START:5.0f} s] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
