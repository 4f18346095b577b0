"""The time in which Roomwatch itself was away is a gap, and not a straight line."""

from __future__ import annotations

import msgspec

from dashboard.recent import GAP_SECONDS, POINTS, columns
from probes.model import Sample, State


def sample(at: float, people: int) -> Sample:
    return Sample(
        service="s",
        seq=int(at * 20),
        at=at,
        service_time=None,
        state=State.OK,
        complete=True,
        participants=people,
        rooms_open=1,
        nodes=(("n", people),),
        rooms=(("n", "r", people),),
        tries_per_second=None,
        success_ratio=None,
        errors={},
    )


def test_a_long_time_without_ticks_shows_as_unknown() -> None:
    past = [sample(t, 100) for t in (0.0, 1.0, 2.0 + GAP_SECONDS, 3.0 + GAP_SECONDS)]
    shown = columns(past, {})
    assert shown["participants"] == [100, 100, None, 100, 100]
    assert shown["rooms"][0]["participants"] == [100, 100, None, 100, 100]
    assert shown["complete"] == [True, True, False, True, True]
    assert shown["seq"] == sorted(set(shown["seq"]))


def test_a_gap_is_kept_when_the_rest_is_thinned() -> None:
    early = [sample(float(t), t) for t in range(5 * POINTS)]
    late = [sample(early[-1].at + 3600 + t, 5 * POINTS + t) for t in range(5 * POINTS)]
    shown = columns([*early, *late], {})
    assert shown["participants"].count(None) == 1
    assert len(shown["at"]) <= 2 * POINTS


def test_ticks_that_history_thinned_to_one_in_ten_seconds_are_no_gap() -> None:
    shown = columns([sample(10.0 * t, 5) for t in range(20)], {})
    assert None not in shown["participants"]


def test_the_tick_at_which_a_state_began_is_kept() -> None:
    def state(i: int) -> State:
        return State.FAILING if i >= 1234 else State.OK

    past = [msgspec.structs.replace(sample(float(i), 100), state=state(i)) for i in range(5 * POINTS)]
    shown = columns(past, {})
    began = next(at for at, found in zip(shown["at"], shown["state"], strict=True) if found is State.FAILING)
    assert began == 1234.0
