from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib

import numpy as np
import pytest

from annotation.formats.limits import Limits
from annotation.formats.stimuli import read_stimuli

KIB = 1024


def test_an_archive_reads_like_its_folder(archive, folder, picture, npy) -> None:
    files = {"manifest.csv": "id,picture,features\n1,p/a.png,f.npy#1\n", "p/a.png": picture(), "f.npy": npy(np.eye(3))}
    with read_stimuli(archive(files, zipfile.ZIP_DEFLATED)) as packed:
        plain = read_stimuli(folder(files))
        assert packed.rows[0].sha256 == plain.rows[0].sha256
        assert packed.rows[0].picture.read() == picture()
        np.testing.assert_array_equal(packed.features, [[0, 1, 0]])


def test_a_folder_packed_whole_counts_as_the_top(archive, picture) -> None:
    files = {"set/manifest.csv": "id,picture\n1,a.png\n", "set/a.png": picture(), "__MACOSX/set/._a.png": "x"}
    assert [row.key for row in read_stimuli(archive(files)).rows] == ["1"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../a.png", r'holds "\.\."'),
        ("x/../../a.png", r'holds "\.\."'),
        ("..\\a.png", r'holds "\.\."'),
        ("/etc/a.png", "absolute"),
        ("\\\\host\\a.png", "absolute"),
        ("C:\\a.png", "absolute"),
        ("c:a.png", "absolute"),
        ("a\x07.png", "control character"),
    ],
)
def test_zip_slip_is_refused(archive, picture, refused, name: str, why: str) -> None:
    error = refused(why, read_stimuli, archive({"good.png": picture(), name: picture()}))
    assert error.file == "faces.zip"


def test_a_link_in_an_archive_is_refused(archive, picture, refused) -> None:
    link = zipfile.ZipInfo("b.png")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    refused("symbolic link", read_stimuli, archive({"a.png": picture(), link: "/etc/passwd"}))


def test_a_device_in_an_archive_is_refused(archive, picture, refused) -> None:
    device = zipfile.ZipInfo("b.png")
    device.create_system = 3
    device.external_attr = (stat.S_IFCHR | 0o666) << 16
    refused("neither a file nor a folder", read_stimuli, archive({"a.png": picture(), device: ""}))


def test_an_encrypted_archive_is_refused(archive, picture, refused) -> None:
    path = archive({"a.png": picture()})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag in the central directory
    path.write_bytes(data)
    refused("encrypted", read_stimuli, path)


def test_a_bomb_of_zeros_is_refused_by_its_ratio(archive, refused) -> None:
    path = archive({"a.png": bytes(4 * KIB * KIB)}, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 8 * KIB
    refused("over 200 times its packed size", read_stimuli, path)


def test_a_bomb_is_refused_by_what_it_unpacks_to(archive, refused) -> None:
    path = archive({f"{at}.png": bytes(64 * KIB) for at in range(16)}, zipfile.ZIP_DEFLATED)
    refused("at most 1,000,000 are read", read_stimuli, path, limits=Limits(total_bytes=1_000_000))


def test_one_large_entry_is_refused(archive, refused) -> None:
    path = archive({"a.png": bytes(64 * KIB)}, zipfile.ZIP_DEFLATED)
    refused("at most 65,535 are read", read_stimuli, path, limits=Limits(file_bytes=64 * KIB - 1))


def test_an_archive_of_too_many_entries_is_refused(archive, refused) -> None:
    refused("3 entries; at most 2", read_stimuli, archive(dict.fromkeys("abc", "")), limits=Limits(entries=2))


def test_an_entry_that_lies_about_its_size_is_refused(archive, picture, refused) -> None:
    """The directory says 10 bytes and the stream inflates to a mebibyte: reading stops at the tenth."""
    path = archive({"a.png": bytes(KIB * KIB)}, zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        data[data.index(signature) + offset : data.index(signature) + offset + 4] = struct.pack("<I", 10)
    path.write_bytes(data)
    refused("damaged here", read_stimuli, path)


def test_a_bomb_inside_an_npz_is_refused(folder, refused) -> None:
    out = io.BytesIO()
    np.savez_compressed(out, face=np.zeros(KIB * KIB, dtype=np.float32))
    refused("decompression bomb", read_stimuli, folder({"a.npz": out.getvalue()}))


def test_packing_that_cannot_be_bounded_is_refused(archive, picture, refused) -> None:
    refused("unusual way", read_stimuli, archive({"a.png": picture()}, zipfile.ZIP_LZMA))


def test_a_name_twice_is_refused(archive, folder, picture, refused) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = archive([("a.png", picture()), ("a.png", picture(colour=1))])
    refused('holds "a.png" twice', read_stimuli, path)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as members:
        members.writestr("x.npy", b"")
        with pytest.warns(UserWarning, match="Duplicate name"):
            members.writestr("x.npy", b"")
    refused('holds "x.npy" twice', read_stimuli, folder({"f.npz": out.getvalue()}))
    refused('holds "s/a.png" twice', read_stimuli, archive([("s/a.png", picture()), ("s\\a.png", picture())]))


def test_a_damaged_archive_is_refused(archive, picture, tmp_path, refused) -> None:
    path = archive({"a.png": picture()})
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)
    error = refused("damaged here", read_stimuli, path)
    assert error.file == "a.png"
    path.write_bytes(b"not a zip")
    refused("not a readable zip", read_stimuli, path)


def test_a_picture_whose_deflate_stream_is_broken_is_refused(archive, refused) -> None:
    path = archive({"a.png": bytes(range(256)) * 40}, zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    data[36:60] = zlib.crc32(b"x").to_bytes(4, "big") * 6
    path.write_bytes(data)
    refused("damaged here", read_stimuli, path)
