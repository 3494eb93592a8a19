"""Turns: of all threads and processes that write one SQLite file, one at a time.

SQLite lets a second writer wait by sleeping, longer each time (1, 2, 5 … 100 ms), and whoever happens to wake first
goes on; some then wait for seconds while the file is free most of the time. Here writers queue before they ask SQLite
for anything, and find the database free when it is their turn: the threads of a process for a lock in memory, and one
thread of each process for a lock on a file beside the database. Both wake the next one at once.

A turn is a courtesy. What keeps the data right is SQLite's own lock, so nothing breaks where somebody writes without
a turn. The kernel ends the turn of a process that dies, however it dies. Where one stops in the middle of a
transaction and lives on, the other processes lose one thread each to the wait, and the others give up in time.
"""

import fcntl
import os
import threading
from weakref import WeakSet


class Turn:
    """One connection's place in the queue of a database's writers. Not for two threads at once; nor is a connection."""

    def __init__(self, database: str, timeout: float) -> None:
        """A place in the queue.

        Args:
            database: The database's file; the lock's file lies beside it.
            timeout: Seconds to wait at most for other threads of this process.
        """
        self.held = False
        self._path = turn_path(database)
        self._timeout = timeout
        self._file: int | None = None  # descriptor
        self._queue: threading.Lock | None = None  # of this process; while the turn is held
        _turns.add(self)

    def take(self) -> None:
        """Wait until it is this connection's turn; taking a turn that is held changes nothing.

        Raises:
            TimeoutError: It did not come in time.
            OSError: The lock's file cannot be opened.
        """
        if self.held:
            return
        queue = _queues.setdefault(self._path, threading.Lock())
        if not queue.acquire(timeout=self._timeout):
            raise TimeoutError(f"no turn to write within {self._timeout:g} s")
        try:
            if self._file is None:
                # The kernel tells openings of a file apart, so each connection opens it for itself.
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except BaseException:
            queue.release()
            raise
        self._queue, self.held = queue, True

    def leave(self) -> None:
        """Let the next one write; nothing where the turn is not held."""
        if not self.held or self._file is None or self._queue is None:
            return
        fcntl.flock(self._file, fcntl.LOCK_UN)
        queue, self._queue, self.held = self._queue, None, False
        queue.release()

    def close(self) -> None:
        """Leave, and close the file."""
        self.leave()
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def forget(self) -> None:
        """In a forked child: drop what was inherited, and leave the parent's turn to the parent.

        Unlocking the inherited file would end that turn; keeping it open would prolong it beyond the parent's death.
        """
        self._queue, self.held = None, False
        self.close()

    def __del__(self) -> None:
        # A thread may end, and its connection with it, in the middle of a transaction; others must not wait for it.
        self.close()


def turn_path(database: str) -> str:
    """The file whose lock is the turn."""
    return f"{database}-turn"


_turns: "WeakSet[Turn]" = WeakSet()
_queues: dict[str, threading.Lock] = {}


def _forget() -> None:
    _queues.clear()  # whoever held or awaited one is a thread that the child does not have
    for turn in list(_turns):
        turn.forget()


os.register_at_fork(after_in_child=_forget)
