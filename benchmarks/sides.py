"""A side of a benchmark: a process that holds its data, does what a line tells it, and answers by a line of JSON."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Side:
    """One process, on one thread; ``first`` is the line that it says when it is ready.

    ``ours`` sees this checkout; a peer sees only its own environment.
    """

    def __init__(
        self, python: Path, script: str, arguments: Sequence[object], *, ours: bool, cwd: Path | None = None
    ) -> None:
        command = [python, ROOT / "benchmarks" / script, *arguments]
        paths = {**os.environ, "PYTHONPATH": str(ROOT) if ours else "", "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=cwd, env=paths
        )
        self.first = self._answer()

    def ask(self, order: str) -> dict[str, float]:
        """Send an order and wait for its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, float]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"a side ended with status {self.process.wait()}")
        answer: dict[str, float] = json.loads(line)
        return answer

    def end(self) -> None:
        """Let it finish."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
