"""What code this is: the version of pyproject.toml, and the commit where it runs from a checkout."""

import subprocess
import tomllib
from pathlib import Path


def code_version(root: Path) -> str:
    """For example `0.1.0+3f2a9c1d20` (a release: no commit), with `.dirty` where files differ from the commit."""
    version: str = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    if not (root / ".git").exists():
        return version
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty=.dirty", "--abbrev=10", "--exclude=*"],  # noqa: S607
            cwd=root,
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):  # no git on this machine, or no commit yet
        return version
    return f"{version}+{described.stdout.strip()}"
