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
from lightnoise.optics.quadrature import gauss_legendre

Array = NDArray[np.float64]
Index = NDArray[np.int64]

#: How far from the source, pixels, the PSF is integrated over pixels instead of sampled, and by how many Gauss-Legendre
#: points along a side.
CORES_PX = ((3, 16), (24, 4))

#: Weight of an error in the light enclosed by a square (a fraction of the whole) against one sample's relative error.
ENERGY_WEIGHT = 100.0

#: Octaves beyond the frame over which the PSF's tail is fitted too; reflected at the borders, it lights all evenly.
BEYOND_OCTAVES = 8

#: … of which the outermost have no samples, because no wider level stands beside them.
UNSAMPLED_OCTAVES = 2

#: Levels whose impulse response is built tap by tap; above, it is the same shape at another scale.
EXACT_LEVELS = 5


#: Parts of the light smaller than this are no level's: a fine level costs time, and nobody would see it.
LEAST_WEIGHT = 3e-5


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


@lru_cache(maxsize=1024)
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

    basis = _basis(focal_y, focal_x, height, width)
    target = light_per_pixel(psf, basis.dy, basis.dx, focal_y, focal_x)
    lit = target > 0.0  # a truncated PSF ends; no sum of smooth levels can be asked to
    matrix = basis.samples[lit] / target[lit, None]
    squares = _square_light(psf, basis.squares)
    solution, _ = nnls(
        np.vstack([matrix, ENERGY_WEIGHT * basis.enclosed]),
        np.concatenate([np.ones(len(matrix)), ENERGY_WEIGHT * squares, [ENERGY_WEIGHT]]),
    )
    solution[solution < LEAST_WEIGHT] = 0.0
    solution /= solution.sum()
    error = math.sqrt(float(np.mean((matrix @ solution - 1.0) ** 2)))
    *levels, farther, direct = solution
    weights = np.append(0.0, levels).reshape(-1, 2)  # the frame's own level as it is comes as ``direct``
    evenly = farther + weights[basis.levels - 1 :].sum()
    weights = weights[: basis.levels]
    weights[-1] = evenly, 0.0
    return Mixture(float(direct), weights, error)


@dataclass(frozen=True)
class _Basis:
    """What fits to one frame have in common.

    The columns are level 0 smoothed, then levels 1, 2, … as they are and smoothed, on past the frame; then what lies
    farther still; then the pixel itself.
    """

    levels: int
    dy: Index
    dx: Index
    samples: Array
    squares: Array
    enclosed: Array


@lru_cache(maxsize=32)
def _basis(focal_y: float, focal_x: float, height: int, width: int) -> _Basis:
    sizes = pyramid.level_sizes(height, width, round(focal_y / focal_x, 6))
    dy, dx = _sample_points(height, width, focal_y, focal_x)
    squares = _square_halfwidths(height, width, focal_y, focal_x)
    responses_y = impulse_responses(tuple(size[0] for size in sizes))
    responses_x = impulse_responses(tuple(size[1] for size in sizes))
    samples, enclosed = [], []
    for level in range(len(sizes) + BEYOND_OCTAVES):
        for j in (0, 1) if level else (1,):
            along_y, along_x = responses_y[level, j], responses_x[level, j]
            samples.append(_at(along_y, dy) * _at(along_x, dx))
            enclosed.append(_within(along_y, squares * focal_y) * _within(along_x, squares * focal_x))
    samples += [np.zeros(len(dy)), ((dy == 0) & (dx == 0)).astype(float)]
    enclosed += [np.zeros(len(squares)), np.ones(len(squares))]
    whole = np.ones((1, len(samples)))  # the last row: all light there is
    return _Basis(
        len(sizes), dy, dx, np.stack(samples, axis=1), squares, np.vstack([np.stack(enclosed, axis=1), whole])
    )


def _reach(height: int, width: int) -> float:
    """Return the distance of the outermost samples, pixels."""
    return 2.0 ** (BEYOND_OCTAVES - UNSAMPLED_OCTAVES) * math.hypot(height, width)


def _sample_points(height: int, width: int, fy: float, fx: float) -> tuple[Index, Index]:
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
    nodes, weight = gauss_legendre(12)
    edge = 1.0 / np.cos((nodes + 1.0) * math.pi / 8.0)
    return np.asarray(psf.encircled(np.outer(halfwidths, edge)) @ (0.5 * weight))


def _within(response: tuple[Array, float], halfwidth: Array) -> Array:
    """Return the part of a 1-D response within ± ``halfwidth`` pixels of its middle."""
    values, scale = response
    reach = (len(values) - 1) // 2
    edges = np.arange(reach + 1) + 0.5
    light = 2.0 * np.cumsum(values[reach:]) - values[reach]
    return np.interp(halfwidth / scale, np.append(0.0, edges), np.append(0.0, light * scale))


def light_per_pixel(psf: RadialPsf, dy: Index, dx: Index, fy: float, fx: float) -> Array:
    """Return a PSF's light per pixel.

    Parameters
    ----------
    psf : RadialPsf
    dy, dx : ndarray of shape (n,), int
        Whole offsets from the source, pixels.
    fy, fx : float
        Focal lengths in pixels.

    Returns
    -------
    ndarray of shape (n,), float64
        Integrated over the pixel by Gauss-Legendre points near the source, sampled at its centre farther away.
    """
    value = psf.density(np.hypot(dy / fy, dx / fx)) / (fy * fx)
    away, inner = np.maximum(np.abs(dy), np.abs(dx)), 0
    for reach, count in CORES_PX:
        ring = (away > inner) & (away <= reach)
        nodes, weight = gauss_legendre(count)
        y = (dy[ring, None, None] + 0.5 * nodes[:, None]) / fy
        x = (dx[ring, None, None] + 0.5 * nodes[None, :]) / fx
        value[ring] = np.einsum("nij,i,j->n", psf.density(np.hypot(y, x)), weight, weight) / (4.0 * fy * fx)
        inner = reach
    value[(dy == 0) & (dx == 0)] = _source_pixel(psf, fy, fx)
    return value


def _source_pixel(psf: RadialPsf, fy: float, fx: float) -> float:
    """Return the light in the source's own pixel: what is encircled out to its edge, averaged over directions."""
    nodes, weight = gauss_legendre(16)
    corner = math.atan2(fy, fx)  # angle of the corner (0.5/fx, 0.5/fy), seen along x
    total = 0.0
    for edge, span in ((0.5 / fx, 0.5 * math.pi - corner), (0.5 / fy, corner)):
        angles = 0.5 * span * (nodes + 1.0)
        total += 0.5 * span * float(weight @ psf.encircled(edge / np.cos(angles)))
    return total / (0.5 * math.pi)


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
    for level, smooth, back in pyramid.there_and_back(impulses, tuple(lengths[: EXACT_LEVELS + 1])):
        responses[level, smooth] = (pyramid.centred_mean(back, first), 1.0)
    base = min(EXACT_LEVELS, len(sizes) - 1)
    for level in range(base + 1, len(sizes) + BEYOND_OCTAVES):
        # past the frame the levels go on by nominal octaves, so that they stay round
        scale = 2.0 ** (level - base) if level >= len(sizes) - 1 else sizes[base] / sizes[level]
        for j in (0, 1):
            responses[level, j] = (responses[base, j][0] / scale, scale)
    return responses


def _at(response: tuple[Array, float], offset: Index) -> Array:
    values, scale = response
    reach = (len(values) - 1) // 2
    return np.interp(np.abs(offset) / scale, np.arange(reach + 1), values[reach:], right=0.0)
