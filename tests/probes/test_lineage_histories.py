"""Relocations in random histories with known truth; `python -m tests.bench lineage` reads more of them."""

from __future__ import annotations

import random

import msgspec
import pytest

from probes.config.objectives import Objectives
from probes.model import Cause
from probes.watch import Watch
from tests.bench.histories import LENGTH, history
from tests.bench.lineage import Score, observe, score_of, settings

NUMBERS = range(5_000, 5_100)


@pytest.fixture(scope="module")
def total() -> Score:
    total = Score()
    for number in NUMBERS:
        total.add(score_of(number))
    return total


@pytest.mark.parametrize(
    ("cause", "least"), [(Cause.MOVED, 0.99), (Cause.SUCCEEDED, 0.95), (Cause.OVERFLOWED, 0.95)]
)
def test_relocations_are_found_and_none_is_made_up(total: Score, cause: Cause, least: float) -> None:
    right = total.right[cause]
    assert right > 10, "too few to judge by"
    assert right / (right + total.wrong[cause]) >= least, total.examples
    assert right / (right + total.missed[cause]) >= least, total.examples


def test_failed_and_partial_polls_invent_nothing(total: Score) -> None:
    assert total.invented == 0, total.examples


@pytest.mark.parametrize("number", range(8))
def test_the_same_history_gives_the_same_relocations_in_whatever_order_rooms_are_told(number: int) -> None:
    told = history(number)
    first = observe(told)
    chance = random.Random(number)
    watch = Watch(settings(told), Objectives())
    for result in told.results:
        if result.part is not None:
            rooms = list(result.part.rooms)
            chance.shuffle(rooms)
            result = msgspec.structs.replace(result, part=msgspec.structs.replace(result.part, rooms=rooms))
        watch.observe(result)
    assert watch.observation(LENGTH) == first


@pytest.mark.parametrize("number", range(40, 44))
def test_nothing_is_told_of_the_future(number: int) -> None:
    """No relocation is later than the answers so far, and what is told then does not hang on what comes."""
    told = history(number)
    watch = Watch(settings(told), Objectives())
    for result in told.results:
        watch.observe(result)
        for relocation in watch.observation(result.at).relocations:
            assert relocation.at <= result.at
            assert all(revision.at <= result.at for revision in relocation.revisions)
