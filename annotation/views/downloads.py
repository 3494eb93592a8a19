"""Files that can be resumed: ranges, with the hash of the content as the ETag (RFC 9110, sections 13 and 14)."""

import re
import tempfile
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

_CHUNK = 1 << 18
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def file_send(
    request: HttpRequest, *, file: str, sha256: str, size: int, filename: str, media_type: str
) -> HttpResponseBase:
    """Send a stored file, or the part of it that is asked for.

    Args:
        request: Its Range, If-Range and If-None-Match headers are heeded. A range that is not one range of bytes, or
            is of other content, is answered with the whole file.
        file: Name in the storage.
        sha256: Of the content.
        size: In bytes.
        filename: What it is saved as.
        media_type: Its type.
    """
    etag = f'"{sha256}"'
    known = get_conditional_response(request, etag=etag, response=HttpResponse(headers={"ETag": etag}))
    if known is not None and known.status_code != 200:
        return known
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Content-Disposition": content_disposition_header(True, filename) or "",
    }
    part = _part(request, etag, size)
    if part is not None and part[0] >= part[1]:
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    start, end = part or (0, size)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    content = _read(file, start, end)
    headers["Content-Length"] = str(end - start)
    status = 200 if part is None else 206
    return StreamingHttpResponse(content, content_type=media_type, status=status, headers=headers)


def made_send(write: Callable[[BinaryIO], None], *, filename: str, media_type: str) -> FileResponse:
    """Send what is written now, whole on the disk first: a file whose table of contents is at its end, or one that may
    fail half-way.

    Args:
        write: Writes it.
        filename: What it is saved as.
        media_type: Its type.
    """
    out = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
    try:
        write(cast(BinaryIO, out))
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename=filename, content_type=media_type)


def _part(request: HttpRequest, etag: str, size: int) -> tuple[int, int] | None:
    """From where and to where, the end left out; None for the whole; an empty part where there is nothing to send."""
    found = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if found is None or request.method != "GET" or request.headers.get("If-Range", etag) != etag:
        return None
    first, last = found.groups()
    if not first:
        return None if not last else (max(size - int(last), 0), size if int(last) else 0)
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size


def _read(file: str, start: int, end: int) -> Iterator[bytes]:
    """The bytes; the file is opened when the first are wanted."""
    with default_storage.open(file, "rb") as stored:
        stored.seek(start)
        while start < end and (piece := stored.read(min(_CHUNK, end - start))):
            start += len(piece)
            yield piece
