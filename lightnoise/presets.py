"""Scenes by name: what a driver meets, as transforms with sensible ranges.

The iris is fixed within a preset, since a camera has one; what varies is dirt, light and exposure.
"""

from __future__ import annotations

from collections.abc import Callable

from lightnoise import checks
from lightnoise.transforms import Bloom, Chain, Gamma, Glare, Transform


def preset(name: str) -> Transform:
    """Return the transform of a named situation.

    Parameters
    ----------
    name : str
        One of `PRESETS`.

    Returns
    -------
    Transform

    Raises
    ------
    ValueError
        If there is no preset of that name.
    """
    return _BUILDERS[checks.choice("preset", name, PRESETS)]()


def describe(name: str) -> str:
    """Return one sentence on what a preset depicts."""
    text = _BUILDERS[checks.choice("preset", name, PRESETS)].__doc__ or ""
    return " ".join(text.split())


def _oncoming_headlights() -> Transform:
    """Headlights meet a slightly dirty lens at night: strong bloom, a six-bladed star, faint ghosts."""
    return Chain(
        [
            Bloom(scatter=(0.03, 0.1), radius_deg=(0.3, 1.0), falloff=(-2.8, -2.4)),
            Glare(
                veil=(0.005, 0.02),
                starburst=(0.4, 0.7),
                blades=6,
                rotation_deg=15,
                ghosts=(0.0005, 0.003),
            ),
        ]
    )


def _low_sun() -> Transform:
    """The sun stands low in the frame, over the road ahead."""
    return Chain(
        [
            Bloom(scatter=(0.01, 0.03), radius_deg=(1.0, 3.0), falloff=-2.6),
            Glare(
                veil=(0.01, 0.03),
                starburst=(0.3, 0.6),
                blades=7,
                rotation_deg=15,
                ghosts=(0.0002, 0.001),
                sun_azimuth_deg=(-22, 22),
                sun_elevation_deg=(4, 13),
                sun_strength=(0.3, 1.0),
            ),
            Gamma(exposure_ev=(-0.7, 0.3)),
        ]
    )


def _sun_outside_frame() -> Transform:
    """The sun shines on the windscreen from above the frame: a veil that grows towards it, and ghosts."""
    return Chain(
        [
            Bloom(scatter=(0.01, 0.04), radius_deg=(2.0, 4.0), falloff=-2.6),
            Glare(
                veil=(0.02, 0.08),
                starburst=(0.3, 0.6),
                blades=6,
                rotation_deg=15,
                ghosts=(0.0005, 0.002),
                sun_azimuth_deg=(-35, 35),
                sun_elevation_deg=(20, 32),
                sun_strength=(0.5, 1.0),
            ),
        ]
    )


def _tunnel_exit() -> Transform:
    """Eyes used to the tunnel: exposed for the dark, so that the exit burns out and its light spills inwards."""
    return Chain(
        [
            Bloom(scatter=(0.04, 0.12), radius_deg=(1.0, 3.0), falloff=(-2.8, -2.4)),
            Glare(veil=(0.02, 0.06)),
            Gamma(exposure_ev=(1.0, 2.2)),
        ]
    )


def _wet_night_street() -> Transform:
    """Rain at night: drops and spray before the lens widen every lamp and its reflection; noisy."""
    return Chain(
        [
            Bloom(scatter=(0.08, 0.2), radius_deg=(0.5, 2.0), falloff=(-2.7, -2.3)),
            Glare(veil=(0.01, 0.04), starburst=(0.3, 0.6), blades=6, rotation_deg=15),
            Gamma(exposure_ev=(-0.5, 0.5), shot=(5e-4, 5e-3), read=(1e-6, 4e-5)),
        ]
    )


def _dirty_windscreen() -> Transform:
    """A film of dust and grease on the windscreen: a grey veil over everything, wide soft bloom."""
    return Chain(
        [
            Bloom(scatter=(0.08, 0.2), radius_deg=(2.0, 6.0), falloff=(-2.7, -2.4)),
            Glare(veil=(0.05, 0.15)),
        ]
    )


def _underexposed_night() -> Transform:
    """A dark street below the tone curve: two to four stops too little light, shot and read noise."""
    return Gamma(exposure_ev=(-3.5, -1.5), gamma=(1.0, 1.2), shot=(1e-3, 1.2e-2), read=(5e-6, 2e-4))


def _burnt_out_noon() -> Transform:
    """Noon on pale concrete: two stops too much light, a flat tone curve, a little veil."""
    return Chain(
        [
            Bloom(scatter=(0.02, 0.06), radius_deg=(0.5, 2.0), falloff=-2.6),
            Glare(veil=(0.01, 0.05)),
            Gamma(exposure_ev=(1.2, 2.5), gamma=(0.8, 1.0)),
        ]
    )


_BUILDERS: dict[str, Callable[[], Transform]] = {
    "oncoming_headlights": _oncoming_headlights,
    "low_sun": _low_sun,
    "sun_outside_frame": _sun_outside_frame,
    "tunnel_exit": _tunnel_exit,
    "wet_night_street": _wet_night_street,
    "dirty_windscreen": _dirty_windscreen,
    "underexposed_night": _underexposed_night,
    "burnt_out_noon": _burnt_out_noon,
}

#: Names that `preset` knows.
PRESETS: tuple[str, ...] = tuple(_BUILDERS)
