"""HTTP as a browser on a bad line speaks it: connections that break, answers that nobody waits for."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
# Longer than any honest answer takes on a busy machine; what takes longer hangs.
_PATIENCE = 60.0

BROKEN = (OSError, asyncio.IncompleteReadError)


class Line:
    """One keep-alive connection to the site: a tab of a signed-in browser."""

    def __init__(self, port: int, cookies: dict[str, str]) -> None:
        origin = f"127.0.0.1:{port}"
        self._port = port
        self._headers = "\r\n".join(
            [
                f"Host: {origin}",
                f"Origin: http://{origin}",
                "User-Agent: chaos",
                "Content-Type: application/json",
                f"X-CSRFToken: {cookies['csrftoken']}",
                "Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()),
            ]
        )
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: object) -> tuple[int, Any]:
        """Send JSON; returns the status and the JSON that came, or the text where it is none.

        Raises:
            OSError: The line broke, before or after the server had what was sent.
            asyncio.IncompleteReadError: The same.
        """
        try:
            async with asyncio.timeout(_PATIENCE):
                reader = await self._write(path, body)
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                data = await reader.readexactly(int(length[1])) if length else b""
        except BaseException:
            self.close()
            raise
        if b"connection: close" in head.lower():
            self.close()
        try:
            return int(head[9:12]), json.loads(data)
        except ValueError:
            return int(head[9:12]), data[:2000].decode(errors="replace")

    async def post_and_leave(self, path: str, body: object, after: float) -> None:
        """Send JSON and hang up after so many seconds, whatever the server is doing."""
        try:
            await self._write(path, body)
            await asyncio.sleep(after)
        finally:
            self.close()

    async def _write(self, path: str, body: object) -> asyncio.StreamReader:
        if self._streams is not None and self._streams[0].at_eof():
            self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        content = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\n{self._headers}\r\nContent-Length: {len(content)}\r\n\r\n"
        reader, writer = self._streams
        writer.write(head.encode() + content)
        await writer.drain()
        return reader

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
