from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from annotation.formats.limits import Limits
from annotation.formats.stimuli import read_stimuli
from annotation.formats.stimuli.metadata import strip_metadata

TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
SECRET = b"48.2082N 16.3738E"


def exif(orientation: int = 1) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010E] = SECRET.decode()
    return tags


def read(folder, data: bytes, name: str = "a.png"):
    return read_stimuli(folder({name: data})).rows[0]


@pytest.mark.parametrize("kind", TYPES)
def test_a_picture_without_metadata_keeps_its_bytes(folder, picture, kind: str) -> None:
    row = read(folder, picture(kind))
    assert row.picture.read() == picture(kind)
    assert (row.picture_type, row.picture_width, row.picture_height) == (TYPES[kind], 4, 3)


@pytest.mark.parametrize("kind", TYPES)
def test_metadata_is_cut_out_and_no_pixel_changes(folder, picture, kind: str) -> None:
    options: dict[str, object] = {"exif": exif()}
    if kind == "PNG":
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_text("Comment", SECRET.decode())
    elif kind == "JPEG":
        options["comment"] = SECRET
    else:
        options["xmp"] = SECRET
    original = picture(kind, **options)
    assert SECRET in original
    clean = read(folder, original).picture.read()
    assert SECRET not in clean
    before, after = Image.open(io.BytesIO(original)), Image.open(io.BytesIO(clean))
    np.testing.assert_array_equal(np.asarray(before), np.asarray(after))
    assert not after.getexif()
    assert strip_metadata(clean, TYPES[kind]) == clean


@pytest.mark.parametrize("kind", TYPES)
def test_what_hides_behind_a_picture_is_cut_off(folder, picture, kind: str) -> None:
    assert read(folder, picture(kind) + b"<script>" + SECRET).picture.read() == picture(kind)


def test_colour_profiles_and_progressive_scans_survive(folder, picture) -> None:
    profile = b"profile" * 9
    data = picture("JPEG", (64, 64), progressive=True, icc_profile=profile, exif=exif())
    clean = read(folder, data).picture.read()
    with Image.open(io.BytesIO(clean)) as image:
        assert image.info["icc_profile"] == profile
        np.testing.assert_array_equal(np.asarray(image), np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_stood_upright(folder, kind: str, orientation: int) -> None:
    from PIL import ImageOps

    pixels = np.zeros((16, 24, 3), dtype=np.uint8)
    pixels[:8, :8] = (255, 0, 0)
    pixels[8:, 16:] = (0, 255, 0)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format=kind, exif=exif(orientation), **({} if kind == "PNG" else {"quality": 95}))
    row = read(folder, out.getvalue())
    with Image.open(io.BytesIO(out.getvalue())) as original:
        expected = np.asarray(ImageOps.exif_transpose(original).convert("RGB")).astype(int)
    with Image.open(io.BytesIO(row.picture.read())) as image:
        got = np.asarray(image.convert("RGB")).astype(int)
        assert not image.getexif()
    assert (row.picture_width, row.picture_height) == (got.shape[1], got.shape[0])
    assert np.abs(got - expected).mean() < 4  # JPEG is encoded anew


def test_the_hash_does_not_see_metadata_but_sees_the_turn(folder, picture) -> None:
    plain = read(folder, picture("JPEG")).sha256
    assert read(folder, picture("JPEG", exif=exif())).sha256 == plain
    assert read(folder, picture("JPEG", exif=exif(6))).sha256 != plain


def test_a_telephones_picture_with_more_pictures_behind_it_is_a_jpeg(folder) -> None:
    out = io.BytesIO()
    first, second = (Image.new("RGB", (8, 8), (value, 0, 0)) for value in (200, 10))
    first.save(out, format="MPO", save_all=True, append_images=[second])
    row = read(folder, out.getvalue(), "a.jpg")
    with Image.open(io.BytesIO(row.picture.read())) as image:
        assert (image.format, row.picture_type) == ("JPEG", "image/jpeg")
        assert image.getpixel((0, 0))[0] > 150


def test_the_extension_is_not_believed(folder, picture, refused) -> None:
    assert read(folder, picture("JPEG"), "a.png").picture_type == "image/jpeg"
    for kind in ("GIF", "BMP", "TIFF"):
        refused("does not decode as a PNG, JPEG or WebP", read, folder, picture(kind))


@pytest.mark.parametrize("data", [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"MZ" + bytes(400)])
def test_what_is_no_picture_is_refused(folder, refused, data: bytes) -> None:
    error = refused("does not decode", read, folder, data)
    assert error.file == "a.png"


@pytest.mark.parametrize("kind", TYPES)
def test_a_picture_cut_short_is_refused(folder, picture, refused, kind: str) -> None:
    data = picture(kind, (64, 64))
    for keep in (len(data) // 2, len(data) - 1):
        refused("does not decode", read, folder, data[:keep])


def test_a_picture_whose_pixels_are_missing_is_refused(folder, refused) -> None:
    """Headers are fine and so is every checksum; only decoding the pixels tells."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 40, 40, 8, 2, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", b"not deflate") + chunk(b"IEND", b"")
    refused("does not decode", read, folder, data)


def test_a_picture_whose_scan_is_noise_is_refused(folder, picture, refused) -> None:
    data = picture("WEBP", (64, 64), lossless=True)
    refused("does not decode", read, folder, data[:30] + b"\xa5" * (len(data) - 30))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_is_refused(folder, refused, kind: str) -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), (value, 0, 0)) for value in (0, 200)]
    frames[0].save(out, format=kind, save_all=True, append_images=frames[1:])
    refused(r"animated \(2 frames\)", read, folder, out.getvalue())


def test_too_many_pixels_are_refused_before_they_are_decoded(folder, picture, refused, monkeypatch) -> None:
    root = folder({"a.png": picture(size=(40, 30))})
    assert read_stimuli(root, limits=Limits(picture_pixels=1200)).rows
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("decoded"))
    refused("1,200 pixels; at most 1,199", read_stimuli, root, limits=Limits(picture_pixels=1199))


def test_a_pixel_bomb_is_refused(folder, refused) -> None:
    """65,500 × 65,500 black pixels in a few bytes of header."""
    head = struct.pack(">IIBBBBB", 65_500, 65_500, 1, 0, 0, 0, 0)
    chunks = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    )
    refused("more than 40,000,000 pixels", read, folder, b"\x89PNG\r\n\x1a\n" + chunks)


def test_a_large_file_is_refused(folder, picture, refused) -> None:
    refused("at most 20 are read", read_stimuli, folder({"a.png": picture()}), limits=Limits(picture_bytes=20))


def test_a_picture_that_changes_during_the_import_is_refused(folder, picture, refused) -> None:
    row = read(folder, picture())
    folder({"a.png": picture(colour=1)})
    refused("changed while it was imported", row.picture.read)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(TYPES)), st.integers(0, 10_000), st.integers(0, 255))
def test_a_flipped_byte_never_crashes_the_cutting(kind: str, at: int, value: int) -> None:
    out = io.BytesIO()
    Image.new("RGB", (9, 9), (1, 2, 3)).save(out, format=kind)
    data = bytearray(out.getvalue())
    data[at % len(data)] = value
    try:
        clean = strip_metadata(bytes(data), TYPES[kind])
    except ValueError:
        return
    assert strip_metadata(clean, TYPES[kind]) == clean
