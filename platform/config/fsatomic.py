"""Kombu's filesystem transport with an atomic publish and an atomic take.

Upstream opens a message's final name before it writes it, and moves a taken message by way of the system's temporary
folder. A consumer that looks in between reads an empty file, and Celery's worker dies of it (celery/kombu#1551). Here
a message is written and synced under another name and renamed; it is taken by a rename within the same folder, which
only one consumer can win.

Upstream also says that a queue is bound before its table of bindings is written, and empties that table before it
locks it: a message that another thread sends in between goes nowhere. Here one thread of one process at a time changes
a table, which is replaced whole. One host and a local disk are assumed.
"""

import fcntl
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.encoding import bytes_to_str, str_to_bytes
from kombu.utils.json import dumps, loads

# A file that a killed process left half-written or half-taken is litter after this time.
LITTER_SECONDS = 60.0
# What kombu remembers of bindings, it remembers for the whole process.
_binding = threading.RLock()


class Channel(filesystem.Channel):
    def queue_bind(self, *args: Any, **kwargs: Any) -> None:
        with _binding:
            super().queue_bind(*args, **kwargs)

    def get_table(self, exchange: str) -> list[Any]:
        try:
            table = loads(self._table_file(exchange).read_text("utf-8"))
        except FileNotFoundError:
            return []
        return [filesystem.exchange_queue_t(*row) for row in table]

    def _table_file(self, exchange: str) -> Path:
        return Path(self._exchange_file(exchange))  # type: ignore[attr-defined]  # (the stubs lack it)

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str) -> None:
        row = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._table_locked(exchange):
            table = self.get_table(exchange)
            if row not in table:
                self._table_write(exchange, [row, *table])

    def _delete(self, queue: str, exchange: str, routing_key: str, pattern: str, *args: Any, **kwargs: Any) -> None:
        self._purge(queue)
        row = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._table_locked(exchange):
            table = self.get_table(exchange)
            if row in table:
                self._table_write(exchange, [other for other in table if other != row])

    @contextmanager
    def _table_locked(self, exchange: str) -> Iterator[None]:
        lock = self._table_file(exchange).with_suffix(".lock")
        lock.parent.mkdir(exist_ok=True)
        with _binding, lock.open("a") as held:
            fcntl.flock(held, fcntl.LOCK_EX)  # freed when the file is closed, and when the process dies
            yield

    def _table_write(self, exchange: str, table: list[Any]) -> None:
        file = self._table_file(exchange)
        unfinished = file.with_name(f"tmp-{uuid.uuid4().hex}")
        unfinished.write_text(dumps(table), "utf-8")
        unfinished.replace(file)

    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        # Wall clock and not the monotonic one: the order must survive a reboot.
        name = f"{time.time_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        unfinished = folder / f"tmp-{uuid.uuid4().hex}"
        with unfinished.open("wb") as file:
            file.write(str_to_bytes(dumps(payload)))
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = Path(self.data_folder_in)
        for name in sorted(os.listdir(folder)):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = folder / f"taken-{uuid.uuid4().hex}"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:  # another worker was faster
                continue
            payload = taken.read_bytes()
            taken.unlink()
            return loads(bytes_to_str(payload))
        raise Empty


class Transport(filesystem.Transport):
    Channel = Channel


def litter_clear(folder: Path, *, older_than: float = LITTER_SECONDS) -> int:
    """Delete what killed processes left behind; returns how many files."""
    removed = 0
    for pattern in ("tmp-*", "taken-*"):
        for path in folder.glob(pattern):
            try:
                if time.time() - path.stat().st_mtime > older_than:
                    path.unlink()
                    removed += 1
            except FileNotFoundError:  # its owner finished after all
                continue
    return removed


TRANSPORT_ALIASES["fsatomic"] = "config.fsatomic:Transport"
