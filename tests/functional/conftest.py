import numpy as np
import pytest


@pytest.fixture
def lamps():
    """Return a function (height, width, channels) -> float32 light: ground, lamps at borders and inside."""

    def draw(height, width, channels=3, ground=0.0, power=500.0):
        light = np.full((height, width, channels), ground, np.float32)
        tints = np.random.default_rng(7).uniform(0.2, 1.0, (7, channels)).astype(np.float32)
        places = [
            (0, 0),
            (0, width - 1),
            (height - 1, width // 3),
            (height // 2, 0),
            (height // 3, width - 1),
            (height // 2, width // 2),
            (height // 4, (2 * width) // 3),
        ]
        for place, tint in zip(places, tints, strict=True):
            light[place] += power * tint
        return light

    return draw
