"""The small rooms beside the event: 1 % change a second, and how one got there does not matter."""

from __future__ import annotations

import json
from typing import Any

import pytest

from seeds.crowd import Crowd


def crowd(size: int = 1000, number: int = 0) -> Crowd:
    return Crowd(size, ("n1", "n2"), number, 1_684_965_600.0)


def rooms(of: Crowd, second: int) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads(b"[" + of.at(second) + b"]")
    return read


def test_one_room_in_a_hundred_is_another_after_a_second() -> None:
    small = crowd()
    before = rooms(small, 0)
    for second in range(1, 250):
        now = rooms(small, second)
        changed = [(a, b) for a, b in zip(before, now, strict=True) if a != b]
        assert len(changed) == 10
        assert all(a["id"] != b["id"] for a, b in changed)
        before = now


@pytest.mark.parametrize("path", [[7], [3, 7], [99, 100, 101, 450], [450], [1000, 12]])
def test_what_it_shows_depends_on_the_second_alone(path: list[int]) -> None:
    walked, straight = crowd(), crowd()
    for second in path:
        walked.at(second)
    assert walked.at(path[-1]) == straight.at(path[-1])


def test_rooms_are_whole_unique_and_started_in_the_past() -> None:
    for second in (0, 5, 350):
        seen = rooms(crowd(), second)
        assert len({room["id"] for room in seen}) == 1000
        assert {room["node"] for room in seen} == {"n1", "n2"}
        assert all(2 <= room["participants"] <= 60 for room in seen)
        assert all(0 <= room["started_at"] - 1_684_965_600.0 <= second for room in seen)


def test_sizes_differ_by_number() -> None:
    assert crowd(number=1).at(0) != crowd(number=2).at(0)


def test_it_knows_which_of_its_rooms_are_open() -> None:
    small = crowd()
    assert all(small.holds(room["id"], 123) for room in rooms(small, 123))
    gone = {room["id"] for room in rooms(small, 0)} - {room["id"] for room in rooms(small, 123)}
    assert gone and not any(small.holds(room, 123) for room in gone)


@pytest.mark.parametrize(
    "room", ["", "small-", "small-1", "small--1-1", "small-1000-1", "small-²-1", "small-" + "9" * 5000]
)
def test_it_holds_no_room_that_it_never_listed(room: str) -> None:
    assert not crowd().holds(room, 123)


def test_none_were_asked_for_and_none_come() -> None:
    assert crowd(size=0).at(5) == b""
