"""Files that are not what they should be: each is refused for a reason, without a word on stderr."""

import contextlib
import io
import os
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from lightnoise.io import ImageFileError, decode, read_image

PIXELS = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (90, 160, 3), np.uint8), (5, 5), 0)


def saved(image_format, **options):
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, image_format, **options)
    return buffer.getvalue()


def with_cv2(suffix, dtype):
    return cv2.imencode(suffix, PIXELS.astype(dtype) * (257 if dtype == np.uint16 else 1))[1].tobytes()


WHOLE = {
    "jpeg": saved("JPEG"),
    "jpeg with thumbnail": saved("JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0\xff\xd8\xff\xd9", quality=95),
    "progressive jpeg": saved("JPEG", progressive=True),
    "png": saved("PNG"),
    "png16": with_cv2(".png", np.uint16),
    "lossy webp": saved("WEBP"),
    "lossless webp": saved("WEBP", lossless=True),
    "tiff": saved("TIFF"),
    "lzw tiff": saved("TIFF", compression="tiff_lzw"),
    "tiff16": with_cv2(".tif", np.uint16),
    "bmp": saved("BMP"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_every_cut_is_noticed(name, capfd):
    whole = WHOLE[name]
    assert decode(whole).pixels.shape == PIXELS.shape
    cuts = np.random.default_rng(1).integers(1, len(whole) - 2, 60)
    for cut in [1, 2, 8, 20, len(whole) - 2, *map(int, cuts)]:
        with pytest.raises(ImageFileError):
            decode(whole[:cut])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", WHOLE)
def test_damage_never_escapes_as_another_error(name, tmp_path, capfd):
    random = np.random.default_rng(2)
    for _ in range(60):
        data = bytearray(WHOLE[name])
        for at in random.integers(0, len(data), random.integers(1, 6)):
            data[at] = random.integers(256)
        path = tmp_path / "damaged"
        path.write_bytes(bytes(data))
        with contextlib.suppress(ImageFileError):
            read_image(path, max_pixels=10**6)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["jpeg", "progressive jpeg"])
def test_jpeg_data_that_end_too_early_are_noticed_though_the_file_is_closed(name, tmp_path):
    path = tmp_path / "closed.jpg"
    whole = WHOLE[name]
    path.write_bytes(whole[: len(whole) * 2 // 3] + b"\xff\xd9")
    with pytest.raises(ImageFileError, match="damaged"):
        read_image(path)


def test_spare_bytes_before_a_marker_do_no_harm(tmp_path, capfd):
    path = tmp_path / "spare.jpg"
    path.write_bytes(WHOLE["jpeg"][:-2] + bytes(20) + b"\xff\xd9" + b"trailer")
    np.testing.assert_array_equal(read_image(path).pixels, decode(WHOLE["jpeg"]).pixels)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["png", "png16"])
def test_a_flipped_bit_in_png_is_noticed(name):
    for at in (40, 100, len(WHOLE[name]) // 2):
        data = bytearray(WHOLE[name])
        data[at] ^= 4
        with pytest.raises(ImageFileError, match="checksum"):
            decode(bytes(data))


def png_header(width, height):
    body = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = b""
    for kind, payload in ((b"IHDR", body), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")):
        crc = zlib.crc32(kind + payload)
        chunks += struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", crc)
    return b"\x89PNG\r\n\x1a\n" + chunks


def resized_header(data, at, layout, *size):
    data = bytearray(data)
    struct.pack_into(layout, data, at, *size)
    return bytes(data)


BOMBS = {
    "png": png_header(60000, 60000),
    "jpeg": resized_header(WHOLE["jpeg"], WHOLE["jpeg"].find(b"\xff\xc0") + 5, ">HH", 60000, 60000),
    "bmp": resized_header(WHOLE["bmp"], 18, "<ii", 60000, 60000),
    "webp": b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff\xff\xff" * 2 + bytes(8),
    "tiff": resized_header(
        resized_header(WHOLE["tiff"], WHOLE["tiff"].find(struct.pack("<HHI", 256, 4, 1)) + 8, "<I", 60000),
        WHOLE["tiff"].find(struct.pack("<HHI", 257, 4, 1)) + 8,
        "<I",
        60000,
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_from_their_header(name, monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("decoded"))
    with pytest.raises(ImageFileError, match="too large"):
        decode(BOMBS[name])


def test_the_size_limit_is_the_callers():
    with pytest.raises(ImageFileError, match=r"160×90 = 0 Mpx.*max_pixels"):
        decode(WHOLE["png"], max_pixels=160 * 90 - 1)
    assert decode(WHOLE["png"], max_pixels=160 * 90).pixels.shape == (90, 160, 3)


def test_pictures_without_pixels_are_refused():
    with pytest.raises(ImageFileError, match="no pixels"):
        decode(png_header(0, 5))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.png", b"", "is empty"),
        ("text.jpg", b"lanes: 1 2 3\n", "no image of a known format"),
        ("gif.png", b"GIF89a", "no image of a known format"),
        ("png.jpg", WHOLE["png"], "is named .jpg but holds PNG: rename it to .png"),
        ("jpeg.PNG", WHOLE["jpeg"], "is named .PNG but holds JPEG: rename it to .jpg"),
        ("zeros.bmp", bytes(500), "no image of a known format"),
    ],
)
def test_files_are_refused_with_the_reason(tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ImageFileError, match=reason.replace(".", r"\.")):
        read_image(path)


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(ImageFileError, match="does not exist"):
        read_image(tmp_path / "absent.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ImageFileError, match="no regular file"):
        read_image(tmp_path / "folder.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "gone")
    with pytest.raises(ImageFileError, match="broken link"):
        read_image(tmp_path / "link.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_named_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ImageFileError, match="no regular file"):
        read_image(tmp_path / "pipe.png")


def test_unreadable_files_are_named_so(tmp_path, monkeypatch):
    path = tmp_path / "locked.png"
    path.write_bytes(WHOLE["png"])

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(ImageFileError, match="cannot be read: Permission denied"):
        read_image(path)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_wide_tiff_samples_are_refused_with_the_mend(dtype):
    for pixels in (PIXELS, PIXELS[:, :, 0]):
        data = cv2.imencode(".tif", pixels.astype(dtype))[1].tobytes()
        with pytest.raises(ImageFileError, match="convert it to 16-bit integers"):
            decode(data)
