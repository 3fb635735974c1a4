"""What goes in comes out: against Pillow as the other reader and writer."""

import io

import numpy as np
import pytest
from PIL import Image

from lightnoise.io import FORMATS, ImageFileError, decode, encode, format_of_content, format_of_name
from lightnoise.io.formats import BMP, JPEG, PNG, TIFF, WEBP


def noise(*shape, dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def smooth(height=48, width=64):
    y, x = np.mgrid[:height, :width]
    return np.stack([4 * x % 256, 5 * y % 256, (x + y) % 256], axis=2).clip(20, 235).astype(np.uint8)


def pillow_bytes(image, image_format, **options):
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("image_format", [PNG, TIFF, BMP])
@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 3), (9, 7, 4), (1, 1), (1, 5, 3)])
def test_lossless_formats_return_the_pixels(image_format, shape):
    pixels = noise(*shape)
    data = encode(pixels, image_format).data
    assert format_of_content(data) is image_format
    picture = decode(data)
    np.testing.assert_array_equal(picture.pixels, pixels)
    assert picture.notes == ()
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)


@pytest.mark.parametrize("image_format", [PNG, TIFF])
@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 3), (9, 7, 4)])
def test_sixteen_bits_return_the_pixels(image_format, shape):
    pixels = noise(*shape, dtype=np.uint16)
    picture = decode(encode(pixels, image_format).data)
    assert picture.pixels.dtype == np.uint16
    np.testing.assert_array_equal(picture.pixels, pixels)


def test_sixteen_bit_grey_is_what_pillow_reads():
    pixels = noise(9, 7, dtype=np.uint16)
    for image_format in (PNG, TIFF):
        data = encode(pixels, image_format).data
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)


@pytest.mark.parametrize("image_format", FORMATS, ids=lambda each: each.name)
def test_pictures_that_pillow_wrote_are_read_as_pillow_reads_them(image_format):
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95}}.get(image_format.name.upper(), {})
    data = pillow_bytes(Image.fromarray(smooth()), image_format.name.upper(), **options)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
    assert np.abs(decode(data).pixels - expected).max() <= (3 if image_format is JPEG else 0)


def test_lossy_formats_come_close():
    for image_format in (JPEG, WEBP):
        returned = decode(encode(smooth(), image_format, quality=95).data).pixels
        assert np.abs(returned.astype(int) - smooth()).mean() < 6


def test_lower_quality_makes_smaller_files():
    for image_format in (JPEG, WEBP):
        sizes = [len(encode(noise(64, 64, 3), image_format, quality=quality).data) for quality in (30, 95)]
        assert sizes[0] < 0.7 * sizes[1]


def test_jpeg_halves_chroma():
    with Image.open(io.BytesIO(encode(smooth(), JPEG).data)) as image:
        assert [layer[1:3] for layer in image.layer] == [(2, 2), (1, 1), (1, 1)]


def test_grey_stays_grey():
    grey = smooth()[:, :, 0]
    for image_format in (JPEG, PNG, TIFF, BMP):
        assert Image.open(io.BytesIO(encode(grey, image_format).data)).mode == "L"
        assert decode(encode(grey, image_format).data).pixels.ndim == 2
    assert decode(encode(grey[:, :, None], PNG).data).pixels.shape == grey.shape


def test_webp_has_no_grey_and_says_so():
    encoded = encode(smooth()[:, :, 0], WEBP)
    assert encoded.notes == ("grey became RGB for WebP",)
    channels = decode(encoded.data).pixels
    assert np.abs(channels[..., 0].astype(int) - channels[..., 2]).max() <= 2


def test_webp_keeps_alpha():
    alpha = noise(48, 64)
    returned = decode(encode(np.dstack([smooth(), alpha]), WEBP).data).pixels
    np.testing.assert_array_equal(returned[..., 3], alpha)


def test_sixteen_bits_are_rounded_for_eight_bit_formats():
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    encoded = encode(levels, BMP)
    np.testing.assert_array_equal(decode(encoded.data).pixels, np.rint(levels / 257.0).astype(np.uint8))
    assert encoded.notes == ("16 bits became 8 for BMP",)


def test_jpeg_refuses_transparency_but_drops_opaque_alpha():
    opaque = np.dstack([smooth(), np.full((48, 64), 255, np.uint8)])
    assert encode(opaque, JPEG).notes == ("opaque alpha dropped for JPEG",)
    opaque[3, 4, 3] = 254
    with pytest.raises(ImageFileError, match="--format png or webp"):
        encode(opaque, JPEG)


def test_sides_too_long_for_a_format_are_refused():
    with pytest.raises(ImageFileError, match="16383"):
        encode(np.zeros((1, 16384, 3), np.uint8), WEBP)
    with pytest.raises(ImageFileError, match="65500"):
        encode(np.zeros((1, 65501), np.uint8), JPEG)
    assert decode(encode(np.zeros((1, 16383, 3), np.uint8), WEBP).data).pixels.shape == (1, 16383, 3)


PALETTE = Image.fromarray(smooth()).convert("P")
GREY = Image.fromarray(smooth()).convert("L")


@pytest.mark.parametrize(
    ("image", "save_as", "options", "mode", "note"),
    [
        (PALETTE, "PNG", {}, "RGB", "palette became RGB"),
        (PALETTE, "PNG", {"transparency": 3}, "RGBA", "palette became RGBA"),
        (PALETTE, "BMP", {}, "RGB", "palette became RGB"),
        (PALETTE, "TIFF", {}, "RGB", "palette became RGB"),
        (GREY, "PNG", {"transparency": 7}, "RGBA", "colour key became RGBA"),
        (GREY.convert("1"), "PNG", {}, "L", "1-bit grey became 8-bit"),
        (GREY.convert("1"), "TIFF", {}, "L", "1-bit became 8-bit grey"),
        (GREY.convert("1"), "BMP", {}, "L", "1-bit became 8-bit grey"),
        (GREY.convert("LA"), "PNG", {}, "RGBA", "grey with alpha became RGBA"),
        (GREY.convert("LA"), "TIFF", {}, "RGBA", "grey with alpha became RGBA"),
        (Image.fromarray(smooth()).convert("CMYK"), "TIFF", {}, "RGB", "CMYK became sRGB without a profile"),
    ],
)
def test_unusual_pictures_are_converted_with_a_note(image, save_as, options, mode, note):
    data = pillow_bytes(image, save_as, **options)
    picture = decode(data)
    assert picture.notes == (note,)
    np.testing.assert_array_equal(picture.pixels, np.asarray(Image.open(io.BytesIO(data)).convert(mode)))


def test_cmyk_jpeg_becomes_rgb():
    picture = decode(pillow_bytes(Image.fromarray(smooth()).convert("CMYK"), "JPEG", quality=98))
    assert picture.notes == ("CMYK became sRGB without a profile",)
    assert np.abs(picture.pixels.astype(int) - smooth()).mean() < 8


def test_animations_give_their_first_frame():
    frames = [Image.fromarray(noise(8, 8, 3, seed=seed)) for seed in (1, 2)]
    for save_as, options in (("PNG", {}), ("WEBP", {"lossless": True})):
        data = pillow_bytes(frames[0], save_as, save_all=True, append_images=frames[1:], **options)
        picture = decode(data)
        np.testing.assert_array_equal(picture.pixels[..., :3], np.asarray(frames[0]))
        assert picture.notes == ("only the first frame of an animation",)


def test_several_pages_give_the_first():
    pages = [Image.fromarray(noise(8, 8, 3, seed=seed)) for seed in (1, 2)]
    picture = decode(pillow_bytes(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    np.testing.assert_array_equal(picture.pixels, np.asarray(pages[0]))
    assert picture.notes == ("only the first of 2 pages",)


def test_suffixes_are_known_in_any_case():
    assert format_of_name("a/B.JPEG") is JPEG
    assert format_of_name("x.tif") is format_of_name("x.TIFF") is TIFF
    assert format_of_name("labels.json") is None
    assert format_of_name(".png") is None
    assert format_of_name("png") is None


def test_sixteen_bit_tiff_whose_zero_is_white_is_inverted():
    pixels = noise(5, 4, dtype=np.uint16)
    data = bytearray(encode(pixels, TIFF).data)
    photometric = data.find((262).to_bytes(2, "little") + b"\3\0\1\0\0\0")
    assert data[photometric + 8] == 1  # TIFF 6.0, section 3: 1 is BlackIsZero, 0 is WhiteIsZero
    data[photometric + 8] = 0
    np.testing.assert_array_equal(decode(bytes(data)).pixels, 65535 - pixels)
