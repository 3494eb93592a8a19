"""Reading a long table range by range, some ranges before they are wanted."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet

T = TypeVar("T")
# Rows of a range: some megabytes.
BLOCK = 1 << 16
# Threads that read ahead: more would wait for each other on small machines, and hold more blocks.
_READERS = 2


def ranges(query: "QuerySet[Any, Any]", *, block: int = BLOCK) -> Iterator[tuple[int, int]]:
    """Ranges of primary keys, first included and last left out, which together hold all rows of a query."""
    ends = query.order_by("pk").values_list("pk", flat=True)
    low, high = ends.first(), ends.last()
    if low is not None and high is not None:
        yield from ((start, start + block) for start in range(low, high + 1, block))


def read_ahead(jobs: Iterator[Callable[[], T]], *, using: str) -> Iterator[T]:
    """What jobs read, in order. No cursor stays open between two of them, however slow the reader is.

    Outside transactions, whose rows nobody else sees, other threads do the next jobs meanwhile.

    Args:
        jobs: Each reads something.
        using: The alias of the database that they read.
    """
    if connections[using].in_atomic_block:
        yield from (job() for job in jobs)
        return

    opened: list[BaseDatabaseWrapper] = []

    def apart(job: Callable[[], T]) -> T:
        """A job in a thread of its own, whose connection is closed with the others."""
        mine = connections[using]
        if mine not in opened:
            mine.inc_thread_sharing()
            opened.append(mine)
            if mine.vendor == "sqlite":  # each would map the file into memory for itself, and keep what it reads once
                with mine.cursor() as cursor:
                    cursor.execute("PRAGMA mmap_size = 0")
                    cursor.execute("PRAGMA cache_size = -2000")
        return job()

    try:
        with ThreadPoolExecutor(_READERS) as readers:
            waiting = deque(readers.submit(apart, job) for job in islice(jobs, _READERS + 1))
            try:
                while waiting:
                    found = waiting.popleft().result()
                    waiting.extend(readers.submit(apart, job) for job in islice(jobs, 1))
                    yield found
            finally:
                for one in waiting:
                    one.cancel()
    finally:
        for connection in opened:
            connection.close()
