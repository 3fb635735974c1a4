"""Embedded road scenes: pictures with true radiance, lamps and lane labels, drawn from a generator alone.

Examples
--------
>>> import numpy as np
>>> from lightnoise import scenes
>>> scene = scenes.render("night", np.random.default_rng(1), size=(90, 160))
>>> scene.image.shape, scene.image.dtype
((90, 160, 3), dtype('uint8'))
>>> bool(scene.radiance.max() > 10.0)
True
"""

from __future__ import annotations

from lightnoise.scenes.lamps import Lamp
from lightnoise.scenes.layout import KINDS
from lightnoise.scenes.rendering import Scene, default_set, render

__all__ = ["KINDS", "Lamp", "Scene", "default_set", "render"]
