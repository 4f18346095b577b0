"""What tests of probes share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from probes.http import Http


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    http = Http()
    yield http
    await http.close()
