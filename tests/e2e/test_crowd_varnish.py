"""The VCL that is shipped, in a real Varnish before a real Roomwatch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import caches
from tests.e2e.crowd import Behind, CrowdCases, behind


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    with behind(tmp_path_factory.mktemp("crowd"), caches.varnish) as made:
        yield made


class TestVarnish(CrowdCases):
    """All that holds behind every cache."""
