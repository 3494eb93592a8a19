"""Pictures that people will see: really decoded once, freed of metadata, turned upright.

A picture's extension is not believed: what counts is that it decodes as PNG, JPEG or WebP. Metadata is cut out without
touching a pixel (see metadata.py). Only a picture whose EXIF says that the camera was turned is encoded anew, upright:
PNG and WebP without loss, JPEG at quality 95 without chroma subsampling.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

from annotation.formats.errors import FormatError
from annotation.formats.limits import Limits
from annotation.formats.stimuli.metadata import strip_metadata
from annotation.formats.stimuli.sources import Source, read_bytes

# Telephones write MPO: a JPEG with further pictures behind it, which are cut off as metadata.
_MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "WEBP": "image/webp"}
_ENCODING: dict[str, dict[str, int]] = {
    "PNG": {},
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"lossless": 1},
}
_ORIENTATION = 0x0112
_NOT_A_PICTURE = "The file does not decode as a PNG, JPEG or WebP picture."


@dataclass(frozen=True)
class PictureSource:
    """A picture that was checked and is read again when it is needed.

    Attributes:
        source: Where its file lies.
        name: Its relative name there.
        limits: Bounds to hold.
        media_type: image/png, image/jpeg or image/webp.
        width: Pixels, upright.
        height: Pixels, upright.
        orientation: EXIF orientation of the file, 1 when it is upright.
        file_sha256: Digest of the whole file, metadata included.
        identity: What content hashes use: digest of the file without metadata, and the orientation.
    """

    source: Source
    name: str
    limits: Limits
    media_type: str
    width: int
    height: int
    orientation: int
    file_sha256: str
    identity: str

    def read(self) -> bytes:
        """The picture's bytes, upright and without metadata.

        Raises:
            FormatError: If the file is no longer what was checked.
        """
        data = read_bytes(self.source, self.name, limit=self.limits.picture_bytes)
        if hashlib.sha256(data).hexdigest() != self.file_sha256:
            raise FormatError("The picture changed while it was imported.", file=self.name)
        clean = strip_metadata(data, self.media_type)
        return clean if self.orientation == 1 else _upright(clean, self.orientation)


def check_picture(source: Source, name: str, limits: Limits) -> PictureSource:
    """Decode a picture and describe it; nothing of it stays in memory.

    Args:
        source: Where the file lies.
        name: Its relative name.
        limits: Bounds to hold.

    Raises:
        FormatError: If it is missing, too large, animated or not a picture of an allowed format.
    """
    if not source.has(name):
        raise FormatError("The file does not exist.", file=name)
    data = read_bytes(source, name, limit=limits.picture_bytes)
    media_type, orientation = _describe(data, name, limits)
    try:
        clean = strip_metadata(data, media_type)
    except ValueError as error:
        raise FormatError(_NOT_A_PICTURE, file=name) from error
    width, height = _decode(clean, name)
    if orientation >= 5:
        width, height = height, width
    digest = hashlib.sha256(clean).hexdigest()
    return PictureSource(
        source=source,
        name=name,
        limits=limits,
        media_type=media_type,
        width=width,
        height=height,
        orientation=orientation,
        file_sha256=hashlib.sha256(data).hexdigest(),
        identity=f"{digest}/{orientation}",
    )


def _describe(data: bytes, name: str, limits: Limits) -> tuple[str, int]:
    """Media type and EXIF orientation, from the header alone."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            media_type = _MEDIA_TYPES[image.format or ""]
            frames = 1 if image.format == "MPO" else int(getattr(image, "n_frames", 1))
            _check_pixels(image.width * image.height, name, limits)  # before PNG decodes pixels to find its EXIF
            orientation = int(image.getexif().get(_ORIENTATION, 1))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FormatError(f"The picture has more than {limits.picture_pixels:,} pixels.", file=name) from error
    except FormatError:
        raise
    except Exception as error:  # Decoders fail on hostile bytes in every way there is; all mean the same here.
        raise FormatError(_NOT_A_PICTURE, file=name) from error
    if frames > 1:
        raise FormatError(f"The picture is animated ({frames} frames); only still pictures are shown.", file=name)
    return media_type, orientation if 1 <= orientation <= 8 else 1


def _check_pixels(pixels: int, name: str, limits: Limits) -> None:
    if pixels > limits.picture_pixels:
        raise FormatError(f"The picture has {pixels:,} pixels; at most {limits.picture_pixels:,} are read.", file=name)


def _decode(clean: bytes, name: str) -> tuple[int, int]:
    """Decode every pixel of what will be served; its width and height."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(clean), formats=("PNG", "JPEG", "WEBP")) as image:
            image.load()
            return image.width, image.height
    except Exception as error:  # As above: a decoder's failure of any kind means that this is no picture.
        raise FormatError(_NOT_A_PICTURE, file=name) from error


def _upright(clean: bytes, orientation: int) -> bytes:
    """The picture turned as its orientation asks, encoded anew."""
    from PIL import Image

    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    out = io.BytesIO()
    with Image.open(io.BytesIO(clean), formats=("PNG", "JPEG", "WEBP")) as image:
        kind = image.format or ""
        turned = image.transpose(turns[orientation])
        turned.save(out, format=kind, icc_profile=image.info.get("icc_profile"), **_ENCODING[kind])
    return out.getvalue()
