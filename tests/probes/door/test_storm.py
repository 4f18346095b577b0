"""A retry storm is named when tries rise and admissions do not, and only then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from probes.door.storm import TRIES_EACH
from probes.model import Outcome
from tests.probes.door.crowds import crowd
from tests.probes.watching import Story

JOINED, TIMEOUT = Outcome.JOINED, Outcome.TIMEOUT


def storms(
    comes: Callable[[int], float], gets_in: Callable[[int], float], seconds: int = 600
) -> list[tuple[int, bool]]:
    """When a storm was named and when it was over."""
    story = Story("a")
    changes, before = [], False
    for second in crowd(comes, gets_in, retry=lambda dice: dice.uniform(5, 15), seconds=seconds):
        story.poll("a", second.at, joins=second.counts)
        seen = story.see(second.at + 0.5)
        assert seen.door is not None
        assert seen.door.storm == any(reason.startswith("Retry storm: ") for reason in seen.reasons)
        if seen.door.storm != before:
            before = seen.door.storm
            changes.append((int(second.at), before))
    return changes


def test_a_service_that_lets_in_fewer_while_all_come_back_is_a_storm_until_they_are_in() -> None:
    changes = storms(lambda s: 40, lambda s: 1.0 if s < 120 or s >= 300 else 0.15)
    assert [on for _, on in changes] == [True, False]
    (began, _), (ended, _) = changes
    assert 140 < began < 200
    assert 310 < ended < 390


@pytest.mark.parametrize(
    ("comes", "gets_in"),
    [
        (lambda s: 10 if s < 120 else 100, lambda s: 1.0),
        (lambda s: 10 if s < 120 else 60, lambda s: 0.5),
        (lambda s: 40, lambda s: 0.3),
        (lambda s: 40, lambda s: 0.9 if s < 120 else 0.6),
        (lambda s: 0.05, lambda s: 1.0 if s < 120 else 0.0),
    ],
    ids=[
        "a crowd that gets in",
        "a crowd that half gets in",
        "a door that is always bad",
        "some fail",
        "few",
    ],
)
def test_what_is_no_storm(comes: Callable[[int], float], gets_in: Callable[[int], float]) -> None:
    assert storms(comes, gets_in) == []


def test_a_storm_is_named_once_all_that_makes_it_has_lasted() -> None:
    story = Story("a")
    many = named = None
    for second in crowd(lambda s: 40, lambda s: 1.0 if s < 120 else 0.1, retry=lambda dice: 10.0):
        story.poll("a", second.at, joins=second.counts)
        door = story.see(second.at).door
        assert door is not None
        if many is None and (door.tries_per_person or 0) >= TRIES_EACH:
            many = second.at
        if named is None and door.storm:
            named = second.at
    assert many is not None
    assert named is not None
    assert 10 <= named - many < 40


def test_a_storm_says_how_many_tries_and_that_no_more_get_in() -> None:
    story = Story("a")
    for second in crowd(
        lambda s: 40, lambda s: 1.0 if s < 120 else 0.1, retry=lambda dice: 10.0, seconds=240
    ):
        story.poll("a", second.at, joins=second.counts)
        story.see(second.at)
    reason = next(reason for reason in story.see(240).reasons if reason.startswith("Retry storm"))
    assert "tries a second" in reason
    assert reason.endswith("and no more people get in than before")


def test_a_storm_of_a_service_that_no_longer_tells_is_not_known() -> None:
    story = Story("a")
    for second in crowd(
        lambda s: 40, lambda s: 1.0 if s < 120 else 0.1, retry=lambda dice: 10.0, seconds=240
    ):
        story.poll("a", second.at, joins=second.counts)
        story.see(second.at)
    door = story.see(300).door
    assert door is not None
    assert (door.storm, door.waiting, door.tries_per_person) == (False, None, None)
