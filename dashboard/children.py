"""How this program starts its other processes: the same Python, the same code, from any folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import probes

_HOME = Path(probes.__file__).parent.parent


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs `module`. `-P`: a folder `probes` where somebody stands is not ours."""
    return [sys.executable, "-P", "-m", module, *arguments]


def module_environment() -> dict[str, str]:
    """This process's environment, with our own code first."""
    paths = [str(_HOME), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
