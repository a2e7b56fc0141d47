"""Reading an image file: what it is, and how large, of its first bytes alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from resviz.errors import RenderError, name_file_error
from resviz.figures.field.metadata import (
    JPEG_END,
    JPEG_START,
    PNG_START,
    iter_jpeg_segments,
    strip_jpeg,
    strip_png,
)
from resviz.units import format_mebibytes, group_digits

MAX_IMAGE_BYTES = 4 * 2**20
"""Size of a file that is put into a figure, at most."""

MAX_IMAGE_PIXELS = 40_000_000
"""Pixels of one: what shows the figure holds four bytes for each."""

PNG_END = b"IEND\xaeB`\x82"

JPEG_SIZES = {0xC0, 0xC1, 0xC2}
"""Markers of JPEG that tell the size: baseline, extended and progressive frames."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image: its kind, "png" or "jpeg", and the bytes of a file.

    Those hold its pixels, but not where, when and by whom it was taken.
    """

    kind: str
    data: bytes


def read_image(path: str) -> ImageFile:
    """Read an image that can be put into a figure.

    Raises:
        RenderError: for what cannot be read, is neither PNG nor JPEG or cut short, or
            too large.
    """
    name = Path(path).name  # where it lies is no business of a page that shows errors
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_IMAGE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise RenderError(
            f"image: {name!r} cannot be read, {name_file_error(error)}: want a PNG or "
            "JPEG, by its whole path or from the folder where you are"
        ) from error
    limit = format_mebibytes(MAX_IMAGE_BYTES)
    if len(data) > MAX_IMAGE_BYTES:
        raise RenderError(
            f"image: {name!r} has more than {limit} MiB, which the figure would hold: "
            "want a smaller one, as of 800 by 800 pixels"
        )
    if data.startswith(PNG_START) and PNG_END in data:
        kind, size = "png", find_png_size(data)
        data = strip_png(data)
    elif data.startswith(JPEG_START):
        kind, size = "jpeg", find_jpeg_size(data)
        data = strip_jpeg(data)
    else:
        size = None
        kind = ""
    if size is None or 0 in size:
        raise RenderError(
            f"image: {name!r} is no whole PNG or JPEG, want one: a picture is "
            "converted by any viewer that saves as .png or .jpg"
        )
    width, height = size
    if width * height > MAX_IMAGE_PIXELS:
        raise RenderError(
            f"image: {name!r} has {width}×{height} pixels, want at most "
            f"{group_digits(MAX_IMAGE_PIXELS)}, as a smaller copy has"
        )
    return ImageFile(kind, data)


def find_png_size(data: bytes) -> tuple[int, int] | None:
    """Find width and height of a PNG. Source: PNG, third edition, 11.2.1."""
    if data[12:16] != b"IHDR":
        return None
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def find_jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Find width and height of a JPEG that is whole. Source: ITU-T T.81, B.2.2."""
    size = None
    for marker, segment in iter_jpeg_segments(data):
        if marker in JPEG_SIZES and size is None and len(segment) >= 9:
            size = int.from_bytes(segment[7:9]), int.from_bytes(segment[5:7])
        if marker == JPEG_END:
            return size
    return None
