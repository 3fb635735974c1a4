"""How far is the pyramid from a convolution with the true point-spread function?

Frames are decoded, their highlights recovered, and light is scattered twice: by the pyramid in float32, and by FFT
convolution in float64 with the PSF itself (integrated over pixels near its centre, reflected at the borders). Both are
encoded; the error is the difference in 8-bit code values before rounding, over all frames' pixels.

    python benchmarks/psf_accuracy.py --in night/*.jpg --json accuracy.json
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from lightnoise import Camera
from lightnoise.functional import codec
from lightnoise.optics import mixture, pyramid
from lightnoise.optics.psf import RadialPsf
from lightnoise.optics.recovery import recover
from lightnoise.optics.response import encode

Array = NDArray[Any]

RADII_DEG = (0.1, 0.3, 1.0, 3.0, 10.0, 20.0)
FALLOFFS = (-2.3, -3.0, -4.0)


def reference_kernel(psf: RadialPsf, focal_y: float, focal_x: float, height: int, width: int) -> Array:
    """Return the PSF on a torus of 2H × 2W pixels, its point at [0, 0], sum 1.

    A picture reflected at its borders repeats with the period 2H × 2W. The PSF's light from the nearest repetitions is
    added up; what is farther, past a whole picture on every side, is spread evenly.
    """
    period_y, period_x = 2 * height, 2 * width
    y = (np.arange(period_y) + height) % period_y - height
    x = (np.arange(period_x) + width) % period_x - width
    log_rho = np.linspace(math.log(1e-4), math.log(1e3), 60001)
    log_density = np.log(psf.density(np.exp(log_rho)) + 1e-300)

    def sampled(down: Array, right: Array) -> Array:
        rho = np.hypot((down / focal_y)[:, None], (right / focal_x)[None, :])
        return np.asarray(np.exp(np.interp(np.log(np.maximum(rho, 1e-4)), log_rho, log_density)) / (focal_y * focal_x))

    kernel = np.zeros((period_y, period_x))
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            kernel += sampled(y + down * period_y, x + right * period_x)
    near = (
        np.arange(-min(16, height // 2), min(16, height // 2) + 1),
        np.arange(-min(16, width // 2), min(16, width // 2) + 1),
    )
    kernel[np.ix_(*near)] -= sampled(*near)
    rows, columns = (grid.ravel() for grid in np.meshgrid(*near, indexing="ij"))
    kernel[rows, columns] += mixture.light_per_pixel(psf, rows, columns, focal_y, focal_x)
    rest = 1.0 - kernel.sum()
    return np.asarray(kernel + rest / kernel.size)


def convolve_reflected(light: Array, kernel: Array) -> Array:
    """Return ``light`` (H, W, C), continued by half-sample reflection, convolved with a `reference_kernel`."""
    height, width = light.shape[:2]
    whole = np.concatenate([light, light[::-1]], axis=0)
    whole = np.concatenate([whole, whole[:, ::-1]], axis=1).astype(np.float64)
    transfer = fft.rfft2(kernel)
    planes = [fft.irfft2(fft.rfft2(whole[..., c]) * transfer, whole.shape[:2]) for c in range(light.shape[2])]
    return np.stack(planes, axis=2)[:height, :width]


def pyramid_spread(light: Array, psf: RadialPsf, focal_y: float, focal_x: float) -> Array:
    """Return ``light`` (H, W, C) spread by the PSF as the pyramid does it."""
    height, width = light.shape[:2]
    fitted = mixture.fit(psf, focal_y, focal_x, height, width)
    levels = pyramid.build(light, pyramid.level_sizes(height, width, round(focal_y / focal_x, 6)))
    return np.asarray(np.float32(fitted.direct) * light + pyramid.collapse(levels, fitted.weights))


def code_errors(light: Array, psf: RadialPsf, camera: Camera, scatter: float) -> Array:
    """Return |pyramid − reference| in 8-bit code values after encoding, of shape (H, W, C)."""
    height, width = light.shape[:2]
    focal_y, focal_x = camera.focal_px(width)
    exact = convolve_reflected(light, reference_kernel(psf, focal_y, focal_x, height, width))
    fast = pyramid_spread(light, psf, focal_y, focal_x)
    codes = [
        255.0 * encode(np.clip((1.0 - scatter) * light + scatter * spread, 0.0, 1.0), camera.response)
        for spread in (exact, fast)
    ]
    return np.asarray(np.abs(codes[1] - codes[0]))


def psfs() -> dict[str, RadialPsf]:
    """Return the PSFs of the table by name."""
    table = {f"moffat {s:g}, {r:g} deg": RadialPsf("moffat", r, s) for s in FALLOFFS for r in RADII_DEG}
    return table | {name: RadialPsf(name) for name in ("harvey", "cie")}


def frames(paths: list[Path], camera: Camera) -> Iterator[tuple[str, Array]]:
    """Yield name and linear light with recovered highlights: of the files, or of one embedded scene of each kind."""
    pictures: Iterator[tuple[str, Array]]
    if paths:
        from PIL import Image

        pictures = ((path.name, np.asarray(Image.open(path).convert("RGB"))) for path in paths)
    else:
        from lightnoise import scenes

        pictures = ((s.kind, s.image) for s in scenes.default_set(n_per_kind=1, size=(720, 1280)))
    for name, image in pictures:
        light = codec.decode(image, camera.response)
        yield name, recover(light, camera.highlight_gain, *camera.focal_px(image.shape[1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--in", dest="files", type=Path, nargs="+", default=[], metavar="FILE", help="pictures [embedded scenes]"
    )
    parser.add_argument("--fov-deg", type=float, default=60.0, help="horizontal field of view [60]")
    parser.add_argument("--gain", type=float, default=1000.0, help="highlight_gain [1000]")
    parser.add_argument("--scatter", type=float, default=0.2, help="scattered fraction [0.2]")
    parser.add_argument("--json", type=Path, help="write the table here too")
    args = parser.parse_args()
    camera = Camera(fov_deg=args.fov_deg, highlight_gain=args.gain)
    lights = list(frames(args.files, camera))
    rows = []
    print(f"{len(lights)} frames, scatter {args.scatter:g}, errors in 8-bit code values")
    print(f"{'psf':20} {'max':>7} {'p99.9':>7}   worst frame by p99.9")
    for name, psf in psfs().items():
        worst = ("", 0.0)
        errors = []
        for frame, light in lights:
            errors.append(code_errors(light, psf, camera, args.scatter).ravel().astype(np.float32))
            worst = max(worst, (frame, float(np.quantile(errors[-1], 0.999))), key=lambda one: one[1])
        whole = np.concatenate(errors)
        row = {
            "psf": name,
            "max": float(whole.max()),
            "p99.9": float(np.quantile(whole, 0.999)),
            "worst_frame": worst[0],
            "worst_p99.9": worst[1],
        }
        rows.append(row)
        print(f"{name:20} {row['max']:7.2f} {row['p99.9']:7.2f}   {worst[1]:.2f} {worst[0]}", flush=True)
    if args.json:
        frame_names = [name for name, _ in lights]
        args.json.write_text(
            json.dumps({**vars(args), "files": frame_names, "json": None, "rows": rows}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
