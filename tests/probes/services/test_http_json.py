"""The http-json service against real sockets: what is asked, learned, and said when nothing could be."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from probes.failure import ProbeFailed
from probes.http import Http
from probes.listing import Listing
from probes.mapping.pieces import PIECE
from probes.model import NodeReport, Outcome, Room, RoomState, SnapshotPart
from probes.services.http_json import HttpJson, HttpJsonSettings
from tests.probes.raw_http import Handler, RawServer, answer, sends, sends_json, serving


def settings(url: str, **more: Any) -> HttpJsonSettings:
    known = {"name": "rooms", "kind": "http-json", "url": url}
    return HttpJsonSettings.model_validate(known | more, context={"folder": Path()})


def poll(handler: Handler, **more: Any) -> tuple[SnapshotPart, RawServer]:
    """What one poll of `handler` learned. Raises ProbeFailed with the port written as PORT."""
    got: list[tuple[SnapshotPart, RawServer]] = []

    async def main() -> None:
        http = Http()
        try:
            async with asyncio.timeout(60), serving(handler) as server:
                configured = settings(f"{server.url}/list?a=b", **more)
                try:
                    part = await HttpJson(configured).poll(configured.endpoints[0], http)
                except ProbeFailed as failure:
                    detail = failure.detail.replace(str(server.port), "PORT")
                    raise ProbeFailed(failure.outcome, detail, failure.code) from None
                got.append((part, server))
        finally:
            await http.close()

    asyncio.run(main())
    return got[0]


def failure(handler: Handler, **more: Any) -> tuple[Outcome, str, str]:
    with pytest.raises(ProbeFailed) as caught:
        poll(handler, **more)
    return caught.value.outcome, caught.value.code, caught.value.detail


class TestAsking:
    def test_a_get_with_its_headers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SOME_TOKEN", "t0p")
        _, server = poll(sends_json({"rooms": []}), headers={"Authorization": "Bearer ${SOME_TOKEN}"})
        asked = server.requests[0]
        assert (asked.method, asked.target, asked.body) == ("GET", "/list?a=b", b"")
        assert asked.headers["authorization"] == "Bearer t0p"

    def test_a_post_with_its_body(self) -> None:
        _, server = poll(sends_json({"rooms": []}), method="POST", body={"names": [], "deep": {"a": None}})
        assert server.requests[0].method == "POST"
        assert json.loads(server.requests[0].body) == {"names": [], "deep": {"a": None}}


class TestLearning:
    def test_a_field_of_people_that_is_in_no_room_is_told(self) -> None:
        rooms = [{"id": "a", "people": 3}, {"id": "b", "people": 4}]
        part, _ = poll(sends_json({"rooms": rooms}), rooms={"participants": "stats.people"})
        told = "none of 2 rooms has a number of people at `stats.people`; check `rooms.participants`"
        assert part.note == told
        assert [room.participants for room in part.rooms] == [None, None]

    def test_a_scheduled_room_that_nobody_counts_yet_is_no_mistake(self) -> None:
        part, _ = poll(sends_json({"rooms": [{"id": "a", "s": "scheduled"}]}), rooms={"state": "s"})
        assert part.note == ""

    def test_rooms(self) -> None:
        part, server = poll(
            sends_json({"rooms": [{"id": 1, "participants": "2"}, {"id": "b", "participants": 0}]})
        )
        here = f"127.0.0.1:{server.port}"
        assert list(part.rooms) == [Room("1", here, 2), Room("b", here, 0)]
        assert (part.complete, part.note, part.service_time, part.nodes, part.joins) == (
            True,
            "",
            None,
            [],
            {},
        )

    def test_everything_in_one_answer(self) -> None:
        body = {
            "now": 1684967250000,
            "stats": {"in": 50, "full": "3"},
            "servers": [{"name": "n1", "where": "EU 1", "max": 100, "now": 7}],
            "data": {"spaces": [{"key": "a", "on": "n1", "count": 7, "phase": "draining"}]},
        }
        part, _ = poll(
            sends_json(body),
            rooms={
                "list": "data.spaces",
                "id": "key",
                "node": "on",
                "participants": "count",
                "state": "phase",
                "states": {"Draining": "open"},
            },
            time="now",
            node_list={
                "list": "servers",
                "id": "name",
                "label": "where",
                "capacity": "max",
                "participants": "now",
            },
            joins={"joined": "stats.in", "room_full": "stats.full", "timeout": "stats.late"},
        )
        assert list(part.rooms) == [Room("a", "n1", 7, "", RoomState.OPEN)]
        assert part.service_time == 1684967250.0
        assert list(part.nodes) == [NodeReport("n1", "EU 1", 7, 100)]
        assert part.joins == {Outcome.JOINED: 50, Outcome.ROOM_FULL: 3}
        assert part.note == ""

    def test_expressions(self) -> None:
        part, _ = poll(
            sends_json(
                {"rooms": [{"id": "a", "users": [1, 2], "on": True}, {"id": "b", "users": [], "on": False}]}
            ),
            rooms={"list": "rooms[?on]", "participants": "length(users)"},
        )
        assert [(room.id, room.participants) for room in part.rooms] == [("a", 2)]

    def test_a_bad_room_is_left_out_and_the_part_is_not_complete(self) -> None:
        listed = [{"id": f"r{i}", "participants": "many" if i == 5 else i} for i in range(100)]
        part, _ = poll(sends_json({"rooms": listed}))
        assert len(part.rooms) == 99
        assert not part.complete
        assert part.note == (
            '1 of 100 rooms could not be read: participants is "many" '
            "where a whole number from 0 to 4,294,967,296 was expected"
        )

    def test_a_bad_node_leaves_the_rooms_complete(self) -> None:
        body = {"rooms": [{"id": "a", "participants": 1}], "nodes": [{"id": "n1"}, {"id": ""}]}
        part, _ = poll(sends_json(body), node_list={})
        assert part.complete
        assert [node.id for node in part.nodes] == ["n1"]
        assert part.note.startswith("1 of 2 nodes could not be read")

    def test_a_time_that_is_none_is_unknown_and_said(self) -> None:
        part, _ = poll(sends_json({"rooms": [], "time": "teatime"}), time="time")
        assert part.service_time is None
        assert part.note == 'the service\'s time is no time, as "teatime"'

    def test_a_note_is_short(self) -> None:
        part, _ = poll(sends_json({"rooms": [{"id": "a", "state": "x" * 10_000}]}), rooms={"state": "state"})
        assert len(part.note) < 300


class TestFailing:
    def test_a_missing_list_is_no_empty_service(self) -> None:
        assert failure(sends_json({"room": []}), rooms={"list": "data.rooms"}) == (
            Outcome.PROTOCOL,
            "",
            "127.0.0.1:PORT answered with JSON that has no list at `data.rooms`; check `rooms.list`",
        )
        assert failure(sends_json({"rooms": []}), rooms={"list": "@"})[2] == (
            "127.0.0.1:PORT answered with JSON that has no list at the top; check `rooms.list`"
        )

    def test_an_expression_that_the_answer_does_not_suit(self) -> None:
        mixed = {"rooms": [{"id": "a", "people": "many"}]}
        assert failure(sends_json(mixed), rooms={"list": "rooms[?people > `3`]"}) == (
            Outcome.PROTOCOL,
            "",
            "127.0.0.1:PORT answered with JSON in which `rooms[?people > `3`]` cannot be worked out "
            "('>' not supported between instances of 'str' and 'int'); check `rooms.list`",
        )

    def test_a_mapping_that_fits_no_room_is_no_empty_service(self) -> None:
        assert failure(sends_json({"rooms": [{"name": "a"}, {"name": "b"}]})) == (
            Outcome.PROTOCOL,
            "",
            "127.0.0.1:PORT: 2 of 2 rooms could not be read: id is missing where "
            "an id was expected; check the mapping in `rooms`",
        )

    @pytest.mark.parametrize(
        ("status", "outcome"),
        [(401, "unauthorized"), (404, "not_found"), (429, "rate_limited"), (503, "unavailable")],
    )
    def test_a_status_that_is_no_success(self, status: int, outcome: str) -> None:
        got = failure(sends_json({"rooms": []}, status=status))
        assert got[:2] == (outcome, str(status))
        assert f"127.0.0.1:PORT answered with status {status}" in got[2]

    def test_html(self) -> None:
        page = answer(b"<!doctype html><script>alert(1)</script>")
        assert failure(sends(page)) == (
            Outcome.PROTOCOL,
            "",
            "127.0.0.1:PORT answered with an HTML page where JSON was expected",
        )

    def test_more_than_max_body(self) -> None:
        assert failure(sends(answer(b"[" + b" " * 11_000_000 + b"]")), max_body="10MB")[2] == (
            "127.0.0.1:PORT answered with more than 10 MB; raise max_body or ask for less"
        )


class TestConfig:
    @pytest.mark.parametrize(
        ("more", "sentence"),
        [
            ({"rooms": {"id": "length("}}, "expected a field such as participants or stats.count"),
            ({"rooms": {"list": "@"}, "time": "now"}, "nothing is beside it"),
            ({"rooms": {"states": {"x": "opened"}}}, "open"),
            ({"joins": {"ok": "a"}}, "joined"),
            ({"rooms": {"paticipants": "x"}}, "Extra inputs"),
            ({"method": "PUT"}, "'GET' or 'POST'"),
        ],
    )
    def test_what_is_refused(self, more: dict[str, Any], sentence: str) -> None:
        with pytest.raises(ValidationError) as caught:
            settings("http://a:1", **more)
        assert sentence in str(caught.value)


def test_a_hundred_thousand_rooms_are_read_in_reasonable_time() -> None:
    """Far from the goal of the benchmark, so that a slow machine does not fail: a tenfold mistake would."""
    listed = [
        {"id": f"room-{i}", "participants": i % 300, "title": f"Room {i}", "more": "x" * 100}
        for i in range(100_000)
    ]
    body = json.dumps({"rooms": listed}).encode()
    service = HttpJson(settings("http://a:1", rooms={"title": "title"}))
    started = time.process_time()
    part = service.read(body, "n", "a:1")
    assert len(part.rooms) == 100_000
    assert time.process_time() - started < 3


class TestLargeAnswers:
    """They are read in pieces onto the cards of the one before, as long as all rows are in order."""

    def test_rooms_that_only_count_anew_are_not_made_again(self) -> None:
        service = HttpJson(settings("http://a/"))
        before = service.read(_large(people=1), "a", "a:80")
        after = service.read(_large(people=2), "a", "a:80")
        assert isinstance(before.rooms, Listing)
        assert isinstance(after.rooms, Listing)
        assert after.rooms.cards is before.rooms.cards
        assert {room.participants for room in before.rooms} == {1}
        assert {room.participants for room in after.rooms} == {2}

    def test_endpoints_are_kept_apart(self) -> None:
        service = HttpJson(settings("http://a/"))
        parts = [service.read(_large(people=1), node, "a:80") for node in "ab"]
        assert [{room.node for room in part.rooms} for part in parts] == [{"a"}, {"b"}]

    def test_a_bad_row_is_said_and_loses_only_itself_until_all_are_in_order_again(self) -> None:
        service = HttpJson(settings("http://a/"))
        good, bad = _large(people=1), _large(people=1, last={"id": "bad", "participants": -1})
        parts = [service.read(body, "a", "a:80") for body in (good, bad, bad, good, good)]
        assert [len(part.rooms) for part in parts] == [6000] * 5
        assert [part.complete for part in parts] == [True, False, False, True, True]
        assert parts[1].note.startswith("1 of 6001 rooms could not be read: participants is -1")
        assert [isinstance(part.rooms, Listing) for part in parts] == [True, False, False, False, True]

    def test_a_room_that_is_listed_twice_is_said(self) -> None:
        part = HttpJson(settings("http://a/")).read(
            _large(people=1, last={"id": "room-7", "participants": 9}), "a", "a:80"
        )
        assert part.note == "1 rooms were listed more than once; the larger count was kept"
        assert next(room for room in part.rooms if room.id == "room-7").participants == 9

    def test_a_field_of_people_that_is_in_no_room_is_told(self) -> None:
        service = HttpJson(settings("http://a/", rooms={"participants": "people"}))
        notes = [service.read(_large(people=1), "a", "a:80").note for _ in range(2)]
        told = "none of 6000 rooms has a number of people at `people`; check `rooms.participants`"
        assert notes == [told, told]


def _large(people: int, last: dict[str, object] | None = None) -> bytes:
    rooms: list[dict[str, object]] = [
        {"id": f"room-{n}", "title": "A room like any other", "participants": people} for n in range(6000)
    ]
    body = json.dumps({"rooms": [*rooms, last] if last else rooms}).encode()
    assert len(body) > 2 * PIECE
    return body
