"""The seeds service, `python -m tests.bench.restless NAME --rooms N`: all small rooms count anew."""

from __future__ import annotations

import re
import sys
from unittest import mock

from seeds.__main__ import main
from seeds.crowd import Crowd

_COUNT = re.compile(rb'"participants":(\d+)')
_MOST = 61


class Restless(Crowd):
    """A crowd in which no room holds as many people as the second before."""

    def at(self, second: int) -> bytes:
        def counted(found: re.Match[bytes]) -> bytes:
            return b'"participants":%d' % ((int(found[1]) + 7 * second) % _MOST)

        return _COUNT.sub(counted, super().at(second))


if __name__ == "__main__":
    with mock.patch("seeds.service.Crowd", Restless):
        sys.exit(main())
