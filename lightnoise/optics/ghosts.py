"""Ghosts: light that two lens surfaces reflect, and that reaches the sensor out of focus.

Every pair of glass-air surfaces sends a little light back and forth once. In the paraxial picture the way
through lens, two reflections and lens again is a product of ray transfer matrices like any other, and a point
of light becomes a disc: the iris's shape, centred on the line through the frame's centre and the light.

The lens is a double Gauss, the layout behind most normal camera lenses, and its surfaces carry one
quarter-wave layer of magnesium fluoride: dark in the green, so that ghosts are purple.

References
----------
A. Gerrard, J. M. Burch, "Introduction to Matrix Methods in Optics", Wiley 1975, chapter II (translation,
refraction and reflection matrices with reduced angles).
E. Hecht, "Optics", 4th ed., sections 6.2 (matrix methods), 4.6 (Fresnel) and 9.7 (coatings).
M. Born, E. Wolf, "Principles of Optics", 7th ed., section 1.6.4 (reflectance of a homogeneous film).
A. W. Tronnier, US patent 2,673,491, 1954 (the lens, f/2, lengths in focal lengths).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from lightnoise import checks
from lightnoise.constants import LUMA
from lightnoise.optics.aperture import Iris
from lightnoise.optics.spectrum import WAVELENGTHS_NM, rgb_weights

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Surface:
    """One refracting surface: signed radius, then the distance to the next and the medium's index in between.

    The radius is positive where the centre of curvature lies on the sensor's side.
    """

    radius: float
    thickness: float
    index: float


#: Tronnier's double Gauss, front to back, in focal lengths; indices at the d line.
DOUBLE_GAUSS = (
    Surface(0.58950, 0.0752, 1.67125),
    Surface(1.69660, 0.0024, 1.0),
    Surface(0.38550, 0.0805, 1.67125),
    Surface(0.81540, 0.0655, 1.69842),
    Surface(0.25500, 0.10932 + 0.09482, 1.0),
    Surface(-0.28990, 0.0236, 1.60266),
    Surface(0.81540, 0.1213, 1.65953),
    Surface(-0.40770, 0.0038, 1.0),
    Surface(8.74130, 0.0644, 1.71740),
    Surface(-0.79460, 0.0, 1.0),
)
#: Where its iris stands: in the gap behind surface 4, this far on.
DOUBLE_GAUSS_STOP = (4, 0.10932)

_COATING_INDEX = 1.38  # MgF2
_COATING_NM = 550.0


@dataclass(frozen=True)
class Ghost:
    """What one pair of surfaces makes of a point of light.

    Parameters
    ----------
    magnification : float
        Centre of the ghost / position of the light's image, both from the frame's centre; negative where the
        ghost is on the other side.
    radius : float
        Radius of a disc as large as the ghost, in focal lengths.
    reflectance : tuple of three floats
        Light of the ghost / light of the image, red, green, blue.
    inverted : bool
        Whether the iris appears upside down.
    """

    magnification: float
    radius: float
    reflectance: tuple[float, float, float]
    inverted: bool

    @property
    def brightness(self) -> float:
        """Luminance of the ghost, up to a common factor: light per area."""
        return float(np.dot(LUMA, self.reflectance)) / (self.radius * self.radius)


@lru_cache(maxsize=16)
def ghost_table(f_number: float) -> tuple[Ghost, ...]:
    """Return the double Gauss's 28 ghosts, brightest per area first.

    Parameters
    ----------
    f_number : float
        Aperture ratio N, [0.7, 64]. A ghost's radius goes as 1/N.

    Returns
    -------
    tuple of Ghost

    Raises
    ------
    TypeError, ValueError
        If ``f_number`` is no number or out of range.

    Notes
    -----
    The sensor stands in the paraxial focus of infinity. A beam that fills the entrance pupil is followed:
    what the iris and the mounts cut off on a ghost's way back and forth is left out, and so are aberrations,
    absorption, and reflections of the sensor.
    """
    pupil_radius = 0.5 / checks.number("f_number", f_number, 0.7, 64.0)
    lens = DOUBLE_GAUSS
    to_sensor = translation(_back_focus(lens))
    to_entrance_pupil = translation(-_entrance_pupil(lens, *DOUBLE_GAUSS_STOP))
    focal_length = float((to_sensor @ path_matrix(lens) @ to_entrance_pupil)[0, 1])
    reflectances = [_surface_reflectance(before, after) for before, after in _media(lens)]
    glass_air = [k for k, media in enumerate(_media(lens)) if 1.0 in media]

    ghosts = []
    for first, second in combinations(glass_air, 2):
        matrix = to_sensor @ path_matrix(lens, (first, second)) @ to_entrance_pupil
        spectrum = reflectances[first] * reflectances[second]
        for k in range(first + 1, second):  # passed twice more than by direct light
            spectrum = spectrum * (1.0 - reflectances[k]) ** 2
        red, green, blue = (spectrum @ rgb_weights()).tolist()
        ghosts.append(
            Ghost(
                magnification=float(matrix[0, 1]) / focal_length,
                radius=abs(float(matrix[0, 0])) * pupil_radius,
                reflectance=(red, green, blue),
                inverted=bool(matrix[0, 0] < 0.0),
            )
        )
    return tuple(sorted(ghosts, key=lambda ghost: -ghost.brightness))


def ghost_disc(radius_px: float, blades: int, rotation_deg: float = 0.0) -> NDArray[np.float32]:
    """Return the iris's shape as a kernel.

    Parameters
    ----------
    radius_px : float
        Radius of the round disc of the same area, pixels, [0.01, 4096].
    blades : int
        Edges, 3 to 32, or 0 for a round disc.
    rotation_deg : float
        Direction that the first edge faces, degrees anticlockwise from the right.

    Returns
    -------
    ndarray of float32, shape (2·R + 1, 2·R + 1)
        Sum 1; each pixel's share of the area. R is the smallest that holds the disc.

    Raises
    ------
    TypeError, ValueError
        Naming the field, the value and the allowed range.
    """
    diameter = 2.0 * checks.number("radius_px", radius_px, 0.01, 4096.0)
    iris = Iris(blades, rotation_deg)
    reach = max(0, math.ceil(diameter * iris.circumradius - 0.5))
    disc = iris.coverage(2 * reach + 1, diameter)
    return np.asarray(disc / disc.sum(), dtype=np.float32)


def translation(distance: float, index: float = 1.0) -> Array:
    """Return the matrix of a straight way through a medium; rays are (height, index × angle)."""
    return np.array([[1.0, distance / index], [0.0, 1.0]])


def refraction(radius: float, before: float, after: float) -> Array:
    """Return the matrix of a surface that light passes; the same from either side."""
    return np.array([[1.0, 0.0], [-(after - before) / radius, 1.0]])


def reflection(radius: float, index: float) -> Array:
    """Return the matrix of a surface that turns light back within a medium.

    The radius is positive where the surface bulges towards the light; angles count along the new way.
    """
    return np.array([[1.0, 0.0], [2.0 * index / radius, 1.0]])


def path_matrix(lens: tuple[Surface, ...], reflecting: tuple[int, int] | None = None) -> Array:
    """Return the matrix from the first surface to the last.

    Parameters
    ----------
    lens : tuple of Surface
        Front to back, in air.
    reflecting : (int, int), optional
        Surfaces i < j that reflect: light goes on to j, back to i and on again. None for the direct way.

    Returns
    -------
    ndarray of float64, shape (2, 2)
        Of determinant 1.
    """
    bends = [refraction(surface.radius, *media) for surface, media in zip(lens, _media(lens), strict=True)]
    gaps = [translation(surface.thickness, surface.index) for surface in lens]

    def way(start: int, stop: int) -> list[Array]:
        """Return the steps from behind one surface to the front of another."""
        inner = [step for k in range(start + 1, stop) for step in (bends[k], gaps[k])]
        return [gaps[start], *inner]

    last = len(lens) - 1
    if reflecting is None:
        steps = [bends[0], *way(0, last), bends[last]] if last else bends
    else:
        first, second = reflecting
        between = way(first, second)
        steps = [bends[0], *way(0, second)]
        steps += [reflection(lens[second].radius, lens[second - 1].index), *reversed(between)]
        # Met from behind, a bulge is a hollow: the radius changes sign.
        steps += [reflection(-lens[first].radius, lens[first].index), *way(first, last), bends[last]]
    return reduce(lambda matrix, step: step @ matrix, steps)


def coating_reflectance(wavelength_nm: Array, before: float, after: float) -> Array:
    """Return the reflectance of a surface with a quarter-wave layer of MgF2, at normal incidence.

    Parameters
    ----------
    wavelength_nm : ndarray of float
        Wavelengths, nanometres.
    before, after : float
        Indices of the media on both sides.

    Notes
    -----
    R = (r₁² + r₂² + 2r₁r₂cos 2β) / (1 + r₁²r₂² + 2r₁r₂cos 2β), with the faces' Fresnel amplitudes r₁ and r₂
    and β = π/2 · 550 nm/λ (Born & Wolf, section 1.6.4).
    """
    outer, inner = fresnel_amplitude(before, _COATING_INDEX), fresnel_amplitude(_COATING_INDEX, after)
    interference = 2.0 * outer * inner * np.cos(math.pi * _COATING_NM / np.asarray(wavelength_nm))
    return np.asarray((outer**2 + inner**2 + interference) / (1.0 + outer**2 * inner**2 + interference))


def fresnel_amplitude(before: float, after: float) -> float:
    """Return the amplitude that a bare surface reflects at normal incidence (Hecht, section 4.6)."""
    return (before - after) / (before + after)


def _surface_reflectance(before: float, after: float) -> Array:
    """Return the reflectance over `WAVELENGTHS_NM`: coated against air, bare where cemented."""
    if 1.0 in (before, after):
        return coating_reflectance(WAVELENGTHS_NM, before, after)
    return np.full(len(WAVELENGTHS_NM), fresnel_amplitude(before, after) ** 2)


def _media(lens: tuple[Surface, ...]) -> list[tuple[float, float]]:
    """Return each surface's indices in front and behind."""
    return list(pairwise([1.0] + [surface.index for surface in lens]))


def _back_focus(lens: tuple[Surface, ...]) -> float:
    """Return the distance from the last surface to the focus of infinity."""
    matrix = path_matrix(lens)
    return -float(matrix[0, 0] / matrix[1, 0])


def _entrance_pupil(lens: tuple[Surface, ...], surface: int, distance: float) -> float:
    """Return how far behind the first surface the iris appears, seen from in front."""
    matrix = translation(distance, lens[surface].index) @ path_matrix(lens[: surface + 1])
    return float(matrix[0, 1] / matrix[0, 0])
