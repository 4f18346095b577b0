"""How many wait and how often each tries, against simulated crowds whose truth is known."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from probes.config.door import DoorSettings
from probes.door import Counters, door_by_service
from probes.door.crowd import MOST_TRIES, tries_per_person
from probes.model import Door, Outcome
from tests.probes.door.crowds import Second, crowd

TEN = DoorSettings()
EVERY_TEN: Callable[[random.Random], float] = lambda dice: 10.0  # noqa: E731
ABOUT_TEN: Callable[[random.Random], float] = lambda dice: dice.uniform(5, 15)  # noqa: E731


def watched(seconds: list[Second], settings: DoorSettings = TEN) -> Door:
    counters = Counters()
    for second in seconds:
        counters.take(second.counts, second.at)
    return door_by_service([counters], [], settings)[0]


@pytest.mark.parametrize("retry", [EVERY_TEN, ABOUT_TEN], ids=["all alike", "each as it likes"])
@pytest.mark.parametrize("gets_in", [0.2, 0.5, 0.9])
def test_those_who_wait_are_estimated_within_a_tenth(
    gets_in: float, retry: Callable[[random.Random], float]
) -> None:
    seconds = list(crowd(lambda s: 200, lambda s: gets_in, retry=retry))
    assert watched(seconds).waiting == pytest.approx(seconds[-1].waiting, rel=0.1)


def test_a_crowd_that_swells_and_one_that_is_let_in_at_once_are_followed_within_seconds() -> None:
    seconds = list(crowd(lambda s: 100, lambda s: 0.05 if s < 200 else 1.0, retry=EVERY_TEN, seconds=260))
    assert watched(seconds[:199]).waiting == pytest.approx(seconds[198].waiting, rel=0.1)
    assert seconds[215].waiting == 0
    assert watched(seconds[:216]).waiting == pytest.approx(0, abs=10)


def test_those_who_give_up_do_not_wait() -> None:
    door = DoorSettings(retry_every="10s", give_up=0.3)
    seconds = list(crowd(lambda s: 200, lambda s: 0.4, retry=EVERY_TEN, give_up=0.3))
    seen = watched(seconds, door)
    assert seen.waiting == pytest.approx(seconds[-1].waiting, rel=0.1)
    assert seen.tries_per_person == pytest.approx(1 / (0.4 + 0.6 * 0.3), rel=0.05)


@pytest.mark.parametrize("gets_in", [0.25, 0.5, 1.0])
def test_in_a_steady_crowd_each_tries_as_often_as_it_takes(gets_in: float) -> None:
    seconds = list(crowd(lambda s: 300, lambda s: gets_in, retry=EVERY_TEN))
    assert watched(seconds).tries_per_person == pytest.approx(1 / gets_in, rel=0.05)


def test_the_tries_of_a_crowd_that_only_comes_back_are_many_each() -> None:
    seconds = list(crowd(lambda s: 500 if s < 60 else 0, lambda s: 0.0, retry=EVERY_TEN))
    assert watched(seconds).tries_per_person == MOST_TRIES


def test_a_crowd_that_thins_out_does_not_try_more_often() -> None:
    """Of 1,000 tries 50 get in all the time; then fewer people try."""
    counts, seconds = {Outcome.JOINED: 0, Outcome.TIMEOUT: 0}, []
    for at in range(200):
        share = 1.0 if at < 150 else 0.7
        counts = {
            Outcome.JOINED: counts[Outcome.JOINED] + round(50 * share),
            Outcome.TIMEOUT: counts[Outcome.TIMEOUT] + round(950 * share),
        }
        seconds.append(Second(float(at), counts, 0))
        if at >= 100:
            assert watched(seconds).tries_per_person == pytest.approx(20, rel=0.05)


def test_what_is_assumed_stands_beside_the_number() -> None:
    seconds = [Second(float(s), {Outcome.JOINED: 0, Outcome.TIMEOUT: 700 * s}, 0) for s in range(60)]
    assert watched(seconds).waiting == 7000
    assert watched(seconds).waiting_basis == (
        "7,000 tries failed in 10 s; each person is taken to try again every 10 s, and nobody to give up"
    )
    some = watched(seconds, DoorSettings(retry_every="30s", give_up=0.1))
    assert some.waiting == 18_900
    assert "every 30 s, and 10% to give up" in some.waiting_basis


def test_one_answer_alone_tells_of_nobody_who_waits() -> None:
    door = watched([Second(0.0, {Outcome.TIMEOUT: 5000}, 0)])
    assert (door.waiting, door.tries_per_person) == (None, None)
    assert door.waiting_basis.startswith("Not known: the service has not told its counts of joins twice")


def test_the_first_seconds_are_taken_for_the_whole_interval() -> None:
    seconds = [Second(float(s), {Outcome.JOINED: 0, Outcome.TIMEOUT: 30 * s}, 0) for s in range(3)]
    assert watched(seconds).waiting == 300


def test_a_few_tries_tell_nothing_of_a_person() -> None:
    counters = Counters()
    for second in range(100):
        counters.take({Outcome.TIMEOUT: second // 20}, float(second))
    assert tries_per_person([counters], TEN) is None
    assert tries_per_person([], TEN) is None
