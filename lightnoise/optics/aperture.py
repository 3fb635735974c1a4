"""The iris: its shape, and the diffraction pattern of a point of light of one wavelength.

An iris of ``blades`` straight edges is a regular polygon; 0 blades is a round hole. Every iris has the area
of the round pupil of its f-number, since the f-number tells how much light comes in. Lengths in the pupil are
in units of that round pupil's diameter f/N, so that the pattern at x on the sensor belongs to the spatial
frequency x/(λN), and a round pupil passes no detail finer than λN.

At rotation 0 one edge faces right, and one spike points right. Angles turn anticlockwise in the picture.

References
----------
J. W. Goodman, "Introduction to Fourier Optics", 3rd ed., sections 4.3 and 5.2 (Fraunhofer diffraction, and
through a lens), 4.4.2 (the Airy pattern's dark rings) and 6.3 (cut-off frequency).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from lightnoise import checks

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Iris:
    """A regular polygon, or a circle for 0 blades, of area π/4.

    Parameters
    ----------
    blades : int
        0, or 3 to 32.
    rotation_deg : float
        Direction that the first edge faces, degrees anticlockwise from the right.
    """

    area: ClassVar[float] = math.pi / 4.0
    blades: int
    rotation_deg: float = 0.0

    def __post_init__(self) -> None:
        if checks.integer("blades", self.blades, 0, 32) in (1, 2):
            raise ValueError(f"blades must be 0 (round) or in [3, 32], got {self.blades}")
        checks.number("rotation_deg", self.rotation_deg)

    @property
    def side(self) -> float:
        """Length of an edge; 0 for a circle."""
        return math.sqrt(math.pi * math.tan(math.pi / self.blades) / self.blades) if self.blades else 0.0

    @property
    def inradius(self) -> float:
        """Distance of the edges from the centre."""
        return 0.5 * self.side / math.tan(math.pi / self.blades) if self.blades else 0.5

    @property
    def circumradius(self) -> float:
        """Distance of the corners from the centre."""
        return self.inradius / math.cos(math.pi / self.blades) if self.blades else 0.5

    @property
    def edge_angles(self) -> Array:
        """Directions that the edges face, radians anticlockwise from the right, shape (blades,)."""
        return math.radians(self.rotation_deg) + 2.0 * math.pi * np.arange(self.blades) / max(self.blades, 1)

    def coverage(self, size: int, scale_px: float) -> Array:
        """Return how much of each pixel the iris covers.

        Parameters
        ----------
        size : int
            Side of the result, pixels. The iris is centred.
        scale_px : float
            Pixels per unit of length, i.e. per diameter of the round pupil.

        Returns
        -------
        ndarray of float64, shape (size, size)
            In [0, 1]. Exact along each of 16 lines per pixel row, or more if the iris is small.
        """
        lines = max(16, math.ceil(512.0 / scale_px))
        centres = np.arange(size) - 0.5 * (size - 1)
        covered = np.zeros((size, size))
        low, high = self._vertical_extent()
        for line in range(lines):
            # Rows grow downwards, heights upwards.
            height = -(centres + (line + 0.5) / lines - 0.5)
            # The first and last lines are partly inside: exact for horizontal edges.
            share = np.clip((high * scale_px - height) * lines + 0.5, 0.0, 1.0)
            share *= np.clip((height - low * scale_px) * lines + 0.5, 0.0, 1.0)
            left, right = self._chord(np.clip(height / scale_px, low, high))
            ends = np.minimum(scale_px * right[:, None], centres + 0.5)
            starts = np.maximum(scale_px * left[:, None], centres - 0.5)
            covered += share[:, None] * np.maximum(ends - starts, 0.0)
        return covered / lines

    def _vertical_extent(self) -> tuple[float, float]:
        if not self.blades:
            return -0.5, 0.5
        corners = self.circumradius * np.sin(self.edge_angles + math.pi / self.blades)
        return float(corners.min()), float(corners.max())

    def _chord(self, height: Array) -> tuple[Array, Array]:
        """Return where horizontal lines enter and leave the iris."""
        if not self.blades:
            half = np.sqrt(np.maximum(0.25 - height * height, 0.0))
            return -half, half
        cosine, sine = np.cos(self.edge_angles), np.sin(self.edge_angles)
        slanted = np.abs(cosine) > 1e-9  # horizontal edges bound no line from the side
        cosine, sine = cosine[slanted], sine[slanted]
        crossing = (self.inradius - height[:, None] * sine) / cosine
        right = np.where(cosine > 0.0, crossing, np.inf).min(axis=1)
        left = np.where(cosine < 0.0, crossing, -np.inf).max(axis=1)
        return left, right


def aperture_psf(
    blades: int,
    f_number: float,
    wavelength_nm: float,
    pitch_um: float,
    *,
    size: int = 129,
    rotation_deg: float = 0.0,
    phase: Callable[[Any, Any], Any] | None = None,
) -> Array:
    """Return the diffraction pattern of a point of light, |Fourier transform of iris·e^{iφ}|².

    Parameters
    ----------
    blades : int
        Edges of the iris, 3 to 32, or 0 for a round one.
    f_number : float
        Aperture ratio N, [0.7, 64].
    wavelength_nm : float
        Wavelength λ in nanometres, [100, 20000].
    pitch_um : float
        Distance of the samples on the sensor, micrometres, [1e-6, λN]. Samples are points, not pixel areas;
        from four per λN on, they miss nothing.
    size : int
        Samples per side, odd, [3, 2049].
    rotation_deg : float
        Rotation of the iris, degrees anticlockwise. 0 points a spike to the right.
    phase : callable, optional
        φ(x, y) in radians: the lens's wavefront error at the pupil point x right and y up, in units of the
        round pupil's radius. Defocus by w waves at its rim is 2π·w·(x² + y²).

    Returns
    -------
    ndarray of float64, shape (size, size)
        Non-negative, centred, sum 1.

    Raises
    ------
    TypeError, ValueError
        Naming the field, the value and the allowed range.

    Notes
    -----
    The transform is a matrix product on each side, so that the pitch is free of the pupil's sampling
    (R. Soummer et al., "Fast computation of Lyot-style coronagraph propagation", Optics Express 15(24),
    2007).
    """
    iris = Iris(blades, rotation_deg)
    wavelength_um = 1e-3 * checks.number("wavelength_nm", wavelength_nm, 100.0, 20000.0)
    cell_um = wavelength_um * checks.number("f_number", f_number, 0.7, 64.0)
    if checks.integer("size", size, 3, 2049) % 2 == 0:
        raise ValueError(f"size must be odd, got {size}")
    step = checks.number("pitch_um", pitch_um, 1e-6, cell_um) / cell_um

    frequency = step * (np.arange(size) - size // 2)
    # The sampled pupil's transform repeats at the sampling rate: keep its copies far from the last frequency.
    samples_per_diameter = max(128.0, 8.0 * float(frequency[-1]))
    count = math.ceil(2.0 * iris.circumradius * samples_per_diameter) + 1
    across = (np.arange(count) - 0.5 * (count - 1)) / samples_per_diameter
    pupil: NDArray[np.complex128] = iris.coverage(count, samples_per_diameter).astype(np.complex128)
    if phase is not None:
        pupil *= np.exp(1j * phase(2.0 * across[None, :], -2.0 * across[:, None]))
    waves = np.exp(-2j * math.pi * np.outer(frequency, across))
    amplitude = waves @ pupil @ waves.T
    intensity = np.abs(amplitude) ** 2
    return np.asarray(intensity / intensity.sum())
