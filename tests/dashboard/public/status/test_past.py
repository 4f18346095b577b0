"""A day summed up: each second and each try once, in its bar; holes are unknown; two clocks."""

from __future__ import annotations

import msgspec
import pytest

from dashboard.public.day import BAR, BARS
from dashboard.public.status.past import HOLE, Past
from probes.model import Observer, Outcome, Sample, State
from tests.dashboard.public.status.played import STEP, samples
from tests.probes.seen import AT, node, observation

OK, STRAINED, FAILING = State.OK, State.STRAINED, State.FAILING


def past(told: list[Sample]) -> Past:
    made = Past()
    made.add(told)
    return made


def seconds(of: Past, state: State) -> float:
    return sum(each.seconds.get(state, 0.0) for each in of.bins.values())


def tries(of: Past, outcome: Outcome) -> int:
    return sum(each.tries[outcome] for each in of.bins.values())


def test_every_second_is_counted_once_in_the_state_it_was_in() -> None:
    told = past(samples((OK, 3600), (FAILING, 600), (OK, 60)))
    assert (seconds(told, OK), seconds(told, FAILING)) == (3600 + 60 - STEP, 600)


def test_a_day_that_comes_in_pieces_is_the_same_as_one_that_comes_at_once() -> None:
    told = samples((OK, 3600), (FAILING, 600), (STRAINED, 900))
    whole, pieces = past(told), Past()
    for start in range(0, len(told), 7):
        pieces.add(told[max(0, start - 3) : start + 7])  # some come twice
    assert pieces.bins == whole.bins
    assert pieces.turns == whole.turns


def test_time_without_ticks_is_unknown() -> None:
    told = samples((OK, 600))
    later = [msgspec.structs.replace(each, at=each.at + 3600) for each in samples((OK, 600))]
    assert seconds(past([*told, *later]), OK) == 2 * (600 - STEP)
    assert len(past([*told, *later]).turns) == 2


def test_a_tick_in_ten_seconds_is_no_hole() -> None:
    assert HOLE > 10
    assert seconds(past(samples((OK, 600))[::2]), OK) == pytest.approx(600, abs=2 * STEP)


def test_tries_are_what_the_totals_grew_by_also_where_they_began_anew() -> None:
    first, second = samples((FAILING, 600)), samples((FAILING, 600), until=AT + 600)
    # 90 of the 100 tries of each tick; the first tick of all has nothing before it.
    assert tries(past([*first, *second]), Outcome.JOINED) == 90 * (len(first) + len(second) - 1)


def test_tries_that_somebody_else_counted_are_not_taken_for_growth() -> None:
    first, second = samples((OK, 10))
    other = msgspec.structs.replace(second, observer=Observer.PROBE, totals={Outcome.JOINED: 10**6})
    assert tries(past([first, other]), Outcome.JOINED) == 0


def test_no_more_than_a_day_is_kept() -> None:
    told = past(samples((OK, 3600), until=AT - 3 * 86400))
    assert told.since == AT - 3 * 86400 - 3600
    told.add(samples((OK, 60)))
    assert len(told.bins) <= BARS
    assert min(told.bins) * BAR > AT - 86400 - BAR
    assert told.since is not None
    assert told.since > AT - 86400 - BAR
    assert len(told.turns) == 1


def test_a_node_is_silent_where_it_has_no_people_and_the_tick_says_that_some_are_missing() -> None:
    there, gone = node("n1", 40), node("n1", None, answering=False)
    first = samples((OK, 300), until=AT - 300, like=observation(nodes=(there,)))
    then = samples((OK, 300), like=observation(nodes=(gone,), complete=False))
    told = past([*first, *then])
    assert sum(each.answered.get("n1", 0) for each in told.bins.values()) == 300
    assert sum(each.silent.get("n1", 0) for each in told.bins.values()) == 300 - STEP


def test_a_node_whose_people_nobody_tells_is_not_silent() -> None:
    told = past(samples((OK, 300), like=observation(nodes=(node("n1", None),), complete=False)))
    assert all(not each.silent for each in told.bins.values())


def replay(at: float, service_time: float | None) -> Sample:
    (sample,) = samples((OK, STEP))
    return msgspec.structs.replace(sample, at=at, service_time=service_time)


def test_a_time_of_a_replay_is_found_in_wall_time() -> None:
    told = past([replay(AT + n, 1000.0 + 60 * n) for n in range(10)])
    assert told.wall(1090.0) == pytest.approx(AT + 1.5)
    assert told.wall(900.0) is None
    assert told.wall(2000.0) is None


def test_where_a_replay_began_anew_the_last_time_counts() -> None:
    first = [replay(AT + n, 1000.0 + 60 * n) for n in range(10)]
    again = [replay(AT + 20 + n, 1000.0 + 60 * n) for n in range(3)]
    told = past([*first, *again])
    assert told.wall(1060.0) == pytest.approx(AT + 21)
    assert told.wall(1300.0) == pytest.approx(AT + 5)


def test_a_tick_before_the_first_answer_after_a_start_goes_on_in_the_services_time() -> None:
    started = msgspec.structs.replace(replay(AT + 10, None), state=State.UNKNOWN)
    told = past([replay(AT, 1000.0), replay(AT + 5, 1005.0), started, replay(AT + 15, 1020.0)])
    assert [(turn.time, turn.ended) for turn in told.turns] == [(1000, 1010), (1010, 1020), (1020, 1020)]
    assert told.wall(1010.0) == pytest.approx(AT + 7.5)
