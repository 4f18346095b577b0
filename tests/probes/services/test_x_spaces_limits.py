"""The x-spaces service and the limits of the X API: slower before it is refused, and what it says of it."""

from __future__ import annotations

import asyncio
import time

import pytest

from probes.failure import ProbeFailed
from probes.model import Outcome
from probes.services.x_spaces import XSpaces
from tests.probes.asking import opened
from tests.probes.raw_http import answer, serving
from tests.probes.services.test_x_spaces import BY_CREATORS, BY_IDS, failure, ids, polled, settings, watching
from tests.x_api import CREATOR, XApi, space


def test_with_enough_left_it_polls_as_configured() -> None:
    part = polled(XApi(space("1")), creators=[CREATOR])
    assert (part.next_in, part.next_in_why, part.note) == (None, "", "")


def test_it_slows_down_before_the_limit_and_says_what_is_left() -> None:
    api = XApi(space("1"), limit=76, window=900)
    part = polled(api, creators=[CREATOR])
    assert part.next_in == pytest.approx(12.0, rel=0.02)
    assert part.next_in_why.startswith("75 requests left until ")
    assert part.complete


def test_the_scarcest_of_the_limits_counts() -> None:
    api = XApi(space("1"), space("2", creator_id="9"))
    api.left[BY_IDS] = 31
    part = polled(api, creators=[CREATOR], spaces=["2"])
    assert part.next_in == pytest.approx(30.0, rel=0.02)


def test_a_poll_that_fails_is_paced_too() -> None:
    api = XApi(limit=31)
    api.failing[BY_IDS] = answer(
        b"{}", 500, {"x-rate-limit-remaining": "30", "x-rate-limit-reset": str(int(time.time()) + 900)}
    )
    assert failure(api, spaces=["1"]).next_in == pytest.approx(30.0, rel=0.02)


def test_a_refusal_says_until_when_and_nothing_is_asked_before() -> None:
    async def main() -> None:
        api = XApi(space("1"), limit=0, window=600)
        async with watching(api, spaces=["1"]) as poll:
            for _ in range(3):
                with pytest.raises(ProbeFailed) as caught:
                    await poll()
                assert caught.value.outcome is Outcome.RATE_LIMITED
                assert caught.value.next_in == pytest.approx(600, abs=3)
                assert "0 requests left until" in caught.value.detail
        assert api.asked == {BY_IDS: 1}

    asyncio.run(main())


def test_the_reset_is_by_x_s_clock_not_by_ours() -> None:
    api = XApi(space("1"), limit=0, window=600)
    api.ahead = 3600.0
    assert failure(api, spaces=["1"]).next_in == pytest.approx(600, abs=3)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [({}, 15.0), ({"Retry-After": "40"}, 40.0), ({"Retry-After": "86400"}, 300.0)],
    ids=["bare", "retry-after", "far too long"],
)
def test_a_refusal_without_a_reset_is_waited_for_too(headers: dict[str, str], wait: float) -> None:
    """Such as for two requests within a second, or a cap of the month."""

    async def main() -> None:
        api = XApi(space("1"))
        api.failing[BY_IDS] = answer(b'{"title": "UsageCapExceeded"}', 429, headers)
        async with watching(api, spaces=["1"]) as poll:
            for _ in range(2):
                with pytest.raises(ProbeFailed) as caught:
                    await poll()
                assert caught.value.next_in == pytest.approx(wait, abs=1)
        assert api.asked == {BY_IDS: 1}

    asyncio.run(main())


def test_while_one_kind_of_question_has_to_wait_the_others_go_on() -> None:
    async def main() -> None:
        api = XApi(space("1"), space("2"))
        async with watching(api, creators=[CREATOR]) as poll:
            await poll()
            api.left[BY_CREATORS] = 0
            for _ in range(3):
                part = await poll()
                assert ids(part) == ["1", "2"]
                assert (part.complete, part.next_in) == (False, None)
                assert "0 requests left until" in part.note
        assert api.asked == {BY_CREATORS: 2, BY_IDS: 3}

    asyncio.run(main())


def test_services_with_one_token_share_what_it_may_ask() -> None:
    async def main() -> None:
        api = XApi(space("1"), limit=302)
        async with serving(api) as server, opened() as http:
            both = [settings(server.url, name=name, spaces=["1"], every="1s") for name in ("a", "b")]
            polls = [(XSpaces(one), one.endpoints[0]) for one in both]
            alone = await polls[0][0].poll(polls[0][1], http)
            assert alone.next_in == pytest.approx(3.0, rel=0.02)
            together = [await service.poll(endpoint, http) for service, endpoint in [*polls[1:], *polls]]
            assert [part.next_in for part in together] == [pytest.approx(6.0, rel=0.04)] * 3
            api.left[BY_IDS] = 0
            for service, endpoint in polls:
                with pytest.raises(ProbeFailed, match="0 requests left"):
                    await service.poll(endpoint, http)
            assert api.asked == {BY_IDS: 5}, "the second learned from the first"

    asyncio.run(main())
