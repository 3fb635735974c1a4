import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lightnoise as ln


@given(fov=st.floats(5.0, 150.0), width=st.integers(1, 10000), aspect=st.floats(0.1, 10.0))
def test_the_border_is_at_half_the_field_of_view(fov, width, aspect):
    """r = f·tan θ: the ray at fov/2 meets the frame's edge, W/2 from the middle."""
    focal_y, focal_x = ln.Camera(fov_deg=fov, pixel_aspect=aspect).focal_px(width)
    assert focal_x * math.tan(math.radians(fov / 2)) == pytest.approx(width / 2)
    assert focal_y / focal_x == pytest.approx(aspect)


def test_pixel_aspect_of_a_squashed_frame():
    """1280×720 squashed to 640×640: the vertical field of view stays what it was."""
    whole, squashed = ln.Camera(), ln.Camera(pixel_aspect=(1280 / 640) / (720 / 640))
    vertical = [2 * math.atan(0.5 * h / c.focal_px(w)[0]) for c, w, h in ((whole, 1280, 720), (squashed, 640, 640))]
    assert vertical[0] == pytest.approx(vertical[1])


def test_pitch_grows_as_the_frame_shrinks():
    camera = ln.Camera(pixel_pitch_um=3.0, frame_width_px=1280)
    assert [camera.pitch_um(width) for width in (2560, 1280, 640)] == [1.5, 3.0, 6.0]


@given(
    camera=st.builds(
        ln.Camera,
        fov_deg=st.floats(5.0, 150.0),
        response=st.sampled_from(["srgb", "linear", "power:2.2", "scurve:0.5"]),
        highlight_gain=st.floats(1.0, 1e6),
        f_number=st.floats(0.7, 64.0),
        frame_width_px=st.integers(1, 10**6),
        column_blooming=st.floats(0.0, 1.0),
    )
)
def test_json_brings_it_back(camera):
    assert ln.Camera.from_dict(json.loads(json.dumps(camera.to_dict(), allow_nan=False))) == camera


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("fov_deg", 0.0, r"fov_deg must be in \[5, 150\], got 0.0"),
        ("fov_deg", 180.0, r"fov_deg must be in \[5, 150\]"),
        ("highlight_gain", 0.5, r"highlight_gain must be in \[1, 1e\+06\]"),
        ("f_number", 0.1, r"f_number must be in \[0.7, 64\]"),
        ("pixel_pitch_um", 0.0, r"pixel_pitch_um must be in"),
        ("frame_width_px", 0, r"frame_width_px must be in"),
        ("pixel_aspect", 0.0, r"pixel_aspect must be in \[0.1, 10\]"),
        ("full_well", 0.5, r"full_well must be in \[1, 1e\+06\]"),
        ("column_blooming", 1.5, r"column_blooming must be in \[0, 1\]"),
        ("response", "log", "response must be"),
    ],
)
def test_values_out_of_range_are_named(field, value, message):
    with pytest.raises(ValueError, match=message):
        ln.Camera(**{field: value})


@pytest.mark.parametrize("value", ["60", None, True, [60]])
def test_other_kinds_are_named(value):
    with pytest.raises(TypeError, match="fov_deg must be a number"):
        ln.Camera(fov_deg=value)


def test_unknown_keys_are_named():
    with pytest.raises(ValueError, match="Camera has no fov; it has fov_deg, response"):
        ln.Camera.from_dict({"fov": 60})


def test_named_cameras():
    assert {"tusimple", "bdd100k", "culane"} <= set(ln.CAMERAS)
    assert all(isinstance(camera, ln.Camera) for camera in ln.CAMERAS.values())
