"""The values of one draw of each effect: frozen, checked, printable, JSON in and out.

Every class's defaults are the identity. Ranges to draw from are another type: see `lightnoise.transforms`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from lightnoise import checks
from lightnoise.records import Record

BLOOM_PSFS = ("moffat", "spencer_photopic", "spencer_mesopic", "spencer_scotopic")
VEIL_PSFS = ("harvey", "cie")


class EffectParams(Record):
    """Base of the three effects' params: adds the effect's name to the dictionary."""

    __slots__ = ()
    effect: ClassVar[str]

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"effect": name, field: value, …}``."""
        return {"effect": self.effect, **Record.to_dict(self)}

    @property
    def is_identity(self) -> bool:
        """Whether these values leave every image as it is."""
        raise NotImplementedError


@dataclass(frozen=True)
class BloomParams(EffectParams):
    """Near-field scatter around every bright thing: (1 − s)·L + s·(PSF ∗ L).

    Parameters
    ----------
    scatter : float
        Fraction s of the light that is scattered, [0, 1].
    radius_deg : float
        Angle that encircles half of the scattered light, degrees, [0.01, 45]. Only for ``psf="moffat"``.
    falloff : float
        Moffat exponent S in (1 + (θ/L)²)^(S/2), [−4, −2.3]: nearer to zero, the wider the skirt.
        Only for ``psf="moffat"``.
    psf : str
        "moffat", a lens with dust, scratches or a film of grease; or "spencer_photopic", "spencer_mesopic",
        "spencer_scotopic", the human eye by day, dusk and night (Spencer et al. 1995), whose size is fixed.

    Raises
    ------
    TypeError, ValueError
        Naming the field, the value and the allowed range.
    """

    effect: ClassVar[str] = "bloom"
    scatter: float = 0.0
    radius_deg: float = 1.0
    falloff: float = -3.0
    psf: str = "moffat"

    def __post_init__(self) -> None:
        self._set(
            scatter=checks.number("scatter", self.scatter, 0.0, 1.0),
            radius_deg=checks.number("radius_deg", self.radius_deg, 0.01, 45.0),
            falloff=checks.number("falloff", self.falloff, -4.0, -2.3),
            psf=checks.choice("psf", self.psf, BLOOM_PSFS),
        )

    @property
    def is_identity(self) -> bool:
        """Whether nothing is scattered."""
        return self.scatter == 0.0


@dataclass(frozen=True)
class GlareParams(EffectParams):
    """Far field: veiling glare, starburst, ghosts, and a sun in or outside the frame.

    Parameters
    ----------
    veil : float
        Veiling-glare index as ISO 9358 measures it (black disc of 0.1 H in a white field), fraction, [0, 0.9].
    starburst : float
        Fraction of the light that passes the diffracting aperture, [0, 1].
    blades : int
        Blades of the iris: 0 for a round one, else 3 to 32. Even n gives n spikes, odd n gives 2n.
    rotation_deg : float
        Rotation of the iris, degrees, anticlockwise as seen in the picture, [−360, 360].
    ghosts : float
        Fraction of the light that returns as reflections between lens surfaces, [0, 0.2]. Two coated surfaces
        give some 1e-5 to 1e-4 each; bare glass 1e-3.
    sun_azimuth_deg, sun_elevation_deg : float or None
        Direction of an added sun from the optical axis, degrees, right and up positive, [−180, 180] and
        [−90, 90]; both None for no added sun. It may stand outside the frame.
    sun_strength : float
        Light of the added sun, [0, 10]; 1 is the sun that makes a white card facing it reach white.
    veil_psf : str
        "harvey", lens roughness and dirt (modified Harvey); or "cie", the eye (CIE 146:2002 general glare).

    Raises
    ------
    TypeError, ValueError
        Naming the field, the value and the allowed range.
    """

    effect: ClassVar[str] = "glare"
    veil: float = 0.0
    starburst: float = 0.0
    blades: int = 6
    rotation_deg: float = 0.0
    ghosts: float = 0.0
    sun_azimuth_deg: float | None = None
    sun_elevation_deg: float | None = None
    sun_strength: float = 1.0
    veil_psf: str = "harvey"

    def __post_init__(self) -> None:
        blades = checks.integer("blades", self.blades, 0, 32)
        if blades in (1, 2):
            raise ValueError(f"blades must be 0 (round) or in [3, 32], got {blades}")
        self._set(
            veil=checks.number("veil", self.veil, 0.0, 0.9),
            starburst=checks.number("starburst", self.starburst, 0.0, 1.0),
            blades=blades,
            rotation_deg=checks.number("rotation_deg", self.rotation_deg, -360.0, 360.0),
            ghosts=checks.number("ghosts", self.ghosts, 0.0, 0.2),
            sun_strength=checks.number("sun_strength", self.sun_strength, 0.0, 10.0),
            veil_psf=checks.choice("veil_psf", self.veil_psf, VEIL_PSFS),
        )
        if (self.sun_azimuth_deg is None) != (self.sun_elevation_deg is None):
            raise ValueError(
                "sun_azimuth_deg and sun_elevation_deg must be given together or both be None, "
                f"got {self.sun_azimuth_deg!r} and {self.sun_elevation_deg!r}"
            )
        if self.sun_azimuth_deg is not None:
            self._set(
                sun_azimuth_deg=checks.number("sun_azimuth_deg", self.sun_azimuth_deg, -180.0, 180.0),
                sun_elevation_deg=checks.number("sun_elevation_deg", self.sun_elevation_deg, -90.0, 90.0),
            )

    @property
    def has_sun(self) -> bool:
        """Whether a sun is added."""
        return self.sun_azimuth_deg is not None and self.sun_strength > 0.0

    @property
    def is_identity(self) -> bool:
        """Whether there is no veil, no starburst, no ghost and no added sun."""
        return self.veil == self.starburst == self.ghosts == 0.0 and not self.has_sun


@dataclass(frozen=True)
class GammaParams(EffectParams):
    """Exposure and tone error: × 2^EV in linear light, v^γ on encoded values, sensor noise at that exposure.

    Parameters
    ----------
    gamma : float
        Exponent γ on encoded values in [0, 1], [0.1, 10]: above 1 darkens, below 1 lightens.
    exposure_ev : float
        Exposure in stops, [−16, 16]: +1 doubles the light.
    shot, read : float
        Noise variance = shot·x + read with x in units of white; [0, 1] each. Brooks et al. 2019 draw
        ln shot from [ln 1e-4, ln 0.012].
    noise_seed : int
        Names the noise pattern, [0, 2³² − 1]: the same seed gives the same noise.

    Raises
    ------
    TypeError, ValueError
        Naming the field, the value and the allowed range.

    References
    ----------
    T. Brooks et al., "Unprocessing Images for Learned Raw Denoising", CVPR 2019, section 3.1.
    """

    effect: ClassVar[str] = "gamma"
    gamma: float = 1.0
    exposure_ev: float = 0.0
    shot: float = 0.0
    read: float = 0.0
    noise_seed: int = 0

    def __post_init__(self) -> None:
        self._set(
            gamma=checks.number("gamma", self.gamma, 0.1, 10.0),
            exposure_ev=checks.number("exposure_ev", self.exposure_ev, -16.0, 16.0),
            shot=checks.number("shot", self.shot, 0.0, 1.0),
            read=checks.number("read", self.read, 0.0, 1.0),
            noise_seed=checks.integer("noise_seed", self.noise_seed, 0, 2**32 - 1),
        )

    @property
    def has_noise(self) -> bool:
        """Whether shot or read noise is added."""
        return self.shot > 0.0 or self.read > 0.0

    @property
    def is_identity(self) -> bool:
        """Whether exposure and tone are right and there is no noise."""
        return self.gamma == 1.0 and self.exposure_ev == 0.0 and not self.has_noise


Params = BloomParams | GlareParams | GammaParams

PARAMS: dict[str, type[EffectParams]] = {cls.effect: cls for cls in (BloomParams, GlareParams, GammaParams)}


def params_from_dict(values: dict[str, Any]) -> Params:
    """Build the params again that ``to_dict`` wrote.

    Parameters
    ----------
    values : dict
        ``{"effect": "bloom" | "glare" | "gamma", field: value, …}``; a field left out keeps its default.

    Returns
    -------
    BloomParams, GlareParams or GammaParams

    Raises
    ------
    ValueError
        If the effect or a key is unknown, or a value is out of range.

    Examples
    --------
    >>> params_from_dict({"effect": "bloom", "scatter": 0.2}).scatter
    0.2
    """
    if not isinstance(values, dict):
        raise TypeError(f"params must be a dictionary, got {values!r}")
    effect = checks.choice("effect", values.get("effect"), PARAMS)
    fields = {key: value for key, value in values.items() if key != "effect"}
    return PARAMS[effect].from_dict(fields)  # type: ignore[return-value]
