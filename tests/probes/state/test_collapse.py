"""Half of all people gone at once: said only where a second source says so, and none speaks against it."""

from __future__ import annotations

import pytest

from probes.model import NodeReport, Outcome
from probes.state.collapse import LASTS
from tests.probes.watching import JOIN, Story

FALL = 100
WERE, ARE = 600, 200


def report(people: int) -> list[NodeReport]:
    return [NodeReport(id="a", participants=people)]


def collapsed(story: Story, at: float) -> bool:
    return story.see(at + 0.5).collapsed


def fall(story: Story, *, told: bool = False, until: int = FALL + 30) -> list[int]:
    """Polls a second apart in which people are gone from `FALL` on; the seconds at which it is a collapse.

    `told`: the node's own total falls with them.
    """
    named = []
    for at in range(until):
        people = WERE if at < FALL else ARE
        story.poll("a", at, {"r": people}, nodes=report(people) if told else ())
        if collapsed(story, at):
            named.append(at)
    return named


def test_a_fall_that_the_nodes_totals_show_as_well_is_a_collapse_at_once() -> None:
    assert fall(Story("a"), told=True) == list(range(FALL, FALL + 30))


def test_one_source_alone_is_none() -> None:
    assert fall(Story("a")) == []


def test_a_total_that_did_not_fall_speaks_against_it_even_where_our_joins_fail() -> None:
    story = Story("a", join=JOIN)
    for at in range(FALL + 60):
        story.poll("a", at, {"r": WERE if at < FALL else ARE}, nodes=report(WERE))
        story.join("a", at + 0.1, Outcome.JOINED if at < FALL else Outcome.TIMEOUT)
        assert not collapsed(story, at)


def test_our_own_joins_that_fail_confirm_it() -> None:
    story = Story("a", join=JOIN)
    named = []
    for at in range(FALL + 40):
        story.poll("a", at, {"r": WERE if at < FALL else ARE})
        if at % 5 == 0:
            story.join("a", at + 0.1, Outcome.JOINED if at < FALL - 20 else Outcome.TIMEOUT)
        if collapsed(story, at):
            named.append(at)
    assert named[0] in range(FALL, FALL + 20)
    assert named == list(range(named[0], FALL + 40))


def test_joins_that_the_service_counts_as_failed_confirm_it() -> None:
    story = Story("a")
    joined = timeout = 0
    named = []
    for at in range(FALL + 30):
        joined, timeout = joined + (10 if at < FALL else 2), timeout + (0 if at < FALL else 30)
        counts = {Outcome.JOINED: joined, Outcome.TIMEOUT: timeout}
        story.poll("a", at, {"r": WERE if at < FALL else ARE}, joins=counts)
        if collapsed(story, at):
            named.append(at)
    assert named
    assert named[0] - FALL <= 5


def test_an_end_with_an_audience_confirms_it_and_people_who_are_back_end_it() -> None:
    story = Story("a")
    for at in range(FALL):
        story.poll("a", at, {"r": WERE, "s": 50})
        assert not collapsed(story, at)
    for at in range(FALL, FALL + 10):
        story.poll("a", at, {"s": 50})
        last = collapsed(story, at)
    assert last
    for at, people in enumerate([100, 300, 389, 391], FALL + 10):
        story.poll("a", at, {"s": people})
        assert collapsed(story, at) == (people < 0.6 * (WERE + 50))


def test_after_a_while_so_it_is() -> None:
    story = Story("a")
    fall(story, told=True)
    end = int(FALL + LASTS)
    for at in range(FALL + 30, end + 10, 5):
        story.poll("a", at, {"r": ARE}, nodes=report(ARE))
        assert collapsed(story, at) == (at < end)


def test_a_node_that_falls_silent_is_none() -> None:
    """Who is on it is unknown, and not gone."""
    story = Story("a", "b")
    for at in range(FALL + 30):
        story.poll("a", at, {"r": 100}, nodes=report(100))
        if at < FALL:
            story.poll("b", at + 0.1, {"s": 500}, nodes=[NodeReport(id="b", participants=500)])
        else:
            story.fail("b", at + 0.1)
        assert not collapsed(story, at)


@pytest.mark.parametrize(("were", "a_second"), [(600, 2), (18, 18)], ids=["slowly", "few"])
def test_people_who_leave_slowly_and_a_handful_are_none(were: int, a_second: int) -> None:
    story = Story("a")
    people = were
    for at in range(400):
        people = people if at < FALL else max(0, people - a_second)
        story.poll("a", at, {"r": people}, nodes=report(people))
        assert at > FALL + 200 or not collapsed(story, at)
