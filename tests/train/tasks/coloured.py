"""Small pictures whose class is a colour: any network can tell them, and dim light makes it hard."""

import numpy as np

from lightnoise import keyed
from lightnoise_train.data.frames import Frame, FrameSet

COLOURS = {"blue": (40, 60, 200), "green": (40, 190, 60), "red": (200, 50, 40)}


def read(frame):
    generator = keyed.generator(0, frame.key)
    image = np.array(COLOURS[frame.attributes["kind"]]) + generator.normal(0, 40, (32, 32, 3))
    return np.clip(image, 0, 255).astype(np.uint8)


def coloured(count, part):
    """Return frames of three kinds."""
    kinds = list(COLOURS)
    return FrameSet([Frame(None, f"{part}/{index}", None, {"kind": kinds[index % 3]}) for index in range(count)], read)
