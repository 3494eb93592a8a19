"""What an archive must be before a byte of it is unpacked."""

from __future__ import annotations

import stat
import zipfile
from typing import IO

from annotation.formats.errors import FormatError
from annotation.formats.limits import MEBI, Limits

# zipfile bounds what it inflates at once for these two only; bzip2 and LZMA unpack a whole block into memory.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


def open_zip(stream: IO[bytes], *, file: str, limits: Limits) -> zipfile.ZipFile:
    """Open an archive and check every entry of its directory.

    Sizes in the directory may lie, but zipfile stops reading an entry at its declared size and then compares the
    checksum, so declared sizes bound what is ever unpacked.

    Args:
        stream: The archive, seekable.
        file: Its name, for messages.
        limits: Bounds to hold.

    Raises:
        FormatError: If it is no archive, too large, encrypted, or holds a link, a special file or a repeated name.
    """
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise FormatError("The file is not a readable zip archive.", file=file) from error
    try:
        _check_all(archive.infolist(), file, limits)
    except FormatError:
        archive.close()
        raise
    return archive


def _check_all(infos: list[zipfile.ZipInfo], file: str, limits: Limits) -> None:
    if len(infos) > limits.entries:
        raise FormatError(f"The archive holds {len(infos):,} entries; at most {limits.entries:,} are read.", file=file)
    total = sum(info.file_size for info in infos)
    if total > limits.total_bytes:
        raise FormatError(
            f"The archive would unpack to {total:,} bytes; at most {limits.total_bytes:,} are read.", file=file
        )
    seen: set[str] = set()
    for info in infos:
        _check_entry(info, file, limits)
        if info.filename in seen:
            raise FormatError(f'The archive holds "{info.filename}" twice.', file=file)
        seen.add(info.filename)


def _check_entry(info: zipfile.ZipInfo, file: str, limits: Limits) -> None:
    """Refuse one entry that is encrypted, oddly packed, special, or larger than allowed."""
    name = info.filename
    mode = info.external_attr >> 16
    if info.flag_bits & _ENCRYPTED:
        raise FormatError(f'The entry "{name}" is encrypted; send the archive without a password.', file=file)
    if info.compress_type not in _METHODS:
        raise FormatError(f'The entry "{name}" is packed in an unusual way; use plain zip (deflate).', file=file)
    if stat.S_ISLNK(mode):
        raise FormatError(f'The entry "{name}" is a symbolic link; links are not followed.', file=file)
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise FormatError(f'The entry "{name}" is neither a file nor a folder.', file=file)
    if info.file_size > limits.file_bytes:
        raise FormatError(
            f'The entry "{name}" would unpack to {info.file_size:,} bytes; at most {limits.file_bytes:,} are read.',
            file=file,
        )
    if info.file_size > MEBI and info.file_size > limits.ratio * max(info.compress_size, 1):
        raise FormatError(
            f'The entry "{name}" unpacks to over {limits.ratio} times its packed size, as a decompression bomb does.',
            file=file,
        )
