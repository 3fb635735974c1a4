"""Camera responses: encoded values in [0, 1] to linear light in [0, 1] and back.

======================  ==========================================================================
name                    encoded v of linear light x
======================  ==========================================================================
``"srgb"``              IEC 61966-2-1: 12.92·x below 0.0031308, else 1.055·x^(1/2.4) − 0.055
``"linear"``            x
``"power:g"``           x^(1/g)
``"scurve:c"``          u = sRGB(x), then (1 − c)·u + c·(3u² − 2u³): deeper shadows, softer highlights
======================  ==========================================================================

References
----------
IEC 61966-2-1:1999, sections 5.2 and 5.3 (sRGB; thresholds 0.04045 and 0.0031308).
T. Brooks et al., "Unprocessing Images for Learned Raw Denoising", CVPR 2019, section 3.1 (the smoothstep tone
curve, c = 1, and its inverse ½ − sin(asin(1 − 2v)/3)).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lightnoise import checks

Array = NDArray[np.float64]


def check_response(name: object) -> str:
    """Return a response's name if it is one of the table above, else raise ValueError."""
    parse_response(name)
    return str(name)


def decode(encoded: Array, response: str = "srgb") -> Array:
    """Return the linear light of encoded values.

    Parameters
    ----------
    encoded : ndarray of float
        Encoded values in [0, 1].
    response : str
        One of the module's table.

    Returns
    -------
    ndarray of float64, same shape
        Linear light, white = 1.0.
    """
    kind, strength = parse_response(response)
    v = np.asarray(encoded, dtype=np.float64)
    if kind == "linear":
        return v.copy()
    if kind == "power":
        return np.asarray(v**strength)
    u = _inverse_smoothstep(v, strength) if kind == "scurve" else v
    return np.where(u <= 0.04045, u / 12.92, ((np.maximum(u, 0.04045) + 0.055) / 1.055) ** 2.4)


def encode(linear: Array, response: str = "srgb") -> Array:
    """Return the encoded values of linear light in [0, 1]; the inverse of `decode`."""
    kind, strength = parse_response(response)
    x = np.asarray(linear, dtype=np.float64)
    if kind == "linear":
        return x.copy()
    if kind == "power":
        return np.asarray(x ** (1.0 / strength))
    u = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 0.0031308) ** (1.0 / 2.4) - 0.055)
    if kind == "scurve":
        u = (1.0 - strength) * u + strength * (3.0 - 2.0 * u) * u * u
    return np.asarray(u)


@lru_cache(maxsize=64)
def parse_response(name: object) -> tuple[str, float]:
    """Return a response's kind and strength (0 where it has none); ValueError if it is not of the table above."""
    kind, _, argument = str(name).partition(":")
    if not argument and kind in ("srgb", "linear"):
        return kind, 0.0
    limits = {"power": (0.2, 5.0), "scurve": (1e-3, 1.0)}
    if kind in limits:
        try:
            return kind, checks.number(f"response {kind!r}", float(argument), *limits[kind])
        except ValueError as error:
            low, high = limits[kind]
            raise ValueError(
                f"response {kind!r} needs a number in [{low:g}, {high:g}], for example '{kind}:{min(high, 2.2):g}'; "
                f"got {name!r}"
            ) from error
    raise ValueError(f"response must be 'srgb', 'linear', 'power:<g>' or 'scurve:<c>'; got {name!r}")


def _inverse_smoothstep(v: Array, c: float) -> Array:
    """Solve (1 − c)·u + c·(3u² − 2u³) = v for u in [0, 1]: the middle root, by the trigonometric formula.

    With t = u − ½ the cubic is depressed: t³ − P·t + q = 0, P = (1 + c/2)/(2c), q = (v − ½)/(2c).
    """
    p = (1.0 + 0.5 * c) / (2.0 * c)
    q = (v - 0.5) / (2.0 * c)
    sine = np.clip(1.5 * math.sqrt(3.0) * q / p**1.5, -1.0, 1.0)
    return np.clip(0.5 + 2.0 * math.sqrt(p / 3.0) * np.sin(np.arcsin(sine) / 3.0), 0.0, 1.0)
