"""The x-spaces service against the shapes of the X API: what is asked, followed, told and left unsaid."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from probes.failure import ProbeFailed
from probes.http import Http
from probes.model import Outcome, Room, RoomState, SnapshotPart
from probes.services import x_spaces
from probes.services.x_spaces import Following, XSpaces, XSpacesSettings
from tests.probes.raw_http import RawServer, answer, serving
from tests.x_api import CREATOR, OTHER_CREATOR, TOKEN, XApi, problem, space

NODE = "x"
Poll = Callable[[], Awaitable[SnapshotPart]]
BY_CREATORS, BY_IDS, SEARCH = "/2/spaces/by/creator_ids", "/2/spaces", "/2/spaces/search"


def settings(url: str = "http://x:1", **more: Any) -> XSpacesSettings:
    nodes = [{"id": NODE, "url": url}]
    known = {"name": "spaces", "kind": "x-spaces", "token": TOKEN, "nodes": nodes}
    return XSpacesSettings.model_validate(known | more, context={"folder": Path()})


@contextlib.asynccontextmanager
async def watching(api: XApi, **more: Any) -> AsyncIterator[Poll]:
    """Polls of one service, one after the other."""
    http = Http()
    server: RawServer
    try:
        async with asyncio.timeout(60), serving(api) as server:
            configured = settings(server.url, **more)
            service = XSpaces(configured)
            yield lambda: service.poll(configured.endpoints[0], http)
    finally:
        await http.close()


def polled(api: XApi, **more: Any) -> SnapshotPart:
    async def main() -> SnapshotPart:
        async with watching(api, **more) as poll:
            return await poll()

    return asyncio.run(main())


def failure(api: XApi, **more: Any) -> ProbeFailed:
    with pytest.raises(ProbeFailed) as caught:
        polled(api, **more)
    return caught.value


def ids(part: SnapshotPart) -> list[str]:
    return [room.id for room in part.rooms]


class TestConfig:
    def test_x_itself_is_asked_every_five_seconds_unless_said_otherwise(self) -> None:
        known = {"name": "a", "kind": "x-spaces", "token": TOKEN, "spaces": ["1DXxyRYNejbKM"]}
        found = XSpacesSettings.model_validate(known)
        assert [(e.id, e.url) for e in found.endpoints] == [("api.x.com:443", "https://api.x.com")]
        assert found.every == 5.0

    def test_ids_may_be_written_as_numbers(self) -> None:
        found = settings(spaces=[123], creators=[44196397])
        assert (found.spaces, found.creators) == (["123"], ["44196397"])

    @pytest.mark.parametrize(
        ("keys", "told"),
        [
            ({}, "at least one of `spaces`, `creators` and `search`"),
            ({"spaces": ["https://x.com/i/spaces/1DXxyRYNejbKM"]}, "the letters and digits after /spaces/"),
            ({"spaces": ["a,b"]}, "the id of a Space"),
            ({"creators": ["XDevelopers"]}, "the number of an account, not its name"),
            ({"creators": [True]}, "valid string"),
            ({"creators": [str(n) for n in range(101)]}, "at most 100 items"),
            ({"search": {"query": "a", "state": "ended"}}, "'live' or 'scheduled'"),
            ({"search": {"query": ""}}, "at least 1 character"),
            ({"spaces": ["1"], "token": "two\nlines"}, "the value of an HTTP header"),
        ],
    )
    def test_mistakes(self, keys: dict[str, Any], told: str) -> None:
        with pytest.raises(ValidationError, match=told):
            settings(**keys)


class TestRooms:
    def test_a_space_with_everything(self) -> None:
        api = XApi(space("1", 668_000, host_ids=["5", CREATOR], speaker_ids=["6", "7"], title="Launch"))
        at = datetime(2023, 5, 24, 22, tzinfo=UTC).timestamp()
        part = polled(api, spaces=["1"])
        assert list(part.rooms) == [
            Room("1", NODE, 668_000, "Launch", RoomState.OPEN, None, at, ("5", CREATOR), ("6", "7"))
        ]
        assert (part.complete, part.note, part.next_in, part.service_time) == (True, "", None, None)

    def test_who_made_a_space_is_a_host_too(self) -> None:
        api = XApi(space("1", host_ids=["5"]), space("2", host_ids=None), space("3", creator_id=None))
        hosts = [room.hosts for room in polled(api, spaces=["1", "2", "3"]).rooms]
        assert hosts == [("5", CREATOR), (CREATOR,), (CREATOR,)]

    def test_only_id_and_state_need_to_be_there(self) -> None:
        api = XApi({"id": "1", "state": "live", "title": ""})
        assert list(polled(api, spaces=["1"]).rooms) == [Room("1", NODE, None)]

    def test_numbers_as_texts_and_times_that_are_none(self) -> None:
        """The vendor's own examples have both."""
        part = polled(XApi(space("1", "10", started_at="2021-7-14T04:35:55Z")), spaces=["1"])
        assert [(room.participants, room.started_at) for room in part.rooms] == [(10, None)]
        assert (part.complete, part.note) == (
            True,
            'started_at of 1 rooms is no time, as "2021-7-14T04:35:55Z"',
        )

    def test_the_states(self) -> None:
        states = ["live", "scheduled", "ended", "canceled"]
        api = XApi(*(space(str(n), state=state) for n, state in enumerate(states)))
        assert [room.state for room in polled(api, spaces=["0", "1", "2", "3"]).rooms] == [
            RoomState.OPEN,
            RoomState.SCHEDULED,
            RoomState.ENDED,
            RoomState.ENDED,
        ]

    @pytest.mark.parametrize(("state", "told"), [("paused", '"paused"'), (None, "missing"), (5, '"5"')])
    def test_a_space_in_a_state_that_is_not_known_is_neither_open_nor_ended(
        self, state: Any, told: str
    ) -> None:
        part = polled(XApi(space("1"), space("2", state=state)), spaces=["1", "2"])
        assert (ids(part), part.complete) == (["1"], False)
        assert part.note == (
            f"1 of 2 rooms could not be read: state is {told}"
            " where one of live, scheduled, ended, canceled was expected"
        )

    def test_the_same_space_twice_in_an_answer_is_one(self) -> None:
        api = XApi(space("1", 10))
        api.spaces["again"] = space("1", 12)
        part = polled(api, creators=[CREATOR])
        assert [(room.id, room.participants) for room in part.rooms] == [("1", 12)]
        assert part.complete

    def test_a_space_that_two_questions_find_is_one(self) -> None:
        api = XApi(space("1"), space("2", creator_id="9"))
        part = polled(api, creators=[CREATOR], spaces=["1"], search={"query": "space"})
        assert (ids(part), part.note) == (["1", "2"], "")

    def test_thousands(self) -> None:
        api = XApi(*(space(f"s{n}", n) for n in range(5_000)))
        part = polled(api, creators=[CREATOR])
        assert sum(room.participants or 0 for room in part.rooms) == sum(range(5_000))
        assert api.asked == {BY_CREATORS: 1}


class TestAsking:
    def test_by_id_a_hundred_at_a_time_and_each_once(self) -> None:
        names = [f"s{n}" for n in range(250)]
        api = XApi(*(space(name) for name in names))
        assert sorted(ids(polled(api, spaces=[*names, "s0"]))) == sorted(names)
        assert sorted(len(query["ids"].split(",")) for _, query in api.queries) == [50, 100, 100]

    def test_what_creators_and_search_tell_is_not_asked_for_again(self) -> None:
        api = XApi(space("1"), space("2", creator_id=OTHER_CREATOR, title="A Launch"))
        part = polled(api, creators=[CREATOR], search={"query": "launch"}, spaces=["1", "2"])
        assert ids(part) == ["1", "2"]
        assert api.asked == {BY_CREATORS: 1, SEARCH: 1}

    def test_the_questions_as_they_are_put(self) -> None:
        api = XApi()
        polled(api, creators=[5, 6], search={"query": "a & b=c", "state": "scheduled"}, spaces=["x1"])
        fields = "participant_count,state,started_at,host_ids,creator_id,speaker_ids,title"
        assert sorted(api.queries, key=lambda asked: asked[0]) == [
            (BY_IDS, {"ids": "x1", "space.fields": fields}),
            (BY_CREATORS, {"user_ids": "5,6", "space.fields": fields}),
            (
                SEARCH,
                {"query": "a & b=c", "state": "scheduled", "max_results": "100", "space.fields": fields},
            ),
        ]


class TestEnds:
    def test_a_space_that_creators_told_of_is_followed_by_id_to_its_end(self) -> None:
        async def main() -> None:
            api = XApi(space("1"), space("2"))
            async with watching(api, creators=[CREATOR]) as poll:
                assert ids(await poll()) == ["1", "2"]
                api.spaces["1"]["state"] = "ended"
                part = await poll()
                assert {room.id: room.state for room in part.rooms} == {
                    "2": RoomState.OPEN,
                    "1": RoomState.ENDED,
                }
                assert part.complete
                assert api.queries[-1][1]["ids"] == "1"

        asyncio.run(main())

    def test_an_ended_space_that_vanishes_is_missing_from_a_complete_answer(self) -> None:
        async def main() -> None:
            api = XApi(space("1"), space("2"))
            async with watching(api, creators=[CREATOR], spaces=["2"]) as poll:
                await poll()
                api.spaces.clear()
                part = await poll()
                assert (list(part.rooms), part.complete, part.note) == ([], True, "")

        asyncio.run(main())

    @pytest.mark.parametrize("host", ["api.x.com", "api.twitter.com"])
    def test_named_spaces_that_are_not_there_yet_are_no_mistake(self, host: str) -> None:
        api = XApi(space("1"))
        api.problems = [problem("", "2", type=f"https://{host}/2/problems/resource-not-found")]
        part = polled(api, spaces=["1"])
        assert (ids(part), part.complete, part.note) == (["1"], True, "")

    @pytest.mark.parametrize(
        "trouble",
        [
            problem("not-authorized-for-resource", "2", detail="Not allowed to see space 2."),
            problem("resource-unavailable", "2", detail="Not allowed to see space 2."),
            {"title": "Service Unavailable", "detail": "Not allowed to see space 2.", "resource_id": "2"},
        ],
        ids=["unauthorized", "unavailable", "without a type"],
    )
    def test_an_error_of_another_kind_makes_the_answer_incomplete(self, trouble: dict[str, Any]) -> None:
        api = XApi(space("1"))
        api.problems = [trouble]
        part = polled(api, spaces=["1"])
        assert (ids(part), part.complete) == (["1"], False)
        assert part.note == "X says of 2: Not allowed to see space 2."

    def test_errors_that_cannot_be_read_make_the_answer_incomplete(self) -> None:
        api = XApi(space("1"))
        api.problems = ["broken"]  # type: ignore[list-item]
        assert not polled(api, spaces=["1"]).complete

    def test_a_creator_that_is_not_there_is_said(self) -> None:
        api = XApi(space("1"))
        api.problems = [problem("resource-not-found", "5", resource_type="user", parameter="user_ids")]
        part = polled(api, creators=[CREATOR, "5"])
        assert (part.complete, part.note) == (True, "X knows no user 5; check `creators`")


class TestFollowing:
    def learned(self, *rooms: Room, at: float = 0.0) -> Following:
        following = Following()
        following.learn(rooms, [], at)
        return following

    def test_an_ended_space_is_forgotten_after_a_while(self) -> None:
        following = self.learned(Room("a", NODE), Room("b", NODE, state=RoomState.ENDED), at=100)
        for at in (200, 700):
            following.learn([Room("b", NODE, state=RoomState.ENDED)], [], at)
            assert following.ids() == ["a", "b"]
        following.learn([], ["a"], 701)
        assert following.ids() == ["a"], "a is gone since now, b has been for ten minutes"
        following.learn([], ["a"], 1302)
        assert following.ids() == []

    def test_one_that_is_back_is_followed_on(self) -> None:
        following = self.learned(Room("a", NODE))
        following.learn([], ["a"], 10)
        following.learn([Room("a", NODE)], [], 20)
        following.learn([], [], 5_000)
        assert following.ids() == ["a"]

    def test_ids_that_no_question_can_hold_are_not_followed(self) -> None:
        assert self.learned(Room("a,b", NODE), Room("a&x=y", NODE), Room("a" * 33, NODE)).ids() == []

    def test_of_too_many_the_largest_are_followed_and_the_answer_is_not_complete(self) -> None:
        rooms = [Room(f"s{n}", NODE, n) for n in range(x_spaces.MOST_FOLLOWED + 10)]
        following = self.learned(*rooms, at=100)
        assert len(following.ids()) == x_spaces.MOST_FOLLOWED
        assert "s9" not in following.ids()
        assert not following.complete(100)
        assert following.complete(701)

    def test_ended_ones_leave_first(self) -> None:
        ended = [Room(f"e{n}", NODE, 10**6, state=RoomState.ENDED) for n in range(x_spaces.MOST_FOLLOWED)]
        following = self.learned(*ended, *(Room(f"s{n}", NODE, 1) for n in range(10)))
        assert len([space for space in following.ids() if space.startswith("s")]) == 10
        assert following.complete(0)


class TestFailures:
    def test_what_x_says_is_said_and_the_token_never(self) -> None:
        api = XApi()
        told = b'{"title":"Forbidden","detail":"App of %s is not enrolled \\u001b[2J"}' % TOKEN.encode()
        api.failing[BY_IDS] = answer(told, 403)
        found = failure(api, spaces=["1"])
        assert (found.outcome, found.code, found.next_in) == (Outcome.UNAUTHORIZED, "403", None)
        assert found.detail.partition(" ")[2] == (
            "answered with status 403 (App of *** is not enrolled [2J);"
            " check `token`, and whether its app may read Spaces"
        )

    def test_a_wrong_token(self) -> None:
        found = failure(XApi(), spaces=["1"], token="other")
        assert found.outcome is Outcome.UNAUTHORIZED
        assert "status 401 (Unauthorized); check `token`" in found.detail

    @pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"detail": 5}', b"[" * 100_000])
    def test_a_refusal_without_words(self, body: bytes) -> None:
        api = XApi()
        api.failing[BY_IDS] = answer(body, 500)
        assert failure(api, spaces=["1"]).detail.endswith("answered with status 500")

    def test_one_question_that_fails_does_not_take_the_others_along(self) -> None:
        async def main() -> None:
            api = XApi(space("1"), space("2"))
            async with watching(api, creators=[CREATOR], spaces=["2"]) as poll:
                await poll()
                api.failing[BY_CREATORS] = answer(b"{}", 503)
                part = await poll()
                assert sorted(ids(part)) == ["1", "2"], "all that is followed is asked for by id"
                assert not part.complete
                assert "answered with status 503" in part.note

        asyncio.run(main())
