"""Radial point-spread functions: how much scattered light lands where, as formulas.

All are densities over the image plane of a rectilinear camera, in which a ray at the angle θ from the axis meets
the plane at ρ = tan θ (in units of the focal length). A density p(θ) per steradian is p(θ)·cos³θ per unit of that
plane. Each integrates to 1 over the plane out to its truncation angle.

References
----------
Moffat, A. F. J., "A theoretical investigation of focal stellar images", A&A 3 (1969) 455, eq. 7.
Spencer, G. et al., "Physically-based glare effects for digital images", SIGGRAPH 1995, eq. 6-11 (f0-f3) and
table of weights.
Harvey, J. E., "Light-scattering characteristics of optical surfaces", Proc. SPIE 107 (1977); the modified form
b0·(1 + (θ/L)²)^(S/2) as in Peterson, G. L., "Analytic expressions for in-field scattered light distribution",
Proc. SPIE 5178 (2004), eq. 1.
CIE 146:2002, "CIE equations for disability glare", eq. 1 (general disability glare).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Where veils end, degrees from the source: beyond it the lens barrel and hood take the light.
TRUNCATION_DEG = 60.0

#: Half width L (rad) and exponent S of the Harvey veil: of its light 4 % falls within 1° and 42 % within 17°
#: when the whole hemisphere is counted (a lens with ordinary roughness and dust; Peterson 2004).
HARVEY_L_RAD = 0.01
HARVEY_S = -1.5

#: The observer of the CIE veil: age in years and iris pigment (0 black eyes … 1.2 light blue).
CIE_AGE = 35.0
CIE_PIGMENT = 0.5

#: The CIE equation holds from 0.1° to 100°; below, the veil keeps the value it has at 0.1°.
CIE_FROM_DEG = 0.1

#: Weights of Spencer's f0, f1, f2 and the ring f3 by state of adaptation.
SPENCER_WEIGHTS = {
    "spencer_photopic": (0.384, 0.478, 0.138, 0.0),
    "spencer_mesopic": (0.368, 0.478, 0.138, 0.016),
    "spencer_scotopic": (0.282, 0.478, 0.207, 0.033),
}

#: Wavelengths (nm) at which the lenticular halo f3 is taken for red, green and blue.
HALO_WAVELENGTHS_NM = (611.0, 549.0, 464.0)


@dataclass(frozen=True)
class RadialPsf:
    """One radial PSF, hashable so that what is computed from it can be cached.

    Parameters
    ----------
    name : str
        "moffat", "harvey", "cie", or "spencer_photopic", "spencer_mesopic", "spencer_scotopic" (f0 to f2, without
        the ring: see `spencer_halo`).
    radius_deg, falloff : float
        For "moffat": angle that encircles half of the light, and exponent S.
    """

    name: str
    radius_deg: float = 0.0
    falloff: float = 0.0

    def density(self, rho: Array) -> Array:
        """Return light per unit of the plane (focal length = 1) at the distance ``rho`` = tan θ.

        Parameters
        ----------
        rho : ndarray of float
            Distance from the source's image in focal lengths, ≥ 0.

        Returns
        -------
        ndarray of float64
            Density that integrates to 1 over the plane.
        """
        rho = np.asarray(rho, dtype=np.float64)
        if self.name == "moffat":
            return moffat(rho, math.tan(math.radians(self.radius_deg)), self.falloff)
        theta = np.arctan(rho)
        plane = per_steradian(self.name, theta) * np.cos(theta) ** 3
        limit = math.radians(truncation_deg(self.name))
        return np.where(theta <= limit, plane / _plane_total(self.name), 0.0)

    def encircled(self, rho: Array | float) -> Array:
        """Return the fraction of light within distances ``rho`` (focal lengths)."""
        rho = np.asarray(rho, dtype=np.float64)
        if self.name == "moffat":
            alpha, beta = _moffat_shape(math.tan(math.radians(self.radius_deg)), self.falloff)
            return np.asarray(1.0 - (1.0 + (rho / alpha) ** 2) ** (1.0 - beta))
        theta = np.minimum(np.arctan(rho), math.radians(truncation_deg(self.name)))
        within = [_sphere_integral(self.name, angle) for angle in theta.ravel().tolist()]
        return np.asarray(within).reshape(rho.shape) / _plane_total(self.name)


def moffat(rho: Array, half_radius: float, falloff: float) -> Array:
    """Return the Moffat density (1 + (ρ/α)²)^(S/2), normalised over the plane.

    With β = −S/2 the encircled light is 1 − (1 + (ρ/α)²)^(1−β); a half at ``half_radius`` fixes α.
    """
    alpha, beta = _moffat_shape(half_radius, falloff)
    return np.asarray((beta - 1.0) / (math.pi * alpha**2) * (1.0 + (rho / alpha) ** 2) ** -beta)


def per_steradian(name: str, theta: Array) -> Array:
    """Return the published formula's value per steradian at the angle ``theta`` (radians), not normalised."""
    degrees = np.degrees(theta)
    if name == "harvey":
        return np.asarray((1.0 + (theta / HARVEY_L_RAD) ** 2) ** (HARVEY_S / 2.0))
    if name == "cie":
        return cie_general(np.maximum(degrees, CIE_FROM_DEG))
    if name not in SPENCER_WEIGHTS:
        raise ValueError(f"no radial PSF is called {name!r}")
    w0, w1, w2, _ = SPENCER_WEIGHTS[name]
    f0 = 2.61e6 * np.exp(-((degrees / 0.02) ** 2))
    f1 = 20.91 / (degrees + 0.02) ** 3
    f2 = 72.37 / (degrees + 0.02) ** 2
    return np.asarray(w0 * f0 + w1 * f1 + w2 * f2)


def cie_general(degrees: Array, age: float = CIE_AGE, pigment: float = CIE_PIGMENT) -> Array:
    """Return the CIE general disability glare L_veil / E_glare, 1/sr (CIE 146:2002, eq. 1), for 0.1° to 100°."""
    aged = 1.0 + (age / 62.5) ** 4
    return np.asarray(10.0 / degrees**3 + (5.0 / degrees**2 + 0.1 * pigment / degrees) * aged + 0.0025 * pigment)


def spencer_halo(theta: Array, wavelength_nm: float) -> Array:
    """Return Spencer's lenticular halo f3 per steradian: a ring near 3° whose radius grows with wavelength."""
    degrees = np.degrees(theta)
    return np.asarray(436.9 * (568.0 / wavelength_nm) * np.exp(-19.75 * (degrees - 3.0 * wavelength_nm / 568.0) ** 2))


def truncation_deg(name: str) -> float:
    """Return the angle at which a PSF given per steradian ends, degrees."""
    return 89.0 if name in SPENCER_WEIGHTS else TRUNCATION_DEG


def _moffat_shape(half_radius: float, falloff: float) -> tuple[float, float]:
    beta = -0.5 * falloff
    return half_radius / math.sqrt(2.0 ** (1.0 / (beta - 1.0)) - 1.0), beta


def _plane_total(name: str) -> float:
    return _sphere_integral(name, math.radians(truncation_deg(name)))


@lru_cache(maxsize=64)
def _sphere_integral(name: str, theta_max: float) -> float:
    """Integrate p(θ) dΩ from 0 to ``theta_max``, on a grid that is fine where PSFs are steep (log spaced)."""
    return sphere_integral(lambda theta: per_steradian(name, theta), theta_max)


def sphere_integral(p: Callable[[Array], Array], theta_max: float) -> float:
    """Integrate a density per steradian over the cap of angular radius ``theta_max`` (radians).

    A trapezoid rule in ln θ from a thousandth of a Spencer core up; below it the density is constant.
    """
    low = 1e-7
    if theta_max <= low:
        return float(p(np.zeros(1))[0]) * math.pi * theta_max**2
    t = np.linspace(math.log(low), math.log(theta_max), 20001)
    theta = np.exp(t)
    values = p(theta) * 2.0 * math.pi * np.sin(theta) * theta
    inner = float(p(np.zeros(1))[0]) * math.pi * low**2
    return inner + float(np.sum(0.5 * (values[1:] + values[:-1]) * np.diff(t)))
