"""What the demo tells on the terminal: a line a step, rewritten while it goes on where the terminal can."""

import sys
import time
from typing import TextIO

# A file or a pipe gets a line of progress this often, a terminal at each change.
_PIPE_SECONDS = 10.0


class Console:
    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._live = out.isatty()
        self._title = ""
        self._started = self._shown = time.monotonic()

    def step(self, title: str) -> None:
        """Begin a step."""
        self._title = title
        self._started = self._shown = time.monotonic()
        if self._live:
            self._write(f"\r\033[K… {title}")

    def update(self, text: str) -> None:
        """Show how far the step has come."""
        now = time.monotonic()
        if self._live:
            self._write(f"\r\033[K… {self._title}: {text}")
        elif now - self._shown >= _PIPE_SECONDS:
            self._shown = now
            self._write(f"… {self._title}: {text}\n")

    def done(self, text: str) -> None:
        """End the step."""
        seconds = time.monotonic() - self._started
        start = "\r\033[K" if self._live else ""
        self._write(f"{start}✓ {self._title}: {text} ({seconds:.1f} s)\n")

    def say(self, text: str = "") -> None:
        self._write(f"{text}\n")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
