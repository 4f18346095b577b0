"""Where the link of a real launch would have led, at each minute of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

import pytest

import seeds
from dashboard.public.facts import EventState
from dashboard.public.go.leading import Lead, lead, turn
from tests.dashboard.public.go.scenes import an_event, where
from tests.probes.playing import Seen, played

T = TypeVar("T")

MAY, AUGUST, CLUBHOUSE = "spaces-2023-05-24", "spaces-2024-08-12", "clubhouse-2021-02-01"

SPEED = 20.0


def watched(name: str, step: float) -> list[Seen]:
    return list(played(name, step=step, speed=SPEED))


@pytest.fixture(scope="module")
def may() -> list[Seen]:
    return watched(MAY, 5.0)


def led(name: str, watched: list[Seen], *rooms: str) -> list[tuple[float, Lead]]:
    """Where the link of an event that means `rooms` leads, at each second at which it was polled."""
    starts_at = datetime.fromtimestamp(seeds.load(name).starts.timestamp(), UTC)
    event = an_event(*rooms, starts_at=starts_at)
    found: Lead | None = None
    told = []
    for seen in watched:
        found = lead(found, seen.observation, event, seen.at)
        told.append((seen.t, found))
    return told


@pytest.mark.parametrize("rooms", [("launch-1",), ("launch-*",), ("*",)])
def test_may_2023_leads_to_the_first_room_then_to_the_page_then_to_the_second(
    may: list[Seen], rooms: tuple[str, ...]
) -> None:
    """The second room has another id, on another account and node; nobody told anybody."""
    told = led(MAY, may, *rooms)
    assert changes([where(found) for _, found in told]) == ["launch-1", None, "launch-2", None]
    first = [t for t, found in told if where(found) == "launch-1"]
    second = [t for t, found in told if where(found) == "launch-2"]
    assert (first[0], first[-1]) == (0, 1_260)
    assert (second[0], second[-1]) == (1_380, 5_395)
    states = {t: found.state for t, found in told}
    assert {states[t] for t in states if 1_265 <= t < 1_380} == {EventState.ENDED}
    assert {states[t] for t in states if 1_380 <= t < 2_200} == {EventState.MOVED}
    assert states[3_600] is EventState.OPEN, "nobody comes over any more"


def test_august_2024_leads_to_its_one_room_all_along() -> None:
    told = [found for _, found in led(AUGUST, watched(AUGUST, 15.0), "*")]
    states = changes([found.state for found in told])
    assert states == [EventState.OPEN, EventState.ENDED]
    assert len({where(found) for found in told} - {None}) == 1


def test_clubhouse_2021_fills_the_overflow_rooms_and_leads_nobody_into_a_full_one() -> None:
    seats: list[list[str]] = []
    for t, found in led(CLUBHOUSE, watched(CLUBHOUSE, 15.0), "show-*"):
        seats.append([room.id for room in found.taking])
        assert (found.state is EventState.FULL) is (found.main is not None and not found.taking)
        here = turn(found.taking, int(t))
        assert here is None or (here.participants or 0) <= 4_950
    spread = changes([" ".join(each) for each in seats])
    print(spread)
    assert spread[:4] == ["show-1", "", "overflow-1", ""]
    assert spread.count("") < 12, "it does not flap between full and not"


def changes(values: list[T]) -> list[T]:
    """`values` without those that are as the one before."""
    return [value for n, value in enumerate(values) if n == 0 or value != values[n - 1]]
