"""The coloured starburst of a white light, as light per sensor pixel.

Close to the light, the iris's transform, known in closed form, is integrated over each pixel. From 25 λN on,
fringes average out over the visible band, and what stays is one ridge across each edge of the iris, of

    L²/(4π²A) · n²/r⁴ · Σ_λ w_λ sinc²(t·L/λN)       per unit of area,

with n along the edge's normal, t across it, r² = n² + t², and the edge's length L and the iris's area A in
pupil diameters: the square of one edge's term in the transform. So a spike dims as 1/r², keeps its width, and
holds light in proportion to λ, redder than its source. A round iris has a halo of λN/(π³r³) instead.

References
----------
S. W. Lee, R. Mittra, "Fourier transform of a polygonal shape function and its application in
electromagnetics", IEEE Trans. Antennas and Propagation 31(1), 1983 (the transform as a sum over edges).
M. Born, E. Wolf, "Principles of Optics", 7th ed., section 8.5.2 (Airy pattern and its encircled energy, whose
asymptote 1 − 2λN/(π²r) gives the halo).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise import checks, kernels
from lightnoise.optics.aperture import Iris
from lightnoise.optics.quadrature import gauss_legendre
from lightnoise.optics.spectrum import WAVELENGTHS_NM, rgb_weights

Array = NDArray[np.floating[Any]]

_NEAR = 25.0  # λN at 550 nm: closer than this, fringes matter
_LARGE = 4.0  # λN at 550 nm: pixels larger than this …
_CLOSE = 8.0  # … and closer than this many pixels are divided; in radii of the source, where it is no point
_PARTS = 4  # per side of a pixel
_STEP = 0.1  # µm at f/1, of the tabulated pattern: a quarter of the finest fringe
_WAVELENGTHS_UM = 1e-3 * WAVELENGTHS_NM


def starburst_kernel(
    blades: int,
    f_number: float,
    pitch_um: float,
    *,
    radius_px: int,
    rotation_deg: float = 0.0,
    pixel_aspect: float = 1.0,
) -> NDArray[np.float32]:
    """Return the picture that a white point of light makes by diffraction alone.

    Parameters
    ----------
    blades : int
        Edges of the iris, 3 to 32, or 0 for a round one. Even n gives n spikes, odd n gives 2n.
    f_number : float
        Aperture ratio N, [0.7, 64].
    pitch_um : float
        Width of a pixel on the sensor, micrometres, [0.01, 1e5].
    radius_px : int
        Reach of the kernel, pixels, [1, 8192].
    rotation_deg : float
        Rotation of the iris, degrees anticlockwise. 0 points a spike to the right.
    pixel_aspect : float
        Width / height of a pixel, [0.1, 10].

    Returns
    -------
    ndarray of float32, shape (2·radius_px + 1, 2·radius_px + 1, 3)
        Light per pixel and channel, in parts of the whole; each channel sums to 1. The light that falls
        beyond the kernel is left in the centre: about λN/(5R) for a round iris and a kernel that reaches R,
        1e-4 at f/2 and 512 pixels of 3 µm, and up to twice that with blades.

    Raises
    ------
    TypeError, ValueError
        Naming the field, the value and the allowed range.
    """
    radius = checks.integer("radius_px", radius_px, 1, 8192)
    dx, dy = np.meshgrid(np.arange(-radius, radius + 1.0), np.arange(-radius, 1.0))
    # A pattern of a wavefront without error is the same at x and −x: one half tells the other.
    upper = starburst_at(dy, dx, blades, f_number, pitch_um, rotation_deg=rotation_deg, pixel_aspect=pixel_aspect)
    kernel = np.concatenate([upper, upper[-2::-1, ::-1]])
    kernel[radius, radius] = 0.0
    kernel[radius, radius] = 1.0 - np.array(cv2.sumElems(kernel)[:3])  # summed in double precision
    return kernel


def starburst_at(
    dy_px: Array,
    dx_px: Array,
    blades: int,
    f_number: float,
    pitch_um: float,
    *,
    rotation_deg: float = 0.0,
    pixel_aspect: float = 1.0,
    source_radius_px: float = 0.0,
) -> NDArray[np.float32]:
    """Return the light of a white starburst in single pixels, e.g. of a frame that its source is not in.

    Parameters
    ----------
    dy_px, dx_px : array_like
        Where the pixels' centres are, seen from the source, pixels down and right. They broadcast together.
    blades, f_number, pitch_um, rotation_deg, pixel_aspect
        As in `starburst_kernel`.
    source_radius_px : float
        Radius of the source's uniform disc, in pixel widths, [0, 1e5]; 0 is a point. Spikes of a disc are as
        wide as the disc.

    Returns
    -------
    ndarray of float32, shape of the offsets + (3,)
        Light per pixel and channel, in parts of the whole.

    Raises
    ------
    TypeError, ValueError
        Naming the field, the value and the allowed range.
    """
    f_number = checks.number("f_number", f_number, 0.7, 64.0)
    width = checks.number("pitch_um", pitch_um, 0.01, 1e5)
    height = width / checks.number("pixel_aspect", pixel_aspect, 0.1, 10.0)
    radius = width * checks.number("source_radius_px", source_radius_px, 0.0, 1e5)
    y, x = np.broadcast_arrays(
        -height * np.asarray(dy_px, dtype=np.float64), width * np.asarray(dx_px, dtype=np.float64)
    )
    pattern = Pattern(Iris(blades, rotation_deg), f_number, width, height, radius)
    return pattern.light(x.ravel(), y.ravel()).reshape(*x.shape, 3)


class Pattern:
    """Starburst of a disc, seen by pixels of one size. Lengths in micrometres, y up.

    ``tabulated``: pixels close to the light are averages of a table, for parts of pixels larger than fringes.
    """

    def __init__(
        self, iris: Iris, f_number: float, width: float, height: float, radius: float, tabulated: bool = False
    ) -> None:
        self.iris = iris
        self.f_number = f_number
        self.width = width
        self.height = height
        self.radius = radius
        self.tabulated = tabulated

    def light(self, x: Array, y: Array) -> NDArray[np.float32]:
        """Return the light in pixels centred at (x, y) from the disc's centre, shape (len(x), 3)."""
        cell = 0.55 * self.f_number
        size = max(self.width, self.height)
        # Smaller than a pixel or a fringe, a disc is a point.
        disc = self.radius > max(0.5 * min(self.width, self.height), cell)
        nearer = []
        if disc:
            nearer.append((_CLOSE * self.radius, self._around_disc))
        if size > _LARGE * cell:
            nearer.append((_CLOSE * size, self._sum_of_parts))
        if not disc:
            nearer.append((_NEAR * cell, self._table_means if self.tabulated else self._quadrature))
        result = self._ridges(x, y)
        squared, inner = x * x + y * y, 0.0
        for reach, method in nearer:
            places = np.flatnonzero((squared >= inner * inner) & (squared < reach * reach))
            if len(places):
                result[places] = method(x[places], y[places])
            inner = max(inner, reach)
        return result

    def _around_disc(self, x: Array, y: Array) -> Array:
        """Convolve a point's pattern with the disc on a fine lattice, and interpolate there."""
        width, height = max(self.width, self.radius / 16.0), max(self.height, self.radius / 16.0)
        point = Pattern(self.iris, self.f_number, width, height, 0.0)
        step = min(width, height) / 3.0
        reach = math.ceil((_CLOSE + 1.0) * self.radius / step) + 2
        right, up = np.meshgrid(*[step * np.arange(-reach, reach + 1)] * 2)
        pattern = point.light(right.ravel(), up.ravel()).reshape(*right.shape, 3)
        pattern *= np.float32(self.width * self.height / (width * height))
        disc = Iris(0).coverage(2 * math.ceil(self.radius / step) + 1, 2.0 * self.radius / step)
        blurred = cv2.filter2D(pattern, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE)
        column, row = x / step + reach, y / step + reach
        left, below = column.astype(np.intp), row.astype(np.intp)
        u, v = (column - left)[:, None], (row - below)[:, None]
        near, far = ((1.0 - u) * blurred[line, left] + u * blurred[line, left + 1] for line in (below, below + 1))
        return np.asarray((1.0 - v) * near + v * far)

    def _sum_of_parts(self, x: Array, y: Array) -> Array:
        """Divide the pixels into smaller ones."""
        smaller = Pattern(self.iris, self.f_number, self.width / _PARTS, self.height / _PARTS, self.radius, True)
        places = (np.arange(_PARTS) + 0.5) / _PARTS - 0.5
        right, up = np.meshgrid(self.width * places, self.height * places)
        return smaller._sums(x, y, right.ravel(), up.ravel())

    def _sums(self, x: Array, y: Array, right: Array, up: Array) -> Array:
        """Return the sum over displaced pixels."""
        light = self.light((x[:, None] + right).ravel(), (y[:, None] + up).ravel())
        return _reduced(light.reshape(x.size, right.size, 3), cv2.REDUCE_SUM)

    def _table_means(self, x: Array, y: Array) -> Array:
        """Average the tabulated pattern of an unrotated iris, turned, over the pixels."""
        table, step = _unrotated(self.iris.blades), _STEP * self.f_number
        across, down = (
            side * ((np.arange(count) + 0.5) / count - 0.5)
            for side, count in ((side, math.ceil(side / step)) for side in (self.width, self.height))
        )
        turn, middle = math.radians(self.iris.rotation_deg), 0.5 * (len(table) - 1)
        cosine, sine = math.cos(turn) / step, math.sin(turn) / step
        offsets = np.tile(across, len(down)), np.repeat(down, len(across))
        column, row = (
            np.add.outer(a * x + b * y + middle, a * offsets[0] + b * offsets[1], dtype=np.float32)
            for a, b in ((cosine, sine), (-sine, cosine))
        )
        light = _reduced(np.asarray(cv2.remap(table, column, row, cv2.INTER_LINEAR), np.float32), cv2.REDUCE_AVG)
        return light * np.float32(self.width * self.height / self.f_number**2)

    def _quadrature(self, x: Array, y: Array) -> Array:
        """Integrate the transform's square over the pixels, by Gauss-Legendre quadrature."""
        finest = _WAVELENGTHS_UM[0] * self.f_number
        (places_x, weights_x), (places_y, weights_y) = (
            gauss_legendre(math.ceil(2.0 * side / finest) + 1) for side in (self.width, self.height)
        )
        weights = (0.25 * self.width * self.height * np.outer(weights_x, weights_y)).ravel()
        u = (x[:, None, None] + 0.5 * self.width * places_x[:, None]).astype(np.float32)
        v = (y[:, None, None] + 0.5 * self.height * places_y).astype(np.float32)
        return self._density(u, v, weights)

    def density(self, x: Array, y: Array) -> NDArray[np.float32]:
        """Return the light of a point per square micrometre at single places, shape (len(x), 3)."""
        u, v = (at[:, None].astype(np.float32) for at in (x, y))
        return self._density(u, v, np.ones(1)).astype(np.float32)

    def _density(self, u: Array, v: Array, weights: Array) -> Array:
        """Return sums over k places, weighted, of the light per square micrometre, (n, 3); u and v make (n, …)."""
        light = np.zeros((len(u), 3))
        for wavelength, rgb in zip(_WAVELENGTHS_UM, rgb_weights(), strict=True):
            cell = float(wavelength) * self.f_number
            intensity = self._intensity(u / cell, v / cell).reshape(len(u), -1)
            light += (intensity @ weights)[:, None] * (rgb / (Iris.area * cell * cell))
        return light

    def _intensity(self, u: Array, v: Array) -> Array:
        """Return |transform of the iris|² at spatial frequencies in units of 1/λN."""
        if not self.iris.blades:
            frequency = np.maximum(np.hypot(u, v), 1e-4)
            return np.asarray((_bessel_j1(np.pi * frequency) / (2.0 * frequency)) ** 2)
        kx, ky = np.broadcast_arrays(2.0 * np.pi * u, 2.0 * np.pi * v)
        squared = kx * kx + ky * ky
        kx, squared = np.where(squared < 1e-6, 1e-3, kx), np.maximum(squared, 1e-6)  # not 0/0 in the centre
        real: Array = np.zeros((), dtype=u.dtype)
        imaginary: Array = np.zeros((), dtype=u.dtype)
        normals, facing = self.edge_normals()
        for cosine, sine in normals:
            normal = kx * cosine + ky * sine
            edge = normal * np.sinc((ky * cosine - kx * sine) * (self.iris.side / (2.0 * np.pi)))
            real = real + edge * np.sin(self.iris.inradius * normal)
            if facing == 1:  # an edge that faces this one would cancel this part
                imaginary = imaginary + edge * np.cos(self.iris.inradius * normal)
        scale = facing * self.iris.side / squared
        return np.asarray((real * real + imaginary * imaginary) * scale * scale)

    def edge_normals(self) -> tuple[list[tuple[float, float]], int]:
        """Return the edges' normals as (cosine, sine), up to sign, and how many edges share each."""
        angles = self.iris.edge_angles
        facing = 2 if len(angles) % 2 == 0 else 1
        return [(math.cos(angle), math.sin(angle)) for angle in angles[: len(angles) // facing]], facing

    def _ridges(self, x: Array, y: Array) -> NDArray[np.float32]:
        """Return the mean over the fringes: a ridge along the normal of each edge, or a round halo.

        Right far from the light; at the light itself any finite number.
        """
        if not self.iris.blades:
            cubed = np.maximum(x * x + y * y, kernels.ridges.LEAST_SQUARED) ** -1.5
            cells = self.f_number * _WAVELENGTHS_UM @ rgb_weights()
            return (cubed[:, None] * (self.width * self.height / math.pi**3 * cells)).astype(np.float32)
        light = np.zeros((x.size, 3), dtype=np.float32)
        normals, facing = self.edge_normals()
        brightness = facing * self.width * self.height * self.iris.side**2 / (4.0 * math.pi**2 * Iris.area)
        for cosine, sine in normals:
            table, step = self.ridge_profile(abs(self.width * sine), abs(self.height * cosine))
            kernels.ridges.add_ridge(x, y, cosine, sine, table, step, brightness, light)
        return light

    def ridge_profile(self, side_a: float, side_b: float) -> tuple[NDArray[np.float32], float]:
        """Return the mean over pixel and disc of Σ_λ w_λ sinc²(t·L/λN), tabulated over t ≥ 0, and its step.

        Seen along the ridge, a pixel is the convolution of the shadows of its sides, so that its mean is a
        second difference of the second integral of sinc².
        """
        ridge = _ridge(self.f_number / self.iris.side)
        a, b = max(0.5 * side_a, ridge.step), max(0.5 * side_b, ridge.step)
        step = max(a + b, 64.0 * ridge.step, self.radius) / 64.0
        margin = round(self.radius / step)
        at = step * np.arange(-margin, (ridge.reach + 4.0 * (a + b + self.radius)) / step)
        table = ridge.second_difference(at, a, b) / (4.0 * a * b)
        # The disc's shadow is a half circle; each step gets its share of the area.
        edges = np.clip((np.arange(-margin, margin + 2) - 0.5) / max(margin, 0.5), -1.0, 1.0)
        shadow = np.diff(edges * np.sqrt(1.0 - edges * edges) + np.arcsin(edges)) / math.pi
        if margin > 0:
            table = np.stack([np.convolve(column, shadow, mode="valid") for column in table.T], axis=1)
        table[-1] = ridge.tail / (step * (len(table) - 1)) ** 2
        return table.astype(np.float32), step


def _reduced(light: Array, how: int) -> NDArray[np.float32]:
    """Reduce (n, k, 3) to (n, 3); OpenCV is far faster at it than NumPy."""
    return np.asarray(cv2.reduce(light, 1, how)[:, 0], np.float32)


@lru_cache(maxsize=8)
def _unrotated(blades: int) -> NDArray[np.float32]:
    """Return an unrotated iris's pattern at f/1 on a lattice, (n, n, 3), upwards, in light per square micrometre."""
    reach = math.ceil((_NEAR * 0.55 + _LARGE * 0.55) / _STEP)
    right, up = np.meshgrid(_STEP * np.arange(-reach, reach + 1.0), _STEP * np.arange(-reach, 1.0))
    pattern = Pattern(Iris(blades), 1.0, 1.0, 1.0, 0.0)
    lower = pattern.density(right.ravel(), up.ravel()).reshape(*right.shape, 3)
    return np.concatenate([lower, lower[-2::-1, ::-1]])


class _Ridge:
    """The section of a ridge, p(t) = Σ_λ w_λ sinc²(t/(scale·λ)), and its second integral."""

    def __init__(self, scale: float) -> None:
        zeros = scale * _WAVELENGTHS_UM  # the first of each wavelength
        self.step = zeros[0] / 64.0
        self.reach = 40.0 * zeros[-1]
        self.half = 0.5 * zeros @ rgb_weights()  # ∫₀^∞ p
        self.tail = zeros**2 @ rgb_weights() / (2.0 * math.pi**2)  # p → tail/t² on average
        t = np.arange(0.0, self.reach, self.step)
        profile = np.sinc(t[:, None] / zeros) ** 2 @ rgb_weights()
        self._table = self._integral(self._integral(profile))

    def _integral(self, values: Array) -> NDArray[np.float64]:
        """Integrate from t = 0, by the trapezoidal rule."""
        result = np.zeros(values.shape)
        np.cumsum(0.5 * self.step * (values[1:] + values[:-1]), axis=0, out=result[1:])
        return result

    def second_difference(self, t: Array, a: float, b: float) -> Array:
        """Return F(t + a + b) + F(t − a − b) − F(t + a − b) − F(t − a + b), F(t) = ∫₀^t ∫₀^t' p, shape (len(t), 3)."""
        out = np.empty((len(t), 3))
        kernels.ridges.second_difference(t, a, b, self._table, self.step, self.half, self.tail, out)
        return out


@lru_cache(maxsize=4)
def _ridge(scale: float) -> _Ridge:
    return _Ridge(scale)


def _bessel_j1(x: Array) -> Array:
    """Return J₁(x), x ≥ 0, interpolated."""
    return np.interp(x, *_bessel_table(2 ** math.ceil(math.log2(float(np.max(x)) + 1.0))))


@lru_cache(maxsize=4)
def _bessel_table(limit: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x in [0, limit] and Bessel's integral (1/π)∫₀^π cos(τ − x sin τ) dτ = J₁(x).

    The trapezoidal rule is exact to rounding once it has more nodes than the largest x.
    """
    knots = np.linspace(0.0, limit, 64 * limit + 1)
    nodes = (np.arange(limit // 2 + 32) + 0.5) * (math.pi / (limit // 2 + 32))
    return knots, np.cos(nodes - knots[:, None] * np.sin(nodes)).mean(axis=1)
