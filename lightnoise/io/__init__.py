"""Image files and arrays: whole in, whole out, with everything beside the pixels kept."""

from lightnoise.io.decode import MAX_PIXELS, decode, read_image
from lightnoise.io.encode import Encoded, encode
from lightnoise.io.files import read_bytes, sweep_temporaries, write_atomically
from lightnoise.io.formats import FORMATS, ImageFileError, ImageFormat, format_of_content, format_of_name
from lightnoise.io.metadata import Metadata
from lightnoise.io.picture import Picture

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "Encoded",
    "ImageFileError",
    "ImageFormat",
    "Metadata",
    "Picture",
    "decode",
    "encode",
    "format_of_content",
    "format_of_name",
    "read_bytes",
    "read_image",
    "sweep_temporaries",
    "write_atomically",
]
