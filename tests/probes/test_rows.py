"""From the columns of a list to rooms: each once, texts clean, states and times understood."""

from __future__ import annotations

import json
from typing import Any

import pytest

from probes.mapping import Columns, Document, Table
from probes.mapping.paths import COUNT, ID, NAMES, TEXT, WHEN, WORD
from probes.mapping.rows import STATES, clean_title, read_nodes, read_rooms, read_time
from probes.model import NodeReport, Room, RoomState, plain_text

KINDS = {
    "id": ID,
    "participants": COUNT,
    "title": TEXT,
    "node": TEXT,
    "capacity": COUNT,
    "state": WORD,
    "started_at": WHEN,
    "hosts": NAMES,
    "speakers": NAMES,
}

NAMED = ("hosts", "speakers")


def columns(listed: list[dict[str, Any]], *fields: str) -> Columns:
    table = Table("@", {name: (name, KINDS[name]) for name in ("id", "participants", *fields)})
    return Document({"rooms": table}, {}).read(json.dumps(listed).encode(), "a:80").tables["rooms"]


def rooms(listed: list[dict[str, Any]], *fields: str) -> tuple[list[Room], list[str]]:
    return read_rooms(columns(listed, *fields), "here", STATES)


def test_a_room_with_everything() -> None:
    told = {
        "id": 5,
        "participants": "12",
        "title": "Title",
        "node": "n1",
        "capacity": 100,
        "state": "Live",
        "started_at": 1684967250000,
        "hosts": ["ann", 7],
        "speakers": ["bob"],
    }
    assert rooms([told], *list(KINDS)[2:]) == (
        [Room("5", "n1", 12, "Title", RoomState.OPEN, 100, 1684967250.0, ("ann", "7"), ("bob",))],
        [],
    )


def test_what_is_not_told_is_unknown() -> None:
    bare = [Room("a", "here", None, "", RoomState.OPEN, None, None, ())]
    assert rooms([{"id": "a"}]) == (bare, [])
    assert rooms([{"id": "a"}], *list(KINDS)[2:]) == (bare, [])


def test_a_capacity_of_nothing_is_no_limit() -> None:
    assert rooms([{"id": "a", "capacity": 0}], "capacity")[0][0].capacity is None


@pytest.mark.parametrize("node", [None, ""])
def test_a_room_that_names_no_node_is_where_we_asked(node: str | None) -> None:
    assert rooms([{"id": "a", "node": node}, {"id": "b", "node": 3}], "node")[0] == [
        Room("a", "here"),
        Room("b", "3"),
    ]


class TestTwice:
    def test_the_larger_count_is_kept(self) -> None:
        listed = [{"id": "a", "participants": n} for n in (None, 3, 9, 4)] + [{"id": "b", "participants": 1}]
        assert rooms(listed) == (
            [Room("a", "here", 9), Room("b", "here", 1)],
            ["3 rooms were listed more than once; the larger count was kept"],
        )

    def test_one_id_on_two_nodes_is_two_rooms(self) -> None:
        listed = [{"id": "a", "node": "n1"}, {"id": "a", "node": "n2"}]
        assert rooms(listed, "node") == ([Room("a", "n1"), Room("a", "n2")], [])


class TestTexts:
    @pytest.mark.parametrize(
        "title",
        [
            "plain",
            "wörds – ü",
            "日本語" * 3,
            "x" * 128,
            "x" * 129,
            "é" * 64,
            "é" * 65,
            "日本語" * 40,
            "🎉" * 33,
        ],
    )
    def test_a_title_is_cut_as_plain_text_is(self, title: str) -> None:
        assert clean_title(title) == plain_text(title)

    @pytest.mark.parametrize("title", ["a\x1b[31mred", "a\nb", "a\u202eb", "a\u2028b", "\ud800"])
    def test_a_title_holds_nothing_that_moves_a_cursor(self, title: str) -> None:
        assert clean_title(title).isprintable()

    def test_a_number_is_a_title(self) -> None:
        assert clean_title(5) == "5"

    def test_ids_and_hosts_hold_nothing_that_moves_a_cursor(self) -> None:
        got = rooms(
            [{"id": "a\x1b[2J", "node": "n\n1", "hosts": ["h\r"], "speakers": ["s\b"]}], "node", *NAMED
        )[0][0]
        texts = (got.id, got.node, *got.hosts, *got.speakers)
        assert [text.partition("~")[0] for text in texts] == ["a [2J", "n 1", "h", "s"]

    @pytest.mark.parametrize(
        "ids",
        [
            ["launch", "launch\u200b", "launch\u202e", " launch\n"],
            ["a\ud800", "a\ud801", "a?"],
            ["x" * 256, "x" * 257, "x" * 256 + "y", "x" * 100_000],
            ["é" * 200, "é" * 200 + "\u200b"],
            ["\u200b", "\u200e"],
        ],
        ids=["unprintable", "half pairs", "long", "long in bytes", "nothing else"],
    )
    def test_ids_that_differ_stay_different(self, ids: list[str]) -> None:
        """Anyone can name a room nearly as another, whose people it would hide."""
        got, notes = rooms([{"id": name, "node": name} for name in ids], "node")
        assert (len({room.id for room in got}), len({room.node for room in got})) == (len(ids), len(ids))
        assert max(len(room.id) for room in got) < 300
        assert notes == []

    def test_ids_in_another_encoding_stay_different(self) -> None:
        table = Table("@", {"id": ("id", ID)})
        body = b'[{"id": "Jos\xe9"}, {"id": "Jos\xe8"}]'
        got, _ = read_rooms(Document({"rooms": table}, {}).read(body, "a:80").tables["rooms"], "here", STATES)
        assert len({room.id for room in got}) == 2

    def test_no_more_hosts_and_speakers_than_lineage_needs(self) -> None:
        many = list(range(1000))
        got = rooms([{"id": "a", "hosts": many, "speakers": many}], *NAMED)[0][0]
        assert (len(got.hosts), len(got.speakers)) == (32, 32)


class TestStates:
    @pytest.mark.parametrize(
        ("word", "state"),
        [
            ("open", RoomState.OPEN),
            ("LIVE", RoomState.OPEN),
            (True, RoomState.OPEN),
            ("scheduled", RoomState.SCHEDULED),
            ("ended", RoomState.ENDED),
            ("false", RoomState.ENDED),
            (None, RoomState.OPEN),
        ],
    )
    def test_common_words(self, word: object, state: RoomState) -> None:
        got, notes = rooms([{"id": "a", "state": word}], "state")
        assert (got[0].state, notes) == (state, [])

    def test_a_word_of_the_config(self) -> None:
        states = {**STATES, "2": RoomState.ENDED}
        got, _ = read_rooms(columns([{"id": "a", "state": 2}], "state"), "here", states)
        assert got[0].state is RoomState.ENDED

    def test_a_strange_word_is_open_and_said(self) -> None:
        """To leave the room out would draw it as gone."""
        got, notes = rooms([{"id": "a", "state": "on fire\x1b"}, {"id": "b", "state": "live"}], "state")
        assert [room.state for room in got] == [RoomState.OPEN, RoomState.OPEN]
        assert notes == ['the state "on fire" is not in `rooms.states`; such rooms are taken as open']


class TestTimes:
    @pytest.mark.parametrize(
        ("told", "seconds"),
        [
            (1684967250, 1684967250.0),
            (1684967250.5, 1684967250.5),
            (1684967250500, 1684967250.5),
            ("1684967250", 1684967250.0),
            ("1684967250500", 1684967250.5),
            ("2023-05-24T22:27:30Z", 1684967250.0),
            ("2023-05-24T22:27:30.000Z", 1684967250.0),
            ("2023-05-24T18:27:30-04:00", 1684967250.0),
            ("2023-05-24 22:27:30", 1684967250.0),
            (0, None),
            (-5, None),
            ("0", None),
            (None, None),
        ],
    )
    def test_seconds_milliseconds_and_words(self, told: float | str | None, seconds: float | None) -> None:
        assert read_time(told) == seconds

    @pytest.mark.parametrize("told", ["yesterday", "", float("nan"), float("inf"), "nan", 1e14, "9" * 400])
    def test_what_is_no_time(self, told: float | str) -> None:
        with pytest.raises(ValueError, match=r".*"):
            read_time(told)

    def test_a_start_that_is_no_time_is_unknown_and_said(self) -> None:
        listed = [{"id": "a", "started_at": "soon"}, {"id": "b", "started_at": "2023-05-24T22:27:30Z"}]
        got, notes = rooms(listed, "started_at")
        assert [room.started_at for room in got] == [None, 1684967250.0]
        assert notes == ['started_at of 1 rooms is no time, as "soon"']


def test_nodes() -> None:
    table = Table("@", {"id": ("id", ID), "label": ("label", TEXT), "capacity": ("cap", COUNT)})
    body = b'[{"id": 1, "label": "EU\\n1", "cap": 0}, {"id": "n2", "cap": 5}]'
    got = read_nodes(Document({"nodes": table}, {}).read(body, "a:80").tables["nodes"])
    assert got == [NodeReport("1", "EU 1"), NodeReport("n2", "", None, 5)]
