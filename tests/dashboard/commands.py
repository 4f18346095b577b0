"""Commands run to their end: as a process of their own, or here where only their words are of interest."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path
from typing import NamedTuple

import structlog
from typer.testing import CliRunner

from dashboard.children import module_command, module_environment
from dashboard.cli import app
from tests.product import PATIENCE

_SCREEN = {"COLUMNS": "200", "TERM": "dumb"}


class Done(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def run(folder: Path, *arguments: str, given: str = "") -> Done:
    """As people run it, in `folder`, which takes a second or two of computing."""
    done = subprocess.run(
        module_command("dashboard.cli", *arguments),
        cwd=folder,
        env={**module_environment(), **_SCREEN, "TMPDIR": str(folder)},
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def run_here(folder: Path, *arguments: str, given: str = "") -> Done:
    """In this process: not for `up` and `demo` once they take signals."""
    try:
        with contextlib.chdir(folder):
            done = CliRunner().invoke(app, arguments, input=given, env=_SCREEN)
    finally:
        structlog.reset_defaults()  # a command sets how it logs, for its whole process
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Done(done.exit_code, done.stdout, done.stderr)
