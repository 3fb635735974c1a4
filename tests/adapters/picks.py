"""One list of params of every kind that the package makes, to be sent through every host library."""

import lightnoise as ln
from lightnoise import keyed

SHAPE = (72, 128, 3)

PICKS = {f"{effect}_{level}": [ln.severity(effect, level)] for effect in ln.EFFECTS for level in (1, 5)}
PICKS |= {name: ln.preset(name).sample(keyed.generator(3, name), SHAPE) for name in ln.PRESETS}
