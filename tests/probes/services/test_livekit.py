"""LiveKit as a rooms service: what ListRooms answers, in LiveKit's own types, and how it refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from livekit.protocol.models import Codec
from pydantic import TypeAdapter

from probes.failure import ProbeFailed
from probes.model import Outcome, Room, SnapshotPart
from probes.services import AnyService
from probes.services.livekit import LIST_ROOMS, LiveKit, LiveKitSettings
from tests import livekit
from tests.livekit import CREATED, KEY, SECRET, listed, room, twirp_error
from tests.probes.asking import opened, run
from tests.probes.raw_http import Exchange, RawServer, answer, sends, sends_json, serving


def settings(url: str | None, **more: Any) -> LiveKitSettings:
    document = {"name": "stage", "kind": "livekit", "url": url, "api_key": KEY, "api_secret": SECRET, **more}
    read: LiveKitSettings = TypeAdapter(AnyService).validate_python(document, context={"folder": Path()})
    return read


def polled(rooms: object, **more: Any) -> tuple[SnapshotPart, RawServer]:
    got: list[tuple[SnapshotPart, RawServer]] = []

    async def main() -> None:
        async with serving(sends_json(rooms)) as server, opened() as http:
            service = settings(server.url, **more)
            got.append((await LiveKit(service).poll(service.endpoints[0], http), server))

    run(main())
    return got[0]


def refusal(handler: Any) -> ProbeFailed:
    caught: list[ProbeFailed] = []

    async def main() -> None:
        async with serving(handler) as server, opened() as http:
            service = settings(server.url)
            with pytest.raises(ProbeFailed) as failed:
                await LiveKit(service).poll(service.endpoints[0], http)
            caught.append(failed.value)

    run(main())
    return caught[0]


class TestRooms:
    def test_what_livekit_answers(self) -> None:
        big = room(
            "launch",
            12_000,
            max_participants=15_000,
            enabled_codecs=[Codec(mime="audio/opus")],
            num_publishers=3,
        )
        part, server = polled(listed(big, room("empty")))
        node = f"127.0.0.1:{server.port}"
        assert list(part.rooms) == [
            Room("launch", node, 12_000, title="launch", capacity=15_000, started_at=CREATED),
            Room("empty", node, 0, title="empty", started_at=CREATED),
        ]
        assert (part.complete, part.note, part.joins, list(part.nodes)) == (True, "", {}, [])

    def test_the_question(self) -> None:
        _, server = polled(listed(), headers={"X-Team": "night"})
        (asked,) = server.requests
        assert (asked.method, asked.target, asked.body) == ("POST", LIST_ROOMS, b"{}")
        assert asked.headers["content-type"] == "application/json"
        assert asked.headers["x-team"] == "night"
        token = asked.headers["authorization"].removeprefix("Bearer ")
        claims = jwt.decode(token, SECRET, algorithms=["HS256"], issuer=KEY)
        assert claims["video"]["roomList"] is True
        assert claims["sub"] == "roomwatch-probe"
        assert not {"roomAdmin", "roomJoin", "roomCreate"} & claims["video"].keys()

    def test_a_url_with_a_path_of_its_own(self) -> None:
        got: list[str] = []

        async def main() -> None:
            async with serving(sends_json(listed())) as server, opened() as http:
                service = settings(f"{server.url}/rooms/")
                await LiveKit(service).poll(service.endpoints[0], http)
                got.append(server.requests[0].target)

        run(main())
        assert got == [f"/rooms{LIST_ROOMS}"]

    def test_numbers_may_be_text_and_fields_may_be_missing_or_unknown(self) -> None:
        told = {"rooms": [{"name": "a", "num_participants": "7", "of_tomorrow": {"x": [1]}}, {"name": "b"}]}
        part, server = polled(told)
        node = f"127.0.0.1:{server.port}"
        assert list(part.rooms) == [Room("a", node, 7, title="a"), Room("b", node, None, title="b")]

    def test_a_room_that_is_told_of_twice_is_one(self) -> None:
        part, _ = polled(listed(room("a", 3), room("b", 1), room("a", 5)))
        assert [(found.id, found.participants) for found in part.rooms] == [("a", 5), ("b", 1)]
        assert part.complete
        assert "1 rooms were listed more than once" in part.note

    def test_thousands_of_rooms(self) -> None:
        part, _ = polled(listed(*(room(f"r{n}", n) for n in range(5000))))
        assert len(part.rooms) == 5000
        assert sum(found.participants or 0 for found in part.rooms) == 12_497_500

    def test_hostile_names_are_inert_and_stay_different(self) -> None:
        names = ["<img src=x>", "\x1b[2Jx", "a\nb", "\u202ex", "x" * 5000, "x" * 5001]
        part, _ = polled(listed(*(room(name) for name in names)))
        assert len({found.id for found in part.rooms}) == len(names)
        for found in part.rooms:
            assert found.id.isprintable()
            assert found.title.isprintable()
            assert len(found.title.encode()) <= 128

    def test_a_room_without_a_name_loses_nobody_but_itself(self) -> None:
        part, _ = polled(listed(room(""), room("b")))
        assert [found.id for found in part.rooms] == ["b"]
        assert not part.complete
        assert "1 of 2 rooms could not be read: id" in part.note


class TestMetadata:
    MAPPING: Mapping[str, Any] = {"metadata": {"title": "about.title", "hosts": "hosts[].id"}}

    def test_title_and_hosts_come_from_it_where_they_are_there(self) -> None:
        good = room(
            "a", metadata=json.dumps({"about": {"title": "Town hall"}, "hosts": [{"id": "u1"}, {"id": 2}]})
        )
        others = [
            room(str(n), metadata=text)
            for n, text in enumerate(["", "plain text", "[1]", '{"about": 5}', "{"])
        ]
        part, _ = polled(listed(good, *others), **self.MAPPING)
        assert (part.rooms[0].title, part.rooms[0].hosts) == ("Town hall", ("u1", "2"))
        assert [(found.title, found.hosts) for found in part.rooms[1:]] == [(str(n), ()) for n in range(5)]

    def test_it_is_not_looked_at_without_a_mapping(self) -> None:
        part, _ = polled(listed(room("a", metadata='{"title": "Town hall"}')))
        assert part.rooms[0].title == "a"


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "code", "outcome", "hint"),
        [
            (401, "unauthenticated", Outcome.UNAUTHORIZED, "`api_secret`"),
            (403, "permission_denied", Outcome.UNAUTHORIZED, "`api_secret`"),
            (429, "resource_exhausted", Outcome.RATE_LIMITED, "`every`"),
            (408, "deadline_exceeded", Outcome.TIMEOUT, ""),
            (503, "unavailable", Outcome.UNAVAILABLE, ""),
            (500, "internal", Outcome.UNAVAILABLE, ""),
            (404, "bad_route", Outcome.PROTOCOL, "`url`"),
            (400, "malformed", Outcome.PROTOCOL, "`url`"),
            (409, "aborted", Outcome.OTHER, ""),
            (418, "teapot", Outcome.OTHER, ""),
        ],
    )
    def test_each_error_of_twirp_is_one_outcome(
        self, status: int, code: str, outcome: Outcome, hint: str
    ) -> None:
        failure = refusal(sends_json(twirp_error(code, "so it is"), status))
        assert (failure.outcome, failure.code) == (outcome, code)
        assert f"answered {code}: so it is" in failure.detail
        assert hint in failure.detail

    @pytest.mark.parametrize("said", ["invalid API key", "invalid authorization token: token is expired"])
    def test_what_checks_tokens_answers_in_plain_words(self, said: str) -> None:
        failure = refusal(sends(answer(said.encode(), 401)))
        assert (failure.outcome, failure.code) == (Outcome.UNAUTHORIZED, "401")
        assert "`api_key` and `api_secret`" in failure.detail
        assert "clocks" in failure.detail

    def test_what_a_server_sends_back_of_our_secrets_is_not_shown(self) -> None:
        async def echoes(exchange: Exchange) -> None:
            token = exchange.headers["authorization"].removeprefix("Bearer ")
            said = twirp_error(KEY, f"no {KEY} no {SECRET} no {token}")
            exchange.writer.write(answer(json.dumps(said).encode(), 401))

        failure = refusal(echoes)
        assert "no *** no *** no ***" in failure.detail
        assert failure.code == "***"


class TestTokens:
    def test_one_token_serves_until_half_of_its_life_is_over(self) -> None:
        now = [CREATED * 1.0]
        service = settings("http://a:1")
        tokens = livekit_tokens(service, now)
        first = tokens.headers()
        now[0] += 299
        assert tokens.headers() == first
        now[0] += 2
        second = tokens.headers()
        assert tokens.headers() is not None
        assert tokens.headers() == second

    def test_a_clock_that_was_set_back_makes_a_new_one(self) -> None:
        made: list[float] = []
        now = [CREATED * 1.0]
        tokens = livekit_tokens(settings("http://a:1"), now, made)
        tokens.headers()
        now[0] -= 3600
        tokens.headers()
        tokens.headers()
        assert made == [CREATED, CREATED - 3600]


def livekit_tokens(service: LiveKitSettings, now: list[float], made: list[float] | None = None) -> Any:
    from probes.vendors.livekit import Tokens

    class Noted(Tokens):
        def _make(self) -> str:
            if made is not None:
                made.append(now[0])
            return super()._make()

    return Noted(service.api_key, service.api_secret, {"room_list": True}, lambda: now[0])


def test_the_fakes_are_what_livekits_types_write() -> None:
    told = livekit.listed(room("a", 3))["rooms"][0]
    assert told["creation_time"] == str(CREATED)
    assert told["num_participants"] == 3
    assert told["max_participants"] == 0
