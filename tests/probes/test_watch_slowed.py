"""A service polled less often than configured: it is known for two intervals as they come, and says so."""

from __future__ import annotations

import pytest

from probes.model import Cause, Outcome, State
from tests.probes.watching import Story

WHY = "40 requests left until 18:15:00 UTC"


def slowed(*, every: float = 5.0, next_in: float = 12.0) -> Story:
    story = Story("a", every=every)
    story.poll("a", 100, {"r": 50}, next_in=next_in, next_in_why=WHY)
    return story


def test_numbers_stay_known_for_two_intervals_as_they_come() -> None:
    story = slowed()
    for at in (110.1, 124.0):
        seen = story.see(at)
        assert (seen.state, seen.participants, seen.observed_at) == (State.OK, 50, 100)
        assert [node.answering for node in seen.nodes] == [True]
    late = story.see(124.1)
    assert (late.state, late.participants) == (State.UNKNOWN, None)
    assert late.reasons == ("Node a has given no good answer for 24 s",)


def test_it_says_how_often_it_is_polled_why_and_how_old_its_numbers_are() -> None:
    seen = slowed().see(101)
    assert seen.reasons == (
        "Node a answers",
        f"Node a polls every 12 s instead of 5 s: {WHY}; its numbers are up to 12 s old",
    )
    assert seen.poll_interval == 12.0
    assert slowed().see(118).reasons[1].endswith("its numbers are up to 18 s old"), "the next one is late"


def test_a_state_that_is_worse_comes_first() -> None:
    story = slowed()
    story.poll("a", 112, {"r": 50}, next_in=12, complete=False, note="half of it")
    seen = story.see(113)
    assert seen.state is State.STRAINED
    assert [reason.split(":")[0] for reason in seen.reasons] == [
        "The answer of a is incomplete",
        "Node a polls every 12 s instead of 5 s; its numbers are up to 12 s old",
    ]


def test_back_at_its_own_pace_the_configured_interval_counts_again() -> None:
    story = slowed()
    story.poll("a", 112, {"r": 50})
    seen = story.see(122.0)
    assert (seen.state, seen.reasons, seen.poll_interval) == (State.OK, ("Node a answers",), 5.0)
    assert story.see(122.1).state is State.UNKNOWN


def test_a_failed_poll_that_asks_for_a_wait_keeps_nothing_known_for_longer() -> None:
    story = Story("a", every=5.0)
    story.poll("a", 100, {"r": 50})
    story.fail("a", 105, Outcome.RATE_LIMITED, next_in=300)
    assert story.see(110).state is State.OK
    assert story.see(110.1).state is State.UNKNOWN


@pytest.mark.parametrize("gap", [12.0, 23.9])
def test_the_announced_wait_is_no_silence_of_a_room_that_ends_after_it(gap: float) -> None:
    """Two complete answers without the room are enough: after a silence they would not be."""
    story = slowed()
    for n in range(1, 6):
        story.poll("a", 100 + n * gap, {"r": 50}, next_in=12)
    for n in range(6, 8):
        story.poll("a", 100 + n * gap, {}, next_in=12)
    (ended,) = story.see(100 + 7 * gap).relocations
    assert ended.cause is Cause.ENDED


def test_one_slowed_node_does_not_make_the_others_patient() -> None:
    story = Story("a", "b", every=1.0)
    story.poll("a", 100, {"r": 50}, next_in=10)
    story.poll("b", 100, {"s": 5})
    assert [n.answering for n in story.see(102.1).nodes] == [True, False]
