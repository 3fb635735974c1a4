"""A radial point-spread function as a non-negative sum of a pyramid's impulse responses.

Every PSF that falls with the angle and has no ring is a Gaussian scale mixture; the pyramid's levels are such
scales, half an octave apart. The weights are found once per PSF, focal length and image size by non-negative least
squares against the pyramid's real impulse responses, after which the cost does not depend on the radius.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lightnoise.optics import pyramid
from lightnoise.optics.psf import RadialPsf

Array = NDArray[np.float64]

#: Pixels around the source over which the PSF is integrated instead of sampled.
CORE_PX = 24

#: Weight of an error in the light enclosed by a square (a fraction of the whole) against one sample's relative error.
ENERGY_WEIGHT = 100.0

#: Octaves beyond the frame over which the PSF's tail is fitted too; reflected at the borders, it lights all evenly.
BEYOND_OCTAVES = 8

#: … of which the outermost have no samples, because no wider level stands beside them.
UNSAMPLED_OCTAVES = 2

#: Levels whose impulse response is built tap by tap; above, it is the same shape at another scale.
EXACT_LEVELS = 5


@dataclass(frozen=True)
class Mixture:
    """Weights of the image itself and of every level: ``direct`` + ``weights.sum()`` = 1.

    Parameters
    ----------
    direct : float
        Light that stays within the pixel.
    weights : ndarray of shape (levels, 2)
        Per level: as it is, and smoothed (see `pyramid.collapse`).
    error : float
        Root mean square relative error of the fit over its samples.
    """

    direct: float
    weights: Array
    error: float


@lru_cache(maxsize=256)
def fit(psf: RadialPsf, focal_y: float, focal_x: float, height: int, width: int) -> Mixture:
    """Fit a PSF to the pyramid of an image.

    Parameters
    ----------
    psf : RadialPsf
        What to fit.
    focal_y, focal_x : float
        Focal lengths in pixels.
    height, width : int
        Size of the image, pixels.

    Returns
    -------
    Mixture
    """
    from scipy.optimize import nnls

    sizes = pyramid.level_sizes(height, width, round(focal_y / focal_x, 6))
    dy, dx = _sample_points(height, width, focal_y, focal_x)
    target = _per_pixel(psf, dy, dx, focal_y, focal_x)
    lit = target > 0.0  # a truncated PSF ends; no sum of smooth levels can be asked to
    dy, dx, target = dy[lit], dx[lit], target[lit]
    columns = [(level, j) for level in range(len(sizes) + BEYOND_OCTAVES) for j in (0, 1)]
    columns.remove((0, 0))  # the image itself comes last
    responses_y = impulse_responses(tuple(size[0] for size in sizes))
    responses_x = impulse_responses(tuple(size[1] for size in sizes))
    basis = [_at(responses_y[c], dy) * _at(responses_x[c], dx) for c in columns]
    basis.append(np.zeros(len(target)))  # what lies farther still
    basis.append(((dy == 0) & (dx == 0)).astype(float))
    matrix = np.stack(basis, axis=1) / target[:, None]
    squares = _square_halfwidths(height, width, focal_y, focal_x)
    enclosed = np.stack(
        [_within(responses_y[c], squares * focal_y) * _within(responses_x[c], squares * focal_x) for c in columns]
        + [0.0 * squares, 1.0 + 0.0 * squares],
        axis=1,
    )
    whole = np.ones((1, len(basis)))
    solution, _ = nnls(
        np.vstack([matrix, ENERGY_WEIGHT * enclosed, ENERGY_WEIGHT * whole]),
        np.concatenate([np.ones(len(target)), ENERGY_WEIGHT * _square_light(psf, squares), [ENERGY_WEIGHT]]),
    )
    solution /= solution.sum()
    weights = np.zeros((len(sizes) + BEYOND_OCTAVES, 2))
    for (level, j), value in zip(columns, solution[:-2], strict=True):
        weights[level, j] = value
    evenly = solution[-2] + weights[len(sizes) - 1 :].sum()
    weights = weights[: len(sizes)]
    weights[-1] = evenly, 0.0
    error = math.sqrt(float(np.mean((matrix @ solution - 1.0) ** 2)))
    return Mixture(float(solution[-1]), weights, error)


def _reach(height: int, width: int) -> float:
    """Return the distance of the outermost samples, pixels."""
    return 2.0 ** (BEYOND_OCTAVES - UNSAMPLED_OCTAVES) * math.hypot(height, width)


def _sample_points(height: int, width: int, fy: float, fx: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return offsets in pixels: all near ones, then rings a sixth of an octave apart along three directions."""
    near = [(i, j) for i in range(7) for j in range(7)]
    reach = _reach(height, width)
    rings = 6.0 * 2.0 ** (np.arange(0, math.log2(max(reach, 12.0) / 6.0), 1.0 / 6.0))
    pitch = min(fy, fx)
    far = [
        (round(r * math.sin(a) * fy / pitch), round(r * math.cos(a) * fx / pitch))
        for r in rings
        for a in (0.0, 0.4, 0.8, 1.2, 0.5 * math.pi)
    ]
    points = np.array(sorted(set(near + far)), dtype=np.int64)
    return points[:, 0], points[:, 1]


def _square_halfwidths(height: int, width: int, fy: float, fx: float) -> Array:
    """Return half widths, in focal lengths, of squares an octave apart from 1.5 pixels to the outermost samples."""
    octaves = np.arange(math.log2(_reach(height, width) / 1.5))
    return np.asarray(1.5 * 2.0**octaves / min(fy, fx))


def _square_light(psf: RadialPsf, halfwidths: Array) -> Array:
    """Return the light within squares about the source: the mean of the encircled light over the edge's distances."""
    nodes, weight = np.polynomial.legendre.leggauss(12)
    edge = 1.0 / np.cos((nodes + 1.0) * math.pi / 8.0)
    return np.array(
        [sum(0.5 * w * psf.encircled(a * e) for w, e in zip(weight, edge, strict=True)) for a in halfwidths]
    )


def _within(response: tuple[Array, float], halfwidth: Array) -> Array:
    """Return the part of a 1-D response within ± ``halfwidth`` pixels of its middle."""
    values, scale = response
    reach = (len(values) - 1) // 2
    edges = np.arange(reach + 1) + 0.5
    light = 2.0 * np.cumsum(values[reach:]) - values[reach]
    return np.interp(halfwidth / scale, np.append(0.0, edges), np.append(0.0, light * scale))


def _per_pixel(psf: RadialPsf, dy: NDArray[np.int64], dx: NDArray[np.int64], fy: float, fx: float) -> Array:
    """Return the light per pixel at whole offsets, integrated over the pixel near the source."""
    value = psf.density(np.hypot(dy / fy, dx / fx)) / (fy * fx)
    core = np.flatnonzero((dy <= CORE_PX) & (dx <= CORE_PX))
    for i in core:
        value[i] = pixel_integral(psf, int(dy[i]), int(dx[i]), fy, fx)
    return value


def pixel_integral(psf: RadialPsf, dy: int, dx: int, fy: float, fx: float) -> float:
    """Integrate the PSF over one pixel.

    The pixel of the source itself holds a circle, whose light is known in closed form or by a fine radial sum, and
    corners outside it; elsewhere Gauss-Legendre points follow the density.
    """
    nodes, weight = np.polynomial.legendre.leggauss(16)
    half = 0.5 * nodes
    area = np.outer(weight, weight) / 4.0
    if dy == 0 and dx == 0:
        radius = 0.5 / max(fy, fx)
        angle = (nodes + 1.0) * math.pi / 8.0  # one octant of the square, then all eight
        total = 0.0
        for near_axis, far_axis in ((fy, fx), (fx, fy)):
            edge = 0.5 / near_axis / np.cos(angle)
            corner = math.atan2(0.5 / far_axis, 0.5 / near_axis)
            angle = (nodes + 1.0) * 0.5 * corner
            edge = 0.5 / near_axis / np.cos(angle)
            outside = []
            for r_end in edge:
                r = radius + (r_end - radius) * 0.5 * (nodes + 1.0)
                outside.append(float(np.sum(weight * psf.density(r) * r) * 0.5 * (r_end - radius)))
            total += 4.0 * float(np.sum(weight * np.array(outside)) * 0.5 * corner)
        return psf.encircled(radius) + total
    rho = np.hypot((dy + half[:, None]) / fy, (dx + half[None, :]) / fx)
    return float(np.sum(area * psf.density(rho))) / (fy * fx)


@lru_cache(maxsize=64)
def impulse_responses(sizes: tuple[int, ...]) -> dict[tuple[int, int], tuple[Array, float]]:
    """Return one axis's responses to a point, averaged over the point's position within a cell.

    Parameters
    ----------
    sizes : tuple of int
        Length of the axis at every level.

    Returns
    -------
    dict
        (level, j) -> (values at offsets −n … n as a 1-D array, pixels per sample); the levels go on
        `BEYOND_OCTAVES` past the single cell.
    """
    longer = math.ceil(512 / sizes[0])  # a short axis is continued, so that its far border does not fold in
    lengths = [longer * size for size in sizes]
    phases = 2**EXACT_LEVELS
    n = lengths[0]
    first = n // 2 - phases // 2
    impulses = np.zeros((n, phases), np.float32)
    impulses[first + np.arange(phases), np.arange(phases)] = 1.0
    responses: dict[tuple[int, int], tuple[Array, float]] = {}
    level_input = impulses
    ups: list[pyramid.Axis] = []
    for level, length in enumerate(lengths[: EXACT_LEVELS + 1]):
        following = lengths[level + 1] if level + 1 < len(lengths) else 0
        operators = pyramid.axis(length, following)
        for j, back in enumerate((level_input, _mix(level_input, operators.smooth))):
            for lower in reversed(ups):
                assert lower.spread is not None
                back = _mix(_mix(back, lower.spread), lower.smooth)
            responses[level, j] = (_centred_mean(back, first), 1.0)
        if operators.down is None or level == EXACT_LEVELS:
            break
        level_input = _mix(level_input, operators.down)
        ups.append(operators)
    base = min(EXACT_LEVELS, len(sizes) - 1)
    for level in range(base + 1, len(sizes) + BEYOND_OCTAVES):
        # past the frame the levels go on by nominal octaves, so that they stay round
        scale = 2.0 ** (level - base) if level >= len(sizes) - 1 else sizes[base] / sizes[level]
        for j in (0, 1):
            responses[level, j] = (responses[base, j][0] / scale, scale)
    return responses


def _mix(columns: NDArray[np.float32], band: pyramid.Band) -> NDArray[np.float32]:
    """Apply a banded matrix to many 1-D signals, one per column."""
    from lightnoise import kernels

    out = np.empty((len(band.start), columns.shape[1]), np.float32)
    kernels.band.along_rows(columns, band.start, band.weights, out)
    return out


def _centred_mean(columns: NDArray[np.float32], first: int) -> Array:
    """Shift every column so that its point lies in the middle, and average; symmetric by construction."""
    n, phases = columns.shape
    reach = min(first, n - first - phases)
    shifted = [columns[first + p - reach : first + p + reach + 1, p] for p in range(phases)]
    mean = np.stack(shifted).mean(axis=0, dtype=np.float64)
    return np.asarray(0.5 * (mean + mean[::-1]))


def _at(response: tuple[Array, float], offset: NDArray[np.int64]) -> Array:
    values, scale = response
    reach = (len(values) - 1) // 2
    return np.interp(np.abs(offset) / scale, np.arange(reach + 1), values[reach:], right=0.0)
