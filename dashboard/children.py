"""How this program starts its other processes: the same Python, the same code, from any folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import probes

_HOME = Path(probes.__file__).parent.parent

_ALLOCATOR = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "1000000"}
"""Large answers are given back to the system as soon as they are read: glibc would keep their memory.
Measured with answers of 18 MB each second, read in threads: 47 MB less."""


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs `module`. `-P`: a folder `probes` where somebody stands is not ours."""
    return [sys.executable, "-P", "-m", module, *arguments]


def module_environment() -> dict[str, str]:
    """This process's environment, with our own code first; what it says of the allocator stays."""
    paths = [str(_HOME), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**_ALLOCATOR, **os.environ, "PYTHONPATH": os.pathsep.join(paths)}
