"""What every way of joining must do: the same cases over each entry of JOINS."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from probes.http import Http
from probes.joins import JOINS, JoinSettings
from probes.joins.base import JoinBase
from probes.model import JOIN_OUTCOMES, JoinAttempt, Outcome
from tests.contracts.broken import BROKEN, silent
from tests.contracts.samples import JOIN_SAMPLES, SECRET
from tests.probes.raw_http import Handler, serving
from tests.servers import refusing_port


@pytest.fixture(params=sorted(JOINS))
def via(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def configured(via: str, **more: Any) -> JoinBase:
    document = {"via": via, "room": "1", **JOIN_SAMPLES[via].config, **more}
    join: JoinBase = TypeAdapter(JoinSettings).validate_python(document, context={"folder": Path()})
    return join


async def attempt(via: str, url: str, **more: Any) -> JoinAttempt:
    """One try, which is fit to be shown whatever came of it."""
    http = Http()
    try:
        async with asyncio.timeout(60):
            tried = await JOINS[via].open(configured(via, **more)).join(url, http)
    finally:
        await http.close()
    assert tried.room == "1"
    assert tried.outcome in JOIN_OUTCOMES
    assert list(tried.stages)[-1] == "total"
    assert list(tried.stages.values()) == sorted(tried.stages.values())
    assert tried.detail.isprintable()
    assert (tried.detail == "") == tried.outcome.success
    assert SECRET not in tried.detail + tried.code
    return tried


def join(via: str, handler: Handler, **more: Any) -> JoinAttempt:
    async def main() -> JoinAttempt:
        async with serving(handler) as server:
            return await attempt(via, server.url, **more)

    return asyncio.run(main())


def test_each_way_has_a_sample() -> None:
    assert JOIN_SAMPLES.keys() == JOINS.keys()


class TestConfig:
    def test_the_way_is_the_name_in_the_table(self, via: str) -> None:
        settings = configured(via)
        assert type(settings) is JOINS[via].settings
        assert settings.via == via

    def test_unknown_keys_are_refused(self, via: str) -> None:
        with pytest.raises(ValidationError, match="Extra inputs"):
            configured(via, evry="1s")

    def test_secrets_do_not_print(self, via: str) -> None:
        settings = configured(via)
        assert SECRET not in repr(settings) + str(settings) + settings.model_dump_json()


class TestTries:
    def test_a_welcome(self, via: str) -> None:
        tried = join(via, JOIN_SAMPLES[via].welcomes)
        assert tried.outcome is Outcome.JOINED, tried.detail
        assert len(tried.stages) > 1

    @pytest.mark.parametrize("case", sorted(BROKEN))
    def test_broken_http(self, via: str, case: str) -> None:
        handler, outcomes = BROKEN[case]
        assert join(via, handler).outcome in outcomes

    def test_silence_is_a_timeout_within_its_own_time(self, via: str) -> None:
        tried = join(via, silent, timeout="300ms")
        assert tried.outcome is Outcome.TIMEOUT
        assert tried.stages["total"] >= 0.3
        assert "0.3 s" in tried.detail

    def test_refused(self, via: str) -> None:
        with refusing_port() as port:
            url = f"http://127.0.0.1:{port}"
            tried = asyncio.run(attempt(via, url))
        assert tried.outcome is Outcome.REFUSED
        assert url.removeprefix("http://") in tried.detail

    def test_a_name_that_nobody_knows(self, via: str) -> None:
        assert asyncio.run(attempt(via, "http://rooms.invalid")).outcome is Outcome.DNS
