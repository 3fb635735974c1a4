"""Published numbers, each with its unit and source."""

from __future__ import annotations

import math

#: Luminance weights of linear sRGB primaries (ITU-R BT.709-6, item 3.2).
LUMA = (0.2126, 0.7152, 0.0722)

#: Angular radius of the sun's disc, degrees: mean apparent diameter 0.533° (Allen, Astrophysical Quantities).
SUN_RADIUS_DEG = 0.2665

#: Light of the sun on a surface that faces it, in white x steradian. A Lambertian white of radiance 1 that faces
#: the sun receives the irradiance E = pi x 1, so pi is the sun's strength when white is such a sunlit card.
SUN_IRRADIANCE = math.pi
