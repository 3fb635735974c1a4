"""How light became numbers: the camera that all effects of a chain share."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lightnoise import checks
from lightnoise.optics.response import check_response
from lightnoise.records import Record


@dataclass(frozen=True)
class Camera(Record):
    """A rectilinear camera: geometry, response, sensor.

    Parameters
    ----------
    fov_deg : float
        Horizontal field of view of the frame, degrees, [5, 150].
    response : str
        Camera response curve: "srgb", "linear", "power:2.2" (any exponent), or "scurve:0.5" (sRGB, then a
        smoothstep tone curve of that strength, (0, 1]).
    highlight_gain : float
        Most energy, × white, that a clipped pixel may get back before light is spread, [1, 1e6]. 1 turns
        recovery off. Lamps are 10³ to 10⁵ × white.
    f_number : float
        Aperture ratio N, [0.7, 64], for diffraction.
    pixel_pitch_um : float
        Distance of the sensor's pixels in micrometres, [0.3, 50], at a frame ``frame_width_px`` wide.
    frame_width_px : int
        Frame width at which ``pixel_pitch_um`` holds, pixels, so that a resized picture keeps its optics.
    pixel_aspect : float
        Width of a pixel / height of a pixel as seen through the lens, [0.1, 10]. A 1280×720 frame squashed
        to 640×640 has (1280/640) / (720/640) = 1.778.
    full_well : float
        Charge at which a pixel is full, × white, [1, 1e6].
    column_blooming : float
        Fraction of the charge above ``full_well`` that spills along the column, [0, 1]; 0 for CMOS.

    Raises
    ------
    TypeError, ValueError
        Naming the field, the value and the allowed range.

    Notes
    -----
    Focal length in pixels f = (W/2) / tan(fov/2); a ray at the angle θ from the axis meets the sensor at
    r = f·tan θ.
    """

    fov_deg: float = 60.0
    response: str = "srgb"
    highlight_gain: float = 1000.0
    f_number: float = 2.0
    pixel_pitch_um: float = 3.0
    frame_width_px: int = 1280
    pixel_aspect: float = 1.0
    full_well: float = 1.0
    column_blooming: float = 0.0

    def __post_init__(self) -> None:
        self._set(
            fov_deg=checks.number("fov_deg", self.fov_deg, 5.0, 150.0),
            response=check_response(self.response),
            highlight_gain=checks.number("highlight_gain", self.highlight_gain, 1.0, 1e6),
            f_number=checks.number("f_number", self.f_number, 0.7, 64.0),
            pixel_pitch_um=checks.number("pixel_pitch_um", self.pixel_pitch_um, 0.3, 50.0),
            frame_width_px=checks.integer("frame_width_px", self.frame_width_px, 1, 10**6),
            pixel_aspect=checks.number("pixel_aspect", self.pixel_aspect, 0.1, 10.0),
            full_well=checks.number("full_well", self.full_well, 1.0, 1e6),
            column_blooming=checks.number("column_blooming", self.column_blooming, 0.0, 1.0),
        )

    def focal_px(self, width: int) -> tuple[float, float]:
        """Return the focal lengths (fy, fx) in pixels of a frame ``width`` pixels wide."""
        fx = 0.5 * width / math.tan(math.radians(0.5 * self.fov_deg))
        return fx * self.pixel_aspect, fx

    def pitch_um(self, width: int) -> float:
        """Return the sensor distance in micrometres between the columns of a frame ``width`` pixels wide."""
        return self.pixel_pitch_um * self.frame_width_px / width


#: Cameras of the common data sets, as far as known. None publishes its optics: fields of view are estimates from the
#: geometry of the frames, apertures and pitches those of the usual dash cameras.
CAMERAS: dict[str, Camera] = {
    "default": Camera(),
    # 1280x720; lane papers that need intrinsics use f ≈ 1000 px
    "tusimple": Camera(fov_deg=65.0),
    # 1280x720 from phones on windscreens, ≈ 26-28 mm equivalent cropped by video stabilisation
    "bdd100k": Camera(fov_deg=60.0, f_number=2.2, pixel_pitch_um=3.7),
    # 1640x590 cut from wide dash cameras
    "culane": Camera(fov_deg=80.0, frame_width_px=1640),
}
