"""A real ejabberd as an http-json service: rooms, people, and each way in which it does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from probes.http import Http
from probes.model import Outcome, ProbeResult, Room, RoomState
from probes.roster import roster
from probes.runner import run
from probes.settings import parse
from tests.ejabberd import SERVICE, Ejabberd, RefusedError

LISTING = """
services:
  - name: chat
    kind: http-json
    nodes: [{{id: n1, url: "{url}/muc_online_rooms_by_regex"}}]
    timeout: {timeout}
    method: POST
    body: {{service: conference.localhost, regex: ".*"}}
    rooms:
      list: "@"
      id: jid
      participants: participants
      state: public
      states: {{"true": open, "false": scheduled}}
"""

ONE_ROOM = """
services:
  - name: chat
    kind: http-json
    nodes: [{{id: n1, url: "{url}/get_room_options"}}]
    timeout: {timeout}
    method: POST
    body: {{service: conference.localhost, name: launch}}
    rooms: {{list: "[@]", id: title, title: description, capacity: max_users, participants: null}}
"""


@pytest.fixture(scope="module")
def ejabberd() -> Iterator[Ejabberd]:
    with Ejabberd() as server:
        yield server


def poll(ejabberd: Ejabberd, text: str = LISTING, timeout: str = "30s") -> ProbeResult:
    """What one run of the config's only probe gives."""

    async def main() -> ProbeResult:
        http = Http()
        try:
            config = parse(text.format(url=ejabberd.url, timeout=timeout), "chat.yaml", Path())
            (probe,) = roster(config, http)
            return await run(probe)
        finally:
            await http.close()

    return asyncio.run(main())


def rooms(ejabberd: Ejabberd, text: str = LISTING) -> list[Room]:
    result = poll(ejabberd, text)
    assert result.outcome is Outcome.OK, result.detail
    assert result.part is not None
    assert result.part.complete
    assert result.detail == ""
    return sorted(result.part.rooms, key=lambda room: room.id)


def test_no_rooms(ejabberd: Ejabberd) -> None:
    assert rooms(ejabberd) == []


def test_rooms_come_and_go(ejabberd: Ejabberd) -> None:
    ejabberd.create_room("launch")
    ejabberd.create_room("backstage", public="false")
    try:
        assert rooms(ejabberd) == [
            Room(f"backstage@{SERVICE}", "n1", 0, state=RoomState.SCHEDULED),
            Room(f"launch@{SERVICE}", "n1", 0, state=RoomState.OPEN),
        ]
        ejabberd.destroy_room("backstage")
        assert [room.id for room in rooms(ejabberd)] == [f"launch@{SERVICE}"]
    finally:
        ejabberd.destroy_room("launch")


def test_people_come_and_go(ejabberd: Ejabberd) -> None:
    ejabberd.create_room("launch", max_users="2")
    try:
        ann, bob = ejabberd.guest("launch", "ann"), ejabberd.guest("launch", "bob")
        assert [room.participants for room in rooms(ejabberd)] == [2]
        with pytest.raises(RefusedError):
            ejabberd.guest("launch", "cleo")
        ann.leave()
        assert [room.participants for room in rooms(ejabberd)] == [1]
        bob.leave()
        assert [room.participants for room in rooms(ejabberd)] == [0]
    finally:
        ejabberd.destroy_room("launch")


def test_numbers_as_text_and_an_answer_that_is_one_room(ejabberd: Ejabberd) -> None:
    ejabberd.create_room("launch", title="t1", description="The <b>launch</b>\x07", max_users="25")
    try:
        assert rooms(ejabberd, ONE_ROOM) == [Room("t1", "n1", None, "The <b>launch</b>", capacity=25)]
    finally:
        ejabberd.destroy_room("launch")


def test_a_title_in_any_script(ejabberd: Ejabberd) -> None:
    ejabberd.create_room("launch", title="t1", description="発売 🎉 \u202eabc")
    try:
        assert rooms(ejabberd, ONE_ROOM)[0].title == "発売 🎉 abc"
    finally:
        ejabberd.destroy_room("launch")


@pytest.mark.parametrize(
    ("found", "instead", "outcome", "code"),
    [
        ("_by_regex", "_by_nothing", Outcome.NOT_FOUND, "404"),
        (', regex: ".*"', "", Outcome.OTHER, "400"),
        ("conference.localhost", "elsewhere.localhost", Outcome.UNAVAILABLE, "500"),
    ],
)
def test_a_wrong_question_is_a_failure(
    ejabberd: Ejabberd, found: str, instead: str, outcome: Outcome, code: str
) -> None:
    result = poll(ejabberd, LISTING.replace(found, instead))
    assert (result.outcome, result.code, result.part) == (outcome, code, None)
    assert f"answered with status {code}" in result.detail


def test_a_mapping_for_another_answer_is_a_failure(ejabberd: Ejabberd) -> None:
    result = poll(ejabberd, LISTING.replace('"@"', "rooms"))
    assert (result.outcome, result.part) == (Outcome.PROTOCOL, None)
    assert result.detail.endswith("answered with JSON that has no list at `rooms`; check `rooms.list`")


def test_a_server_that_hangs_dies_and_comes_back() -> None:
    with Ejabberd() as ejabberd:
        ejabberd.create_room("launch")
        ejabberd.pause()
        assert poll(ejabberd, timeout="500ms").outcome is Outcome.TIMEOUT
        ejabberd.resume()
        assert len(rooms(ejabberd)) == 1
        ejabberd.kill()
        assert poll(ejabberd).outcome is Outcome.REFUSED
        ejabberd.start()
        assert poll(ejabberd).outcome is Outcome.OK
