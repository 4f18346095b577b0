"""Every kind of history in turn, and a file for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from probes.history import HISTORIES, Backend


@pytest.fixture(params=sorted(HISTORIES))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def backend(kind: str) -> Backend:
    return HISTORIES[kind]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "history"
