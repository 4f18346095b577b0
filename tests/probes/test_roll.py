"""A roll that is changed by what changed is the one that is made anew."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from probes.listing import Listing
from probes.model import Room
from probes.watching.roll import Difference, Key, Roll, key_of
from probes.watching.summary import summarise
from tests.probes.shelved import Shelves
from tests.probes.test_shelf import ROOMS

NODES = {"a": set("rstuvw"), "b": set("rstuvw"), "c": {"r"}}


def open_rooms(rooms: Iterable[Room]) -> list[Room]:
    return [room for room in rooms if room.state == "open"]


def known(roll: Roll) -> dict[Key, Room | None]:
    keys = roll.among(NODES)
    assert keys == {(node, room) for node, rooms in roll.nodes.items() for room in rooms.keys()}  # noqa: SIM118
    assert {key_of(room) for room in roll} == keys
    assert (len(roll), all(key in roll for key in keys)) == (len(keys), True)
    return {key: roll.get(key) for key in sorted(keys)}


def of(found: Difference) -> tuple[list[Room], list[Room], list[tuple[Key, int]]]:
    return sorted(found.came, key=repr), sorted(found.gone, key=repr), sorted(found.fell)


@given(st.lists(ROOMS, min_size=1, max_size=8))
def test_it_is_the_same_whether_rooms_are_known_by_their_cards_or_by_their_ids(
    answers: list[list[Room]],
) -> None:
    shelves = Shelves()
    by_card, by_id = Roll(), Roll()
    for rooms in answers:
        listing = shelves.rooms("a", rooms)
        assert isinstance(listing, Listing)
        assert of(by_card.take(listing)) == of(by_id.take(Listing.of(open_rooms(rooms))))
        assert known(by_card) == known(by_id) == known(Roll(open_rooms(rooms)))
        assert summarise(by_card) == summarise(by_id)


def test_what_came_what_went_and_what_shrank() -> None:
    roll = Roll([Room("stays", "a", 3), Room("goes", "a", 4), Room("shrinks", "b", 5), Room("hides", "b", 6)])
    found = roll.take(
        Listing.of(
            [Room("stays", "a", 9), Room("shrinks", "b", 1), Room("hides", "b"), Room("comes", "c", 2)]
        )
    )
    assert of(found) == (
        [Room("comes", "c", 2)],
        [Room("goes", "a", 4)],
        [(("b", "hides"), 6), (("b", "shrinks"), 5)],
    )


@given(ROOMS, ROOMS)
def test_answers_may_be_taken_in_any_order(earlier: list[Room], later: list[Room]) -> None:
    shelves = Shelves()
    answers = [(rooms, shelves.rooms("a", rooms)) for rooms in (earlier, later)]
    roll = Roll()
    for rooms, listing in reversed(answers):
        assert isinstance(listing, Listing)
        roll.take(listing)
        assert known(roll) == known(Roll(open_rooms(rooms)))


@given(ROOMS, ROOMS, ROOMS)
def test_rooms_that_others_have_are_left_out(rooms: list[Room], some: list[Room], more: list[Room]) -> None:
    others = [Roll(some), Roll(more)]
    rest = Roll(rooms).without(others)
    assert {key_of(room) for room in rest} == set(map(key_of, rooms)) - {
        key_of(room) for other in others for room in other
    }
    assert all(rest.nodes.values())
