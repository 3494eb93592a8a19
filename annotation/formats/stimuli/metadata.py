"""Pictures without what they tell about people: metadata cut out of the file, pixels untouched.

Photographs carry GPS positions, serial numbers, captions, thumbnails of what was cropped away, even short films after
the end of the picture. Only the parts that are needed to draw the picture are kept (a list of what to keep, so an
unknown part is dropped); nothing is decoded, so nothing is lost. A picture that carries nothing else keeps its bytes.
"""

from __future__ import annotations

import re
import struct

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD"}
)
_PNG_KEPT |= {b"pHYs", b"cICP"}
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"})
_WEBP_EXIF_AND_XMP = 0x08 | 0x04
# Inside a JPEG scan 0xFF is followed by 0x00 (a stuffed byte) or a restart marker; anything else ends the scan.
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_EOI, _SOS, _COM, _JFIF_BYTES = 0xD9, 0xDA, 0xFE, 18


def strip_metadata(data: bytes, media_type: str) -> bytes:
    """The picture's file with only the parts that draw it.

    Args:
        data: The whole file.
        media_type: image/png, image/jpeg or image/webp.

    Raises:
        ValueError: If the file does not have the structure of its type.
    """
    return {"image/png": _strip_png, "image/jpeg": _strip_jpeg, "image/webp": _strip_webp}[media_type](data)


def _strip_png(data: bytes) -> bytes:
    if not data.startswith(_PNG_SIGNATURE):
        raise ValueError("no PNG signature")
    kept, at = [_PNG_SIGNATURE], len(_PNG_SIGNATURE)
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            break
        if name in _PNG_KEPT:
            kept.append(data[at:end])
        if name == b"IEND":
            return b"".join(kept)
        at = end
    raise ValueError("a PNG that is cut short")


def _strip_jpeg(data: bytes) -> bytes:
    if not data.startswith(b"\xff\xd8"):
        raise ValueError("no JPEG signature")
    kept, at = [data[:2]], 2
    while at + 4 <= len(data) or data[at : at + 2] == b"\xff\xd9":
        marker = data[at + 1]
        if data[at] != 0xFF:
            raise ValueError("a JPEG without a marker where one must be")
        if marker == 0xFF:
            at += 1
            continue
        if marker == _EOI:
            return b"".join([*kept, b"\xff\xd9"])
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if end < at + 4 or end > len(data):
            break
        if _jpeg_kept(marker, data[at:end]):
            kept.append(data[at:end])
        if marker == _SOS:
            stop = _SCAN_END.search(data, end)
            if stop is None:
                break
            kept.append(data[end : stop.start()])
            end = stop.start()
        at = end
    raise ValueError("a JPEG that is cut short")


def _jpeg_kept(marker: int, segment: bytes) -> bool:
    """Keep everything but comments and application segments that are not about colours or a bare JFIF header."""
    body = segment[4:]
    if marker == 0xE0:
        return body.startswith(b"JFIF\0") and len(segment) == _JFIF_BYTES
    if marker == 0xE2:
        return body.startswith(b"ICC_PROFILE\0")
    if marker == 0xEE:
        return body.startswith(b"Adobe")
    return not (0xE0 <= marker <= 0xEF or marker == _COM)


def _strip_webp(data: bytes) -> bytes:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise ValueError("no WebP signature")
    stop = 8 + int.from_bytes(data[4:8], "little")
    if stop > len(data):
        raise ValueError("a WebP that is cut short")
    kept, at = [], 12
    while at + 8 <= stop:
        name, length = struct.unpack_from("<4sI", data, at)
        end = at + 8 + length + length % 2
        if end > stop:
            raise ValueError("a WebP that is cut short")
        chunk = data[at:end]
        if name == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_EXIF_AND_XMP]) + chunk[9:]
        if name in _WEBP_KEPT:
            kept.append(chunk)
        at = end
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body
