"""The nginx config that is shipped, in a real nginx before a real Roomwatch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import caches
from tests.e2e.crowd import PATH, Behind, CrowdCases, behind, get


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    with behind(tmp_path_factory.mktemp("crowd"), caches.nginx) as made:
        yield made


class TestNginx(CrowdCases):
    """All that holds behind every cache."""


def test_one_who_asks_far_too_fast_is_slowed_at_the_rate_that_is_shipped(tmp_path: Path) -> None:
    """500 go at once; the others one each 2 ms."""
    with behind(tmp_path, lambda port: caches.nginx(port, {})) as crowd:
        began = time.monotonic()
        told = crowd.raw(get(PATH) * 999 + get(PATH, "Connection: close"))
        assert time.monotonic() - began > 0.9
    assert told.count(b"HTTP/1.1 200 ") == 1_000
