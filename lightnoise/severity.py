"""Severities 1 to 5: params whose damage is calibrated, so that levels compare across effects.

Level k costs a mean SSIM of .95, .90, .84, .78, .72 over the embedded scenes at 640 x 360 (RGB, Gaussian window of
σ = 1.5, Wang et al. 2004). ``benchmarks/severity_table.py`` finds the one free number of each effect and prints the
table below; a test measures it again.
"""

from __future__ import annotations

from typing import Any

from lightnoise import checks
from lightnoise.params import BloomParams, GammaParams, GlareParams, Params

#: Mean SSIM of levels 1 to 5.
TARGET_SSIM = (0.95, 0.90, 0.84, 0.78, 0.72)

#: Names of the calibrated effects.
EFFECTS = ("bloom", "glare", "gamma_over", "gamma_under")


#: The scenes over which the levels are calibrated: arguments of `lightnoise.scenes.default_set`.
CALIBRATION_SCENES: dict[str, Any] = {"n_per_kind": 2, "size": (360, 640), "seed": 0}


def path(effect: str, amount: float) -> Params:
    """Return an effect's params at one amount: the curve along which its levels lie.

    Parameters
    ----------
    effect : str
        One of `EFFECTS`.
    amount : float
        bloom: scattered fraction. glare: veiling-glare index. gamma_over, gamma_under: stops too much or too little.

    Returns
    -------
    BloomParams, GlareParams or GammaParams
    """
    if effect == "bloom":
        return BloomParams(scatter=amount, radius_deg=2.0, falloff=-2.6)
    if effect == "glare":
        return GlareParams(veil=amount, starburst=0.2, blades=6, rotation_deg=15.0)
    if effect == "gamma_over":
        return GammaParams(exposure_ev=amount, gamma=max(0.6, 1.0 - 0.1 * amount))
    return GammaParams(exposure_ev=-amount, gamma=1.0 + 0.05 * amount, shot=5e-5 * amount, read=2e-7 * amount)


#: Amounts of levels 1 to 5, found by ``benchmarks/severity_table.py``.
AMOUNTS: dict[str, tuple[float, ...]] = {
    "bloom": (0.007, 0.0223, 0.0631, 0.1678, 0.4014),
    "glare": (0.0023, 0.0078, 0.0242, 0.0775, 0.2194),
    "gamma_over": (0.5613, 0.817, 1.0843, 1.3748, 1.6525),
    "gamma_under": (0.6008, 0.9145, 1.2195, 1.4945, 1.7523),
}


def severity(effect: str, level: Any) -> Params:
    """Return the params of a calibrated level.

    Parameters
    ----------
    effect : str
        One of `EFFECTS`.
    level : int
        1 (slight) to 5 (severe).

    Returns
    -------
    BloomParams, GlareParams or GammaParams

    Raises
    ------
    TypeError, ValueError
        If the effect or the level does not exist.
    """
    checks.choice("effect", effect, EFFECTS)
    return path(effect, AMOUNTS[effect][checks.integer("severity", level, 1, 5) - 1])


#: What makes such light, level by level.
CAUSES: dict[str, tuple[str, ...]] = {
    "bloom": (
        "a good lens, a clean windscreen",
        "a windscreen with a week's dust",
        "finger marks or road spray on the lens cover",
        "a greasy or lightly fogged windscreen",
        "breath or heavy condensation on the lens cover",
    ),
    "glare": (
        "a coated lens of few elements",
        "an ordinary dash camera behind clean glass",
        "an uncoated lens cover, or fine dust",
        "salt film or scratches with lamps or sun on them",
        "condensation, or a sunlit film of dirt, over the whole cover",
    ),
    "gamma_over": (
        "a slow automatic exposure",
        "metering on a dark road",
        "leaving a shaded street",
        "leaving a lit tunnel",
        "leaving a dark tunnel",
    ),
    "gamma_under": (
        "a slow automatic exposure",
        "metering on a bright sky",
        "metering with lamps in the frame",
        "a shutter capped against motion blur",
        "an unlit road at that shutter",
    ),
}


def meaning(effect: str, level: int) -> str:
    """Return a level's physical meaning: its amount in physical units, and what makes it."""
    params = severity(effect, level)
    cause = CAUSES[effect][level - 1]
    if isinstance(params, BloomParams):
        return f"{100 * params.scatter:.1f} % scattered, half of it within {params.radius_deg:g}°: {cause}"
    if isinstance(params, GlareParams):
        return f"veiling-glare index {100 * params.veil:.1f} %, {params.blades}-blade starburst: {cause}"
    return f"{params.exposure_ev:+.2f} EV, gamma {params.gamma:.2f}: {cause}"
