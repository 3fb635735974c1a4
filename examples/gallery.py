"""Make the pictures of the README from the embedded road scenes.

    python examples/gallery.py FOLDER [--width 320]

effects.jpg: calibrated effects, levels 1 to 5. presets.jpg: every named situation, before and after. damage.jpg: a
picture, its light noise, and where the evidence is gone. The same bytes on every run.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

import lightnoise as ln
from lightnoise import keyed, scenes

Picture = NDArray[np.uint8]

#: The kind of scene that each preset is shown on.
SCENE_OF = {
    "oncoming_headlights": "night",
    "low_sun": "dusk",
    "sun_outside_frame": "day",
    "tunnel_exit": "tunnel",
    "wet_night_street": "wet_night",
    "dirty_windscreen": "dusk",
    "underexposed_night": "night",
    "burnt_out_noon": "day",
}
#: The scene of each kind that is shown: one with lamps near enough to be seen in a small picture.
SEEDS = {"day": 5, "dusk": 5, "night": 1, "tunnel": 5, "wet_night": 5}
SIZE = (720, 1280)


def scene(kind: str) -> Picture:
    """Return a picture of that kind."""
    return scenes.render(kind, keyed.generator(SEEDS[kind], kind), SIZE).image


def tile(picture: Picture, label: str, width: int) -> Picture:
    """Return a picture made smaller, with its label."""
    small = cv2.resize(picture, (width, width * picture.shape[0] // picture.shape[1]), interpolation=cv2.INTER_AREA)
    (length, _), _ = cv2.getTextSize(label, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)
    small[4:26, 4 : length + 12] //= 3  # a darker plate, so that it can be read on white
    return cv2.putText(small, label, (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)


def effects(width: int) -> Picture:
    """Return a row for each calibrated effect: clean, then levels 1 to 5."""
    street = scene("night")
    rows = []
    for effect in ln.EFFECTS:
        levels = [tile(ln.chain(street, [ln.severity(effect, k)]), f"{effect} {k}", width) for k in range(1, 6)]
        rows.append(np.hstack([tile(street, "clean", width), *levels]))
    return np.vstack(rows)


def presets(width: int) -> Picture:
    """Return every preset, before and after, two to a row."""
    pairs = []
    for name in ln.PRESETS:
        before = scene(SCENE_OF[name])
        after = ln.preset(name)(before, rng=keyed.generator(5, name))
        pairs.append(np.hstack([tile(before, SCENE_OF[name], width), tile(after, name, width)]))
    return np.vstack([np.hstack(pairs[at : at + 2]) for at in range(0, len(pairs), 2)])


def damage(width: int) -> Picture:
    """Return a scene, the same with light noise, and the damage map."""
    before = scene("tunnel")
    params = ln.preset("tunnel_exit").sample(keyed.generator(5, "damage"), before.shape)
    after, lost = ln.chain(before, params, return_damage=True)
    shown = cv2.applyColorMap((255.0 * lost).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    labelled = ((before, "clean"), (after, "tunnel_exit"), (np.ascontiguousarray(shown), "damage: bright = gone"))
    return np.hstack([tile(picture, label, width) for picture, label in labelled])


def main() -> None:
    """Write the three pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--width", type=int, default=320, help="of one picture, pixels [320]")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for make in (effects, presets, damage):
        file = options.folder / f"{make.__name__}.jpg"
        Image.fromarray(make(options.width)).save(file, quality=90)
        print(file)


if __name__ == "__main__":
    main()
