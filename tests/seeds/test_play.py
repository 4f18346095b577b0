"""The pure play: exact at the points, counters that only grow, the same for the same number."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import msgspec
import pytest

import seeds
from seeds.door import attempt
from seeds.model import Seed
from seeds.play import ENDED_FOR, Outcome, Played

NAMES = seeds.names()


@pytest.fixture(params=NAMES)
def seed(request: pytest.FixtureRequest) -> Seed:
    return seeds.load(request.param)


def people(played: Played, room: str, t: float) -> int | None:
    return next((r.participants for r in played.at(t).rooms if r.id == room), None)


@pytest.mark.parametrize("number", [0, 1, 77])
def test_the_count_is_exact_at_every_point(seed: Seed, number: int) -> None:
    played = Played(seed, number)
    for room in seed.rooms:
        for point in room.points:
            if point.t < room.ends:
                assert people(played, room.id, point.t) == point.participants, f"{room.id} at t={point.t}"


@pytest.mark.parametrize("number", [0, 1, 77])
def test_no_room_passes_its_highest_point_or_its_cap(seed: Seed, number: int) -> None:
    highest = {room.id: max(p.participants for p in room.points) for room in seed.rooms}
    caps = {room.id: room.capacity or highest[room.id] for room in seed.rooms}
    played = Played(seed, number)
    for t in range(played.lasts):
        for room in played.at(t).rooms:
            assert 0 <= room.participants <= min(highest[room.id], caps[room.id]), f"{room.id} at t={t}"


def test_the_curve_looks_alive(seed: Seed) -> None:
    """A minute of a room with many people is no straight line, and strays by less than 3 %."""
    played = Played(seed)
    room = max(seed.rooms, key=lambda r: max(p.participants for p in r.points))
    a, b = max(pairwise(room.points), key=lambda ab: ab[1].t - ab[0].t)
    line = [a.participants + (b.participants - a.participants) * s / (b.t - a.t) for s in range(b.t - a.t)]
    seen = [people(played, room.id, a.t + s) or 0 for s in range(b.t - a.t)]
    strays = [abs(x - y) / y for x, y in zip(seen, line, strict=True)]
    assert 0.0005 < max(strays) < 0.03


def test_counters_start_at_zero_and_never_fall(seed: Seed) -> None:
    played = Played(seed)
    before = played.at(0).joins
    assert set(before.values()) == {0}
    assert set(before) == {"joined"} | {f for r in seed.rooms for p in r.points for f in p.failures}
    for step in range(1, 4000):
        now = played.at(step * played.lasts / 4000).joins
        assert now.keys() == before.keys()
        assert all(now[outcome] >= before[outcome] for outcome in now)
        before = now


def test_counters_grow_by_tries_times_share_between_points() -> None:
    for name in ("spaces-2023-05-24", "spaces-2024-08-12"):  # one room at a time: the sum is that room's
        seed = seeds.load(name)
        played = Played(seed, 3)
        for room in seed.rooms:
            for a, b in pairwise(room.points):
                first, last = played.at(a.t).joins, played.at(b.t).joins
                grown: dict[Outcome, int] = {outcome: last[outcome] - first[outcome] for outcome in last}
                tries = sum(grown.values())
                assert tries == pytest.approx(a.tries_per_second * (b.t - a.t), rel=0.03)
                for failure, share in a.failures.items():
                    assert grown[failure] == pytest.approx(share * tries, abs=4)


def test_the_same_number_gives_the_same_bytes_and_another_gives_others(seed: Seed) -> None:
    one, two, other = Played(seed, 5), Played(seed, 5), Played(seed, 6)
    times = [k * one.lasts / 97 for k in range(97)]
    backwards = [msgspec.json.encode(two.at(t)) for t in reversed(times)]
    assert [msgspec.json.encode(one.at(t)) for t in times] == backwards[::-1]
    assert any(one.at(t).rooms != other.at(t).rooms for t in times)


def test_shares_of_the_door_add_up_to_one_while_a_room_is_open(seed: Seed) -> None:
    played = Played(seed)
    for t in range(0, played.lasts, 7):
        moment = played.at(t)
        assert list(moment.doors) == [room.id for room in moment.rooms if room.state == "open"]
        for door in moment.doors.values():
            assert sum(door.shares.values()) == pytest.approx(1.0)


def test_an_ended_room_is_listed_for_a_minute_and_then_gone() -> None:
    played = Played(seeds.load("spaces-2023-05-24"))
    assert [(r.id, r.state) for r in played.at(1261.99).rooms] == [("launch-1", "open")]
    assert [(r.id, r.state, r.participants) for r in played.at(1262).rooms] == [("launch-1", "ended", 0)]
    assert played.at(1262 + ENDED_FOR - 0.01).rooms
    assert not played.at(1262 + ENDED_FOR).rooms


def test_may_2023_is_dark_for_about_two_minutes_then_goes_on_with_a_quarter() -> None:
    played = Played(seeds.load("spaces-2023-05-24"))
    open_at = {t: played.at(t).current for t in range(1200, 1500)}
    dark = [t for t, room in open_at.items() if room is None]
    assert dark == list(range(1262, 1380))
    assert (open_at[1261], open_at[1380]) == ("launch-1", "launch-2")
    assert played.at(1380).rooms[0].started_at == played.starts + 1380
    assert (people(played, "launch-2", 1650) or 0) / 668_000 == pytest.approx(0.25, abs=0.01)


def test_august_2024_never_has_a_second_room_nor_a_gap() -> None:
    played = Played(seeds.load("spaces-2024-08-12"))
    assert {tuple(r.id for r in played.at(t).rooms) for t in range(9900)} == {("talk-1",)}


def test_clubhouse_overflows_while_its_first_room_goes_on() -> None:
    played = Played(seeds.load("clubhouse-2021-02-01"))
    assert [r.id for r in played.at(600).rooms] == ["show-1", "overflow-1"]
    assert [r.id for r in played.at(2000).rooms] == ["show-1", "overflow-1", "overflow-2"]
    assert {played.at(t).current for t in range(7680)} == {"show-1"}
    assert played.at(600).doors["show-1"].shares["room_full"] > 0.9
    assert "room_full" not in played.at(600).doors["overflow-1"].shares


def test_before_its_start_an_event_is_as_at_its_start(seed: Seed) -> None:
    played = Played(seed)
    assert played.at(-100) == played.at(0)


def test_after_the_end_there_is_nothing_but_the_counters(seed: Seed) -> None:
    played = Played(seed)
    end = played.at(played.lasts)
    assert end.rooms == () and end.current is None
    assert end == played.at(played.lasts + 1e6)


@pytest.mark.parametrize("name", NAMES)
def test_ten_thousand_tries_fail_in_the_given_shares(name: str) -> None:
    for door in Played(seeds.load(name)).at(1200).doors.values():
        seen = Counter(attempt(door.shares, 0, nth)[0] for nth in range(1, 10_001))
        assert seen.keys() <= door.shares.keys()
        for outcome, share in door.shares.items():
            assert seen[outcome] / 10_000 == pytest.approx(share, abs=0.02), outcome


def test_a_try_is_the_same_each_time_and_answers_take_a_plausible_time() -> None:
    shares: dict[Outcome, float] = {"joined": 0.5, "unavailable": 0.2, "timeout": 0.2, "aborted": 0.1}
    tries = [attempt(shares, 4, nth) for nth in range(1000)]
    assert tries == [attempt(shares, 4, nth) for nth in range(1000)]
    assert tries != [attempt(shares, 5, nth) for nth in range(1000)]
    assert {seconds for outcome, seconds in tries if outcome == "timeout"} == {30.0}
    joined = sorted(seconds for outcome, seconds in tries if outcome == "joined")
    assert 0.15 <= joined[0] < joined[-1] <= 2.5
    assert joined[len(joined) // 2] < 1.0
