"""The state gets worse at once and better only after a while; around a threshold it stays where it is."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from probes.model import Outcome, State
from probes.state.steady import HOLD, SEVERITY, Moment, Steady, Verdict
from tests.probes.watching import Story

OK, STRAINED, FAILING, UNKNOWN = State.OK, State.STRAINED, State.FAILING, State.UNKNOWN
JOINED, TIMEOUT = Outcome.JOINED, Outcome.TIMEOUT


def verdict(state: State) -> Verdict:
    return Verdict(state, (f"it is {state.value}",))


def shown(states: list[State], seconds: float = 1.0) -> list[State]:
    """What is shown where the verdict is each of `states` for a second."""
    steady, seen = Steady(), []
    for n, state in enumerate(states):
        steady = steady.moved_to(verdict(state), Moment(1000 + n * seconds, n * seconds))
        seen.append(steady.shown.state)
    return seen


def run(*lengths: tuple[State, int]) -> list[State]:
    return [state for state, length in lengths for _ in range(length)]


def test_worse_is_shown_at_once_and_better_after_half_a_minute() -> None:
    seen = shown(run((OK, 5), (FAILING, 5), (OK, 60)))
    assert seen == run((OK, 5), (FAILING, 35), (OK, 30))


def test_the_last_reason_says_since_when_it_recovers_and_from_what() -> None:
    steady = Steady().moved_to(verdict(FAILING), Moment(1684966860, 0))
    for n in range(1, 10):
        steady = steady.moved_to(verdict(STRAINED), Moment(1684966860 + n, n))
    assert steady.shown.state is FAILING
    assert steady.shown.reasons == (
        "it is strained",
        "Recovering since 22:21:01 UTC. Until then: it is failing",
    )
    steady = steady.moved_to(verdict(OK), Moment(1684966880, 20))
    assert steady.shown.reasons == ("Recovering since 22:21:01 UTC. Until then: it is failing",)


def test_it_gets_only_as_good_as_the_worst_of_the_half_minute() -> None:
    seen = shown(run((FAILING, 1), (OK, 20), (STRAINED, 1), (OK, 80)))
    assert seen == run((FAILING, 31), (STRAINED, 30), (OK, 41))


def test_a_relapse_begins_the_half_minute_again() -> None:
    seen = shown(run((FAILING, 1), (OK, 25), (FAILING, 1), (OK, 40)))
    assert seen == run((FAILING, 57), (OK, 10))


def test_no_answer_is_unknown_at_once_and_nothing_has_got_better_by_it() -> None:
    seen = shown(run((FAILING, 1), (OK, 20), (UNKNOWN, 60), (OK, 40)))
    assert seen == run((FAILING, 21), (UNKNOWN, 60), (FAILING, 30), (OK, 10))
    assert shown(run((UNKNOWN, 3), (OK, 1), (UNKNOWN, 2), (OK, 1))) == run(
        (UNKNOWN, 3), (OK, 1), (UNKNOWN, 2), (OK, 1)
    )


def test_in_a_replay_the_service_s_half_minute_counts() -> None:
    steady = Steady().moved_to(verdict(FAILING), Moment(0.0, 0.0))
    steady = steady.moved_to(verdict(OK), Moment(6.0, 0.1))
    assert steady.moved_to(verdict(OK), Moment(30.0, 0.5)).shown.state is FAILING
    assert steady.moved_to(verdict(OK), Moment(36.0, 0.6)).shown.state is OK


def test_where_the_service_s_clock_stands_still_the_wall_s_counts() -> None:
    steady = Steady().moved_to(verdict(FAILING), Moment(5.0, 0.0))
    steady = steady.moved_to(verdict(OK), Moment(5.0, 1.0))
    assert steady.moved_to(verdict(OK), Moment(5.0, 31.0)).shown.state is OK


KNOWN = st.lists(st.sampled_from([OK, STRAINED, FAILING]), min_size=1, max_size=200)
ANY = st.lists(st.sampled_from(list(State)), min_size=1, max_size=200)


@given(ANY)
def test_what_is_shown_is_never_better_than_what_is_known_now(states: list[State]) -> None:
    for state, seen in zip(states, shown(states), strict=True):
        assert SEVERITY[seen] >= SEVERITY[state]
        assert (seen is UNKNOWN) == (state is UNKNOWN)


@given(KNOWN)
def test_each_step_up_has_half_a_minute_of_no_worse_behind_it(states: list[State]) -> None:
    seen = shown(states)
    for n, (before, after) in enumerate(pairwise(seen), start=1):
        if SEVERITY[after] < SEVERITY[before]:
            held = states[max(0, n - int(HOLD)) : n + 1]
            assert len(held) == HOLD + 1
            assert all(SEVERITY[state] <= SEVERITY[after] for state in held)


@given(KNOWN)
def test_it_goes_up_at_most_twice_a_minute(states: list[State]) -> None:
    seen = shown(states)
    ups = [n for n, (a, b) in enumerate(pairwise(seen)) if SEVERITY[b] < SEVERITY[a]]
    assert all(later - earlier >= HOLD for earlier, later in pairwise(ups))


@given(KNOWN)
def test_states_that_only_get_worse_are_shown_as_they_come(states: list[State]) -> None:
    worse = sorted(states, key=SEVERITY.__getitem__)
    assert shown(worse) == worse


# --- The same through a Watch: shares of joins that swing around a threshold ---


def states_of(success: list[float]) -> list[State]:
    """The states where so large a share of 1,000 tries a second gets in."""
    story = Story("a")
    joined = failed = 0
    seen = []
    for second, share in enumerate(success):
        joined += round(1000 * share)
        failed += 1000 - round(1000 * share)
        story.poll("a", second, {"r": 5000}, joins={JOINED: joined, TIMEOUT: failed})
        seen.append(story.see(second + 0.5).state)
    return seen[2:]


def changes(states: list[State]) -> int:
    return sum(a is not b for a, b in pairwise(states))


@pytest.mark.parametrize("threshold", [0.99, 0.95])
@settings(max_examples=25)
@example(seed=24)
@given(seed=st.integers(0, 10_000))
def test_noise_around_a_threshold_changes_the_state_at_most_once(threshold: float, seed: int) -> None:
    dice = random.Random(seed)
    noise = [min(1.0, dice.gauss(threshold, 0.002)) for _ in range(120)]
    assert changes(states_of(noise)) <= 1


def test_half_of_all_joins_failing_is_failing_within_three_seconds() -> None:
    states = states_of([1.0] * 60 + [0.5] * 20)
    assert states[57] is OK  # the last good second
    assert states.index(FAILING) - 58 <= 3


def test_after_the_end_of_the_trouble_it_takes_the_window_and_the_half_minute() -> None:
    states = states_of([0.5] * 60 + [1.0] * 70)
    back = next(n for n, state in enumerate(states) if state is not FAILING)
    assert 57 + 25 + HOLD <= back <= 57 + 30 + HOLD + 1
    assert states[-1] in (OK, STRAINED)


def test_a_reload_that_changes_what_is_asked_forgets_the_state() -> None:
    story = Story("a")
    for second in range(10):
        story.poll("a", second, joins={JOINED: 50 * second, TIMEOUT: 50 * second})
    assert story.see(9.5).state is FAILING
    changed = story.settings.model_copy(update={"verify_tls": False})
    story.watch.follow(changed, story.objectives)
    story.poll("a", 10)
    assert story.see(10.5).state is OK
