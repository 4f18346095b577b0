"""Rows that say the same again make no rooms, and what is listed is what was told."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.listing import Listing
from probes.mapping import Columns, NotInPieces, shelf
from probes.mapping.rows import STATES, read_rooms
from probes.mapping.shelf import Shelf
from probes.model import Room, RoomState
from tests.probes.shelved import GETTERS

A = "a"


def columns(rooms: Iterable[Room]) -> Columns:
    return Columns(list(rooms), GETTERS)


def crowd(count: int = 9, **more: object) -> list[Room]:
    return [Room(id=f"r{n}", node=A, participants=n, **more) for n in range(count)]  # type: ignore[arg-type]


def listed(known: Shelf, rooms: Iterable[Room]) -> Listing:
    return known.read([columns(rooms)])


def test_a_room_that_only_counts_anew_is_made_once() -> None:
    known = Shelf(A, STATES)
    before = listed(known, crowd())
    after = listed(known, [Room(room.id, A, 50) for room in crowd()])
    assert after.cards is before.cards
    assert len(after.cards) == 9
    assert list(before) == crowd()
    assert [room.participants for room in after] == [50] * 9


def test_nothing_is_known_of_people_that_are_not_counted() -> None:
    known = Shelf(A, STATES)
    assert listed(known, crowd()).counted
    after = listed(known, [Room(room.id, A) for room in crowd()])
    assert not after.counted
    assert [room.participants for room in after] == [None] * 9


ROOMS = st.lists(
    st.builds(
        Room,
        id=st.sampled_from("rstuvw"),
        node=st.sampled_from("ab"),
        participants=st.one_of(st.none(), st.integers(0, 3)),
        title=st.sampled_from(["", "x"]),
        state=st.sampled_from(RoomState),
    ),
    max_size=6,
    unique_by=lambda room: (room.node, room.id),
)


@given(st.lists(ROOMS, max_size=8), st.sampled_from([0, 1, 1000]))
def test_what_is_listed_is_what_was_told(answers: list[list[Room]], spare: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shelf, "SPARE", spare)
        known = Shelf(A, STATES)
        listings = [(rooms, listed(known, rooms)) for rooms in answers]
    for rooms, listing in listings:
        assert len(listing) == len(rooms)
        assert sorted(listing, key=repr) == sorted(rooms, key=repr)
        assert all(room.state is not RoomState.OPEN for room in listing.closed)


def test_cards_of_rooms_that_are_gone_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "SPARE", 10)
    known = Shelf(A, STATES)
    kept = 0
    for turn in range(50):
        listing = listed(known, [Room(f"{turn}-{n}", A, n) for n in range(9)])
        kept = max(kept, len(listing.cards))
    assert kept <= 9 + 1 + 10 + 9


@pytest.mark.parametrize(
    "rooms",
    [
        [*crowd(), crowd()[3]],
        [*crowd(), Room("r3", A, 99)],
        [*crowd(), Room("r3", A, 3, title="Another")],
        [*crowd(), Room("odd", A, 1, started_at="never")],  # type: ignore[arg-type]
    ],
    ids=["twice", "twice with other people", "twice with another title", "no time"],
)
@pytest.mark.parametrize("cut", [5, 10])
def test_what_needs_a_word_is_for_others(rooms: list[Room], cut: int) -> None:
    known = Shelf(A, STATES)
    listed(known, crowd())
    with pytest.raises(NotInPieces):
        known.read([columns(rooms[:cut]), columns(rooms[cut:])])
    assert read_rooms(columns(rooms), A, STATES)[1]


def test_a_room_that_is_said_something_else_of_is_no_second_one() -> None:
    known = Shelf(A, STATES)
    for title in ("one", "two", "one"):
        listing = listed(known, crowd(title=title))
        assert sorted(listing, key=repr) == sorted(crowd(title=title), key=repr)


def test_a_room_is_listed_twice_also_where_each_was_known_alone() -> None:
    known = Shelf(A, STATES)
    for title in ("one", "two"):
        listed(known, crowd(title=title))
    with pytest.raises(NotInPieces):
        listed(known, [*crowd(title="one"), Room("r3", A, 3, title="two")])
