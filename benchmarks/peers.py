"""Environments of their own for the programs that benchmarks compare with: made once, kept in the user's cache."""

import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path


class NotInstalled(Exception):
    """The peer cannot be had on this machine; the message says why."""


def environment(name: str, requirements: Sequence[str]) -> Path:
    """The Python of an environment that has these requirements, pinned.

    Raises:
        NotInstalled: pip could not install them.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "semblance-benchmarks"
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256("\n".join([python, *requirements]).encode()).hexdigest()[:12]
    folder = cache / f"{name}-{digest}"
    done, binary = folder / "installed.txt", folder / "bin" / "python"
    if done.exists():
        return binary
    print(f"Installing {', '.join(requirements)} into {folder} …", file=sys.stderr, flush=True)
    venv.create(folder, with_pip=True, clear=True)
    command = [str(binary), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
    installed = subprocess.run(command, capture_output=True, text=True)
    if installed.returncode:
        raise NotInstalled(f"pip could not install {name}: {installed.stderr.strip().splitlines()[-1]}")
    done.write_text("\n".join(requirements) + "\n")
    return binary
