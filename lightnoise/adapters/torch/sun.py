"""An added sun's stray light in the frames of all samples at once, as in `lightnoise.functional.sun`.

What is a function of one number, such as a veil of the angle or a spike's section of the distance across it, is
tabulated on the host, and so are the few cells next to a sun; the images are made on the device.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lightnoise.adapters.torch.patches import Patch, Patches
from lightnoise.adapters.torch.placing import column, place
from lightnoise.camera import Camera
from lightnoise.constants import SUN_RADIUS_DEG
from lightnoise.functional import sun as suns
from lightnoise.functional.budget import Budget
from lightnoise.functional.grid import Grid
from lightnoise.functional.sun import Sun
from lightnoise.optics.aperture import Iris
from lightnoise.optics.psf import RadialPsf, truncation_deg
from lightnoise.optics.spectrum import WAVELENGTHS_NM, rgb_weights
from lightnoise.optics.starburst import Pattern
from lightnoise.params import GlareParams

Array = NDArray[np.float64]
Index = NDArray[np.int64]

#: What stands for the sun of a sample that has none.
_DARK = Sun((0.0, 0.0, -1.0), 0.0)

#: Where it is, in cells from the frame's centre.
_NOWHERE = (-1e4, -1e4)

#: Entries of a veil's table, in even steps of the logarithm of the angle, from the sun's edge to where the veil ends.
_ANGLES = 512

_SUN_RADIUS = math.radians(SUN_RADIUS_DEG)


def stray(
    lights: Sequence[Sun | None],
    budgets: Sequence[Budget],
    glares: Sequence[GlareParams],
    camera: Camera,
    grid: Grid,
    channels: int,
    device: torch.device,
) -> Tensor | None:
    """Return the suns' bloom, veil and starburst on a grid, (B or 1, C, h, w); None if there is no sun."""
    if not any(lights):
        return None
    shining = [sun if sun is not None else _DARK for sun in lights]
    veil = _veil(shining, budgets, grid, device)
    bursts = [
        budget.starburst * sun.light(grid) if sun.has_picture else 0.0
        for sun, budget in zip(shining, budgets, strict=True)
    ]
    if not any(bursts):
        return veil.repeat(1, channels, 1, 1)
    lit = [sun if burst else _DARK for sun, burst in zip(shining, bursts, strict=True)]
    spikes = _blurred(_spikes(lit, glares, camera, grid, device), suns.disc_kernel(grid)) * column(bursts, device)
    return veil + (spikes if channels == 3 else spikes.mean(1, keepdim=True))


def _veil(lights: Sequence[Sun], budgets: Sequence[Budget], grid: Grid, device: torch.device) -> Tensor:
    """Return E·p(θ) of bloom and veil, (B or 1, 1, h, w)."""
    up, right = (place(values, device) for values in _tangents(grid))
    sun_right, sun_up, sun_forward = (
        column(values, device) for values in zip(*(sun.direction for sun in lights), strict=True)
    )
    # by the cross product too, since the cosine alone does not tell small angles
    across = [up * sun_forward - sun_up, sun_right - right * sun_forward, right * sun_up - up * sun_right]
    sine = torch.stack([part.square().expand(-1, -1, grid.height, grid.width) for part in across]).sum(0).sqrt()
    theta = torch.atan2(sine, right * sun_right + up * sun_up + sun_forward).clamp(min=_SUN_RADIUS)
    total = torch.zeros_like(theta)
    for parts, psfs in (
        ([budget.bloom for budget in budgets], [budget.bloom_psf for budget in budgets]),
        ([budget.veil for budget in budgets], [budget.veil_psf for budget in budgets]),
    ):
        weights = [part * sun.irradiance for part, sun in zip(parts, lights, strict=True)]
        if any(weights):
            total += _per_steradian(psfs, theta, device) * column(weights, device)
    return total


def _tangents(grid: Grid) -> tuple[Array, Array]:
    """Return the tangents of the cells' directions, up (h, 1) and right (1, w)."""
    y, x = suns.centre_offsets(grid)
    return -y / grid.focal_y, x / grid.focal_x


def _per_steradian(psfs: Sequence[RadialPsf], theta: Tensor, device: torch.device) -> Tensor:
    """Return the density per steradian at angles (B or 1, 1, h, w), read from a table for each sample."""
    tabulated = [_log_densities(psf) for psf in psfs]
    limit = column([end for end, _ in tabulated], device)
    table = place(np.stack([values for _, values in tabulated]), device)
    at = (torch.log(theta / _SUN_RADIUS) / torch.log(limit / _SUN_RADIUS) * (_ANGLES - 1)).clamp(max=_ANGLES - 1)
    low = at.floor().clamp(max=_ANGLES - 2)
    index = low.long().flatten(1)
    below, above = (table.gather(1, index + k).view(at.shape) for k in (0, 1))
    return torch.exp(torch.lerp(below, above, at - low)) * (theta <= limit)


@lru_cache(maxsize=1024)
def _log_densities(psf: RadialPsf) -> tuple[float, Array]:
    """Return where a PSF ends, radians, and the logarithm of its density per steradian from the sun's edge to there."""
    limit = math.radians(89.0 if psf.name == "moffat" else min(89.0, truncation_deg(psf.name)))
    theta = np.geomspace(_SUN_RADIUS, limit * (1.0 - 1e-6), _ANGLES)
    return limit, np.log(suns.density_per_steradian(psf, theta))


@dataclass(frozen=True)
class _Far:
    """An iris's light far from its source, where fringes average out; see `lightnoise.optics.starburst`.

    Parameters
    ----------
    normals : ndarray of shape (K, 2)
        Cosine and sine of the directions that the edges face: a ridge of light lies along each.
    step, last : ndarray of shape (K,)
        Micrometres between the entries of ``sections``, and index of the last one that counts.
    sections : ndarray of shape (K, n, 3), float32
        Light by the distance across a ridge.
    halo : ndarray of shape (3,)
        A round iris's light, times distance³.
    """

    normals: Array
    step: Array
    last: Array
    sections: NDArray[np.float32]
    halo: Array


@lru_cache(maxsize=64)
def _far(blades: int, rotation_deg: float, f_number: float, width: float, height: float) -> _Far:
    """Return the far light in pixels of ``width`` x ``height`` micrometres."""
    if not blades:
        halo = f_number * 1e-3 * WAVELENGTHS_NM @ rgb_weights() * width * height / math.pi**3
        return _Far(np.zeros((0, 2)), np.zeros(0), np.zeros(0), np.zeros((0, 0, 3), np.float32), halo)
    iris = Iris(blades, rotation_deg)
    pattern = Pattern(iris, f_number, width, height, 0.0)
    normals, facing = pattern.edge_normals()
    brightness = facing * width * height * iris.side**2 / (4.0 * math.pi**2 * Iris.area)
    profiles = [pattern.ridge_profile(abs(width * sine), abs(height * cosine)) for cosine, sine in normals]
    sections = np.zeros((len(normals), max(len(table) for table, _ in profiles), 3), np.float32)
    for section, (table, _) in zip(sections, profiles, strict=True):
        section[: len(table)] = brightness * table
    step = np.array([step for _, step in profiles])
    last = np.array([len(table) - 1 for table, _ in profiles])
    return _Far(np.array(normals), step, last, sections, np.zeros(3))


def _spikes(
    lights: Sequence[Sun], glares: Sequence[GlareParams], camera: Camera, grid: Grid, device: torch.device
) -> Tensor:
    """Return points' starbursts at the suns' places, (B or 1, 3, h, w), in parts of their light."""
    width, height = grid.pitch_um, grid.pitch_um / grid.cell_aspect
    seen = next(glare for sun, glare in zip(lights, glares, strict=True) if sun.has_picture)
    irises = [glare if sun.has_picture else seen for sun, glare in zip(lights, glares, strict=True)]
    places = np.array([sun.offset(grid) if sun.has_picture else _NOWHERE for sun in lights])
    down, right = (cells.ravel() - at[:, None] for cells, at in zip(suns.centre_offsets(grid), places.T, strict=True))

    far = _far_light(
        [_far(iris.blades, iris.rotation_deg, camera.f_number, width, height) for iris in irises],
        place(-height * down, device)[:, None, :, None],
        place(width * right, device)[:, None, None, :],
    )
    rows, columns = (np.abs(cells) < suns.NEAR_CELLS for cells in (down, right))
    is_near = place(rows, device)[:, None, :, None] * place(columns, device)[:, None, None, :]
    patches = [
        _near(iris, camera, grid, down[i], right[i], np.flatnonzero(rows[i]), np.flatnonzero(columns[i]))
        for i, iris in enumerate(irises)
    ]
    near = Patches.of(patches, (grid.height, grid.width), device)
    far = far * (1.0 - is_near)
    return far if near is None else near.add(far)


def _far_light(irises: Sequence[_Far], up: Tensor, right: Tensor) -> Tensor:
    """Return the far light at places up (B or 1, 1, h, 1) and right (B or 1, 1, 1, w), micrometres."""
    device = up.device
    squared = (up.square() + right.square()).clamp(min=1e-3)
    light = squared**-1.5 * place([iris.halo for iris in irises], device)[:, :, None, None]
    count = max(len(iris.step) for iris in irises)
    length = max(iris.sections.shape[1] for iris in irises)
    numbers = np.ones((4, len(irises), count))
    sections = np.zeros((count, len(irises), length, 3), np.float32)
    for i, iris in enumerate(irises):
        numbers[:, i, : len(iris.step)] = *iris.normals.T, iris.step, iris.last
        sections[: len(iris.step), i, : iris.sections.shape[1]] = iris.sections
    tables = place(sections, device).flatten(1, 2)
    first = (torch.arange(len(irises), device=device) * length).view(-1, 1, 1, 1)
    for k in range(count):
        cosine, sine, step, last = (column(values[:, k], device) for values in numbers)
        across, end = (up * cosine - right * sine).abs(), step * last
        # beyond the table's end, sinc² is 1/t² on average
        fall = ((right * cosine + up * sine) / squared * (end / torch.maximum(across, end))).square()
        index = torch.minimum(across / step + 0.5, last).long() + first
        section = tables[k].index_select(0, index.flatten()).view(*index.shape, 3).transpose(1, 4).squeeze(4)
        light = torch.addcmul(light, section, fall)
    return light


def _near(
    iris: GlareParams, camera: Camera, grid: Grid, down: Array, right: Array, rows: Index, columns: Index
) -> Patch | None:
    """Return the cells next to a sun, interpolated between whole offsets; None if they are not in the frame."""
    if not (len(rows) and len(columns)):
        return None
    whole = suns.near_spikes(iris.blades, camera.f_number, grid.pitch_um, iris.rotation_deg, grid.cell_aspect)
    light = np.zeros((len(rows), len(columns), 3), np.float32)
    for (i, share_y), (k, share_x) in itertools.product(
        suns.linear_shares(down[rows[0]]), suns.linear_shares(right[columns[0]])
    ):
        light += np.float32(share_y * share_x) * whole[i : i + len(rows), k : k + len(columns)]
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1), light


def _blurred(image: Tensor, kernel: NDArray[np.float32]) -> Tensor:
    """Return (B, C, h, w) convolved with a small symmetric kernel, reflected at the borders."""
    reflected = image
    for axis, length in zip((2, 3), kernel.shape, strict=True):
        index = np.pad(np.arange(image.shape[axis]), length // 2, mode="reflect")
        reflected = reflected.index_select(axis, torch.from_numpy(index).to(image.device))
    height, width = image.shape[2:]
    out = torch.zeros_like(image)
    for y, x in np.argwhere(kernel > 0.0).tolist():
        out.add_(reflected[:, :, y : y + height, x : x + width], alpha=float(kernel[y, x]))
    return out
