"""Physically-motivated light noise for images: bloom, glare and gamma on linear light.

>>> import numpy as np, lightnoise as ln
>>> image = np.zeros((72, 128, 3), np.uint8)
>>> image[30:34, 60:64] = 255
>>> hazy = ln.bloom(image, ln.BloomParams(scatter=0.2, radius_deg=1.5))
>>> bool(hazy[40, 62, 0] > image[40, 62, 0])
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightnoise.camera import CAMERAS, Camera
from lightnoise.params import BloomParams, GammaParams, GlareParams, params_from_dict
from lightnoise.presets import PRESETS, preset
from lightnoise.severity import EFFECTS, severity
from lightnoise.transforms import Bloom, Chain, Gamma, Glare, OneOf

if TYPE_CHECKING:
    from lightnoise.functional.chain import bloom, chain, chain_batch, chain_linear, gamma, glare

__version__ = "0.1.0"

__all__ = [
    "CAMERAS",
    "EFFECTS",
    "PRESETS",
    "Bloom",
    "BloomParams",
    "Camera",
    "Chain",
    "Gamma",
    "GammaParams",
    "Glare",
    "GlareParams",
    "OneOf",
    "bloom",
    "chain",
    "chain_batch",
    "chain_linear",
    "gamma",
    "glare",
    "params_from_dict",
    "preset",
    "severity",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lightnoise import functional  # on first use: the optics take longer to load than all the rest

    return globals().setdefault(name, getattr(functional, name))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
