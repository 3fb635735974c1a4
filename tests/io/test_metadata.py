"""EXIF and ICC survive; turned pictures stand upright."""

import io

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps
from PIL.TiffImagePlugin import IFDRational

from lightnoise.io import Metadata, decode, encode
from lightnoise.io.exif import Exif
from lightnoise.io.formats import BMP, JPEG, PNG, TIFF, WEBP

MAKE, ORIENTATION, EXIF_DIRECTORY, EXPOSURE, LENS = 0x010F, 0x0112, 0x8769, 0x829A, 0xA434
WIDTH, HEIGHT = 0xA002, 0xA003
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PIXELS = np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)
LOSSLESS = {"PNG": {}, "WEBP": {"lossless": True}, "TIFF": {}}


def exif(orientation=1, size=(9, 6)):
    block = Image.Exif()
    block[MAKE] = "Maker of cameras"
    block[ORIENTATION] = orientation
    block.get_ifd(EXIF_DIRECTORY).update(
        {EXPOSURE: IFDRational(1, 250), LENS: "A lens", WIDTH: size[0], HEIGHT: size[1]}
    )
    return block


def saved(image_format, pixels=PIXELS, **options):
    buffer = io.BytesIO()
    if "exif" in options:
        options["exif"] = options["exif"].tobytes()  # else Pillow leaves nested parts out of a TIFF
    Image.fromarray(pixels).save(buffer, image_format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_pictures_are_turned_as_pillow_turns_them(image_format, orientation):
    data = saved(image_format, exif=exif(orientation), **LOSSLESS.get(image_format, {"quality": 95}))
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    picture = decode(data)
    assert picture.pixels.shape == expected.shape
    assert np.abs(picture.pixels.astype(int) - expected).max() <= (3 if image_format == "JPEG" else 0)
    assert picture.metadata.orientation == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_sixteen_bit_tiff_is_turned(orientation):
    pixels = PIXELS.astype(np.uint16) * 257
    data = bytearray(cv2.imencode(".tif", pixels[:, :, ::-1])[1].tobytes())
    with Image.open(io.BytesIO(bytes(data))) as image:
        assert ORIENTATION not in image.tag_v2
    tagged = with_short_tag(bytes(data), ORIENTATION, orientation)
    with Image.open(io.BytesIO(saved("TIFF", exif=exif(orientation)))) as image:
        expected = np.asarray(ImageOps.exif_transpose(image)).astype(np.uint16) * 257
    np.testing.assert_array_equal(decode(tagged).pixels, expected)


def with_short_tag(data, tag, value):
    """Return a little-endian TIFF file with a SHORT tag added to its directory."""
    first = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[first : first + 2], "little")
    entries = [data[first + 2 + 12 * index :][:12] for index in range(count)]
    entries.append(tag.to_bytes(2, "little") + b"\3\0\1\0\0\0" + value.to_bytes(4, "little"))
    entries.sort(key=lambda entry: int.from_bytes(entry[:2], "little"))
    start = len(data) + len(data) % 2
    directory = len(entries).to_bytes(2, "little") + b"".join(entries) + bytes(4)
    return data[:4] + start.to_bytes(4, "little") + data[8:].ljust(start - 8, b"\0") + directory


@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("target", [JPEG, PNG, WEBP], ids=lambda each: each.name)
def test_exif_goes_from_any_format_to_any_other(source, target):
    picture = decode(saved(source, exif=exif(orientation=6), **LOSSLESS.get(source, {})))
    encoded = encode(picture.pixels, target, metadata=picture.metadata)
    with Image.open(io.BytesIO(encoded.data)) as image:
        image.load()
        block = image.getexif()
        assert block[MAKE] == "Maker of cameras"
        assert block.get(ORIENTATION, 1) == 1
        details = block.get_ifd(EXIF_DIRECTORY)
        assert float(details[EXPOSURE]) == pytest.approx(1 / 250)
        assert details[LENS] == "A lens"
        assert (details[WIDTH], details[HEIGHT]) == image.size == (6, 9)


def test_tiff_keeps_the_texts_and_the_profile():
    encoded = encode(PIXELS, TIFF, metadata=decode(saved("JPEG", exif=exif(), icc_profile=SRGB)).metadata)
    with Image.open(io.BytesIO(encoded.data)) as image:
        np.testing.assert_array_equal(np.asarray(image), PIXELS)
        assert image.info["icc_profile"] == SRGB
        assert image.getexif()[MAKE] == "Maker of cameras"


@pytest.mark.parametrize("target", [JPEG, PNG, WEBP, TIFF], ids=lambda each: each.name)
@pytest.mark.parametrize("profile", [SRGB, bytes(np.random.default_rng(1).integers(0, 256, 200_001, np.uint8))])
@pytest.mark.parametrize("shape", [(6, 9), (6, 9, 3), (6, 9, 4)])
def test_profiles_of_any_size_survive(target, profile, shape):
    if target is JPEG and shape[-1] == 4:
        pytest.skip("JPEG has no alpha")
    pixels = np.random.default_rng(2).integers(0, 256, shape, np.uint8)
    data = encode(pixels, target, metadata=Metadata(icc=profile)).data
    picture = decode(data)
    assert picture.metadata.icc == profile
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.info["icc_profile"] == profile
    plain = decode(encode(pixels, target).data).pixels
    np.testing.assert_array_equal(picture.pixels, plain)


def test_png_colour_chunks_stay_among_png_files():
    gamma = (b"gAMA", (45455).to_bytes(4, "big"))
    data = encode(PIXELS, PNG, metadata=Metadata(png_colour=(gamma,))).data
    assert decode(data).metadata.png_colour == (gamma,)
    assert Image.open(io.BytesIO(data)).info["gamma"] == pytest.approx(0.45455)
    assert encode(PIXELS, JPEG, metadata=Metadata(png_colour=(gamma,))).data == encode(PIXELS, JPEG).data


def test_what_a_format_cannot_hold_is_noted():
    assert "dropped" in encode(PIXELS, BMP, metadata=Metadata(icc=SRGB)).notes[0]
    assert encode(PIXELS, JPEG, metadata=Metadata(exif=bytes(70_000))).notes == (
        "EXIF too large for a JPEG segment: dropped",
    )


def test_the_embedded_thumbnail_goes_since_it_shows_the_old_picture():
    with_thumbnail = exif()
    with_thumbnail.get_ifd(1)[0x0103] = 6
    block = with_thumbnail.tobytes().removeprefix(b"Exif\0\0")
    assert Image.Exif().load(block) is None
    upright = Exif(block).upright(9, 6)
    first = Image.Exif()
    first.load(upright)
    assert first[MAKE] == "Maker of cameras"
    assert not first.get_ifd(1)


def test_cmyk_uses_its_profile_and_drops_it():
    cmyk = Image.fromarray(PIXELS).convert("CMYK")
    buffer = io.BytesIO()
    cmyk.save(buffer, "JPEG", icc_profile=SRGB)  # a profile of the wrong kind must do no harm
    picture = decode(buffer.getvalue())
    assert picture.metadata.icc is None
    assert picture.pixels.shape == (6, 9, 3)


@given(block=st.binary(max_size=80), prefix=st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_damaged_exif_does_no_harm(block, prefix):
    view = Exif(prefix + block)
    assert 1 <= view.orientation <= 8
    assert len(view.upright(9, 6)) == len(prefix + block)
    view.texts()
