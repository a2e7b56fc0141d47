"""What an image file says beside its pixels: left out, but for how they are shown.

A camera writes where and when into each picture, and whose it is. A figure is handed
on, so of all that stays the profile of the colours, and which way up the image is.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG_START = b"\x89PNG\r\n\x1a\n"

PNG_KEPT = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND",
    b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT",
}  # fmt: skip
"""Chunks without which the pixels or their colours are others."""

JPEG_START, JPEG_END = b"\xff\xd8", 0xD9

JPEG_SCAN, JPEG_COMMENT, JPEG_EXIF = 0xDA, 0xFE, 0xE1

JPEG_APPLICATIONS = range(0xE0, 0xF0)
"""Markers of what applications write."""

JPEG_KEPT = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
"""What of that says how colours are read, by how it begins."""

JPEG_BARE = {0x01, *range(0xD0, 0xD8)}
"""Markers without a length."""

EXIF_START = b"Exif\0\0"

ORIENTATION = 0x0112
"""The tag that says which way up an image is, 1 to 8; 1 as it is stored."""


def iter_jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each segment of a JPEG that is whole: its marker, and its bytes from there.

    Of a scan those are the coded pixels too.

    Source: ITU-T T.81, B.1.1.
    """
    place = len(JPEG_START)
    while place + 1 < len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:  # any number of these may stand before a marker
            place += 1
            continue
        end = place + 2
        if marker not in JPEG_BARE and marker != JPEG_END:
            end += max(int.from_bytes(data[end : end + 2]), 2)
        if marker == JPEG_SCAN:
            end = find_scan_end(data, end)
        if end > len(data):
            return
        yield marker, data[place:end]
        if marker == JPEG_END:
            return
        place = end


def find_scan_end(data: bytes, place: int) -> int:
    """Find the marker behind coded pixels, in which 255 is followed by 0."""
    while (place := data.find(b"\xff", place)) >= 0:
        following = data[place + 1 : place + 2]
        if following and following[0] and following[0] not in JPEG_BARE:
            return place
        place += 2
    return len(data)


def strip_jpeg(data: bytes) -> bytes:
    """Return a JPEG without what is said beside its pixels."""
    kept = [JPEG_START]
    for marker, segment in iter_jpeg_segments(data):
        body = segment[4:]
        if marker == JPEG_EXIF and body.startswith(EXIF_START):
            exif = make_exif(read_orientation(body.removeprefix(EXIF_START)))
            if exif:
                exif = EXIF_START + exif
                kept.append(b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif)
            continue
        own = marker in JPEG_APPLICATIONS or marker == JPEG_COMMENT
        start = JPEG_KEPT.get(marker)
        if not own or (start is not None and body.startswith(start)):
            kept.append(segment)
    return b"".join(kept)


def iter_png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and the body of each chunk of a PNG. Source: PNG, 5.3."""
    place = len(PNG_START)
    while place + 12 <= len(data):
        size = int.from_bytes(data[place : place + 4])
        kind = data[place + 4 : place + 8]
        yield kind, data[place + 8 : place + 8 + size]
        place += 12 + size
        if kind == b"IEND":
            return


def strip_png(data: bytes) -> bytes:
    """Return a PNG without what is said beside its pixels."""
    kept = [PNG_START]
    for kind, body in iter_png_chunks(data):
        shown = make_exif(read_orientation(body)) if kind == b"eXIf" else body
        if kind in PNG_KEPT or (kind == b"eXIf" and shown):
            check = struct.pack(">I", zlib.crc32(kind + shown))
            kept.append(struct.pack(">I", len(shown)) + kind + shown + check)
    return b"".join(kept)


def read_orientation(exif: bytes) -> int:
    """Read which way up an image is, 1 to 8; 1 where that is not said.

    Source: Exif 2.32, 4.6.2, and TIFF 6.0, section 2.
    """
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None or len(exif) < 8:
        return 1
    (place,) = struct.unpack_from(f"{order}I", exif, 4)
    if place + 2 > len(exif):
        return 1
    (count,) = struct.unpack_from(f"{order}H", exif, place)
    for entry in range(place + 2, place + 2 + 12 * count, 12):
        if entry + 12 > len(exif):
            return 1
        tag, kind = struct.unpack_from(f"{order}HH", exif, entry)
        if (tag, kind) == (ORIENTATION, 3):
            (value,) = struct.unpack_from(f"{order}H", exif, entry + 8)
            return value if 1 <= value <= 8 else 1
    return 1


def make_exif(orientation: int) -> bytes:
    """Write which way up an image is, and nothing else; b"" where it is as stored."""
    if orientation == 1:
        return b""
    entry = struct.pack(">HHIHH", ORIENTATION, 3, 1, orientation, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)
