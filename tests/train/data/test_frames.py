from pathlib import Path

import cv2
import numpy as np
import pytest

from lightnoise_train.data.frames import inside, read_image
from lightnoise_train.errors import DataError


@pytest.mark.parametrize("name", ["clips/0313-1/60/20.jpg", "20.jpg", "clips/a..b/20.jpg", "a/./b.jpg"])
def test_names_within_the_root_are_taken(name):
    assert inside(Path("/data"), name) == Path("/data") / name


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../x.jpg",
        "clips/../../x.jpg",
        "clips/..",
        "C:/x.jpg",
        "C:x.jpg",
        "..\\x.jpg",
        "\\\\host\\x",
        "a\0b",
    ],
)
def test_names_that_lead_out_of_the_root_are_refused(name):
    with pytest.raises(ValueError, match="leads out of the data root"):
        inside(Path("/data"), name)


def test_every_kind_of_picture_comes_as_8_bit_rgb(tmp_path):
    rgb = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    wide = rgb.astype(np.uint16) * 257
    alpha = np.dstack([rgb[..., ::-1], np.full((20, 30), 9, np.uint8)])
    for name, written in {"8.png": rgb[..., ::-1], "16.png": wide[..., ::-1], "alpha.png": alpha}.items():
        cv2.imwrite(str(tmp_path / name), written)
        assert np.array_equal(read_image(tmp_path / name), rgb), name
    cv2.imwrite(str(tmp_path / "grey.png"), rgb[..., 0])
    assert np.array_equal(read_image(tmp_path / "grey.png"), np.repeat(rgb[..., :1], 3, axis=2))


def test_damaged_pictures_are_named(tmp_path):
    good = tmp_path / "good.jpg"
    cv2.imwrite(str(good), np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8))
    whole = good.read_bytes()
    for name, content in {"cut.jpg": whole[: len(whole) // 2], "empty.jpg": b"", "text.jpg": b"not an image"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=name):
            read_image(tmp_path / name)
    with pytest.raises(DataError, match=r"absent\.jpg: does not exist"):
        read_image(tmp_path / "absent.jpg")
