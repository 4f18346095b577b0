"""Asks servers of a test through `Http`, and gives back how it failed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest

from probes.failure import ProbeFailed
from probes.http import Http, Limits
from probes.model import Outcome
from tests.probes.raw_http import Handler, serving

USUAL = Limits()


def run(main: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await main

    asyncio.run(bounded())


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[Http]:
    http = Http()
    try:
        yield http
    finally:
        await http.close()


async def failure_of(url: str, limits: Limits = USUAL, method: str = "GET", **more: Any) -> ProbeFailed:
    async with opened() as http:
        with pytest.raises(ProbeFailed) as caught:
            await http.ask(method, url, limits=limits, **more)
    return caught.value


def fails(handler: Handler, limits: Limits = USUAL) -> tuple[Outcome, str]:
    """The outcome and the sentence of one question to `handler`, with the port written as PORT."""
    got: list[ProbeFailed] = []

    async def main() -> None:
        async with serving(handler) as server:
            failure = await failure_of(f"{server.url}/secret-path", limits)
            failure.detail = failure.detail.replace(str(server.port), "PORT")
            got.append(failure)

    run(main())
    assert "secret-path" not in got[0].detail
    return got[0].outcome, got[0].detail
