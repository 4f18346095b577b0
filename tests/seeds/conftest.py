"""The seeds service as the real process that people start."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
"""Seconds after which something that should have happened counts as never happening."""

Play = Callable[..., "Playing"]


class Playing:
    """A running `python -m seeds`, and a client of it."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "seeds", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:"), line + self.process.communicate()[1]
        self.url = line.removeprefix("listening on ").strip()
        self.client = httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def end(self) -> None:
        self.client.close()
        with self.process:
            self.process.kill()


@pytest.fixture
def play() -> Iterator[Play]:
    """Starts seeds services; those still running at the end of the test are killed."""
    with ExitStack() as stack:

        def start(*arguments: str) -> Playing:
            playing = Playing(*arguments)
            stack.callback(playing.end)
            return playing

        yield start
