"""How a camera's three channels weigh the visible spectrum.

The weights are the CIE 1931 colour matching functions seen through linear sRGB primaries. sRGB cannot show
pure spectral colours, so its matching functions dip below zero; no sensor does, and the dips are cut off.

References
----------
C. Wyman, P.-P. Sloan, P. Shirley, "Simple Analytic Approximations to the CIE XYZ Color Matching Functions",
JCGT 2(2), 2013, section 2.2 (multi-lobe fit of the 1931 observer).
IEC 61966-2-1:1999, section 5.2 (XYZ to linear sRGB).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Samples over the visible band, nanometres.
WAVELENGTHS_NM = np.linspace(400.0, 700.0, 31)

# One lobe a line: weight, centre, width below and above the centre (nm).
_LOBES = (
    ((1.056, 599.8, 37.9, 31.0), (0.362, 442.0, 16.0, 26.7), (-0.065, 501.1, 20.4, 26.2)),  # x
    ((0.821, 568.8, 46.9, 40.5), (0.286, 530.9, 16.3, 31.1)),  # y
    ((1.217, 437.0, 11.8, 36.0), (0.681, 459.0, 26.0, 13.8)),  # z
)
_XYZ_TO_RGB = np.array(
    [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]],
)


def xyz_matching(wavelength_nm: Array) -> Array:
    """Return the CIE 1931 colour matching functions, shape (..., 3), at wavelengths in nanometres."""
    wavelength = np.asarray(wavelength_nm, dtype=np.float64)
    curves = []
    for lobes in _LOBES:
        curve = np.zeros_like(wavelength)
        for weight, centre, below, above in lobes:
            z = (wavelength - centre) / np.where(wavelength < centre, below, above)
            curve += weight * np.exp(-0.5 * z * z)
        curves.append(curve)
    return np.stack(curves, axis=-1)


@lru_cache(maxsize=1)
def rgb_weights() -> Array:
    """Return each channel's share of an equal-energy white at every wavelength.

    Returns
    -------
    ndarray of float64, shape (31, 3)
        Non-negative; each column sums to 1, so whatever is averaged with it leaves white light white.
        Rows belong to `WAVELENGTHS_NM`. Read-only.
    """
    weights = np.maximum(xyz_matching(WAVELENGTHS_NM) @ _XYZ_TO_RGB.T, 0.0)
    weights /= weights.sum(axis=0)
    weights.flags.writeable = False
    return weights
