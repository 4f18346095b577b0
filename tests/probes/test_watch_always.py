"""What holds of every observation, whatever the probes found."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from probes.config.objectives import Objectives
from probes.model import (
    Observation,
    Outcome,
    ProbeResult,
    Room,
    RoomState,
    SnapshotPart,
)
from probes.watch import Watch
from tests.probes.shelved import Shelves
from tests.probes.watching import JOIN, settings

A, B = "a", "b"

ROOMS = st.lists(
    st.builds(
        Room,
        id=st.sampled_from(["r", "s", "t", "u"]),
        node=st.sampled_from(["a", "b", "n1"]),
        participants=st.one_of(st.none(), st.integers(min_value=0, max_value=1000)),
        state=st.sampled_from(RoomState),
        title=st.sampled_from(["", "x", "y"]),
        capacity=st.one_of(st.none(), st.integers(min_value=1, max_value=1000)),
    ),
    max_size=8,
)
JOINS = st.dictionaries(
    st.sampled_from([Outcome.JOINED, Outcome.TIMEOUT]), st.integers(min_value=0, max_value=500)
)
PARTS = st.builds(
    SnapshotPart,
    rooms=ROOMS,
    complete=st.booleans(),
    service_time=st.one_of(st.none(), st.floats(min_value=0, max_value=5000)),
    joins=JOINS,
)


@st.composite
def histories(draw: st.DrawFn) -> list[ProbeResult]:
    at = 0.0
    results = []
    for _ in range(draw(st.integers(min_value=1, max_value=15))):
        at += draw(st.sampled_from([0.3, 1.0, 1.7, 40.0]))
        part = draw(st.one_of(st.none(), PARTS))
        probe = draw(st.sampled_from(["rooms", "rooms", "rooms", "join"]))
        outcome = Outcome.OK if part else draw(st.sampled_from([Outcome.TIMEOUT, Outcome.REFUSED]))
        results.append(
            ProbeResult(
                service="spaces",
                node=draw(st.sampled_from([A, B])),
                probe=probe,
                outcome=outcome if probe == "rooms" else Outcome.JOINED,
                at=at,
                seconds=0.1,
                part=part if probe == "rooms" else None,
            )
        )
    return results


def told(results: Sequence[ProbeResult]) -> list[Observation]:
    """What is seen half a second after each result."""
    watch = Watch(settings(A, B, join=JOIN), Objectives())
    seen = []
    for result in results:
        watch.observe(result)
        seen.append(watch.observation(result.at + 0.5))
    return seen


@given(histories())
def test_the_same_results_give_the_same_observations(results: list[ProbeResult]) -> None:
    assert msgspec.json.encode(told(results)) == msgspec.json.encode(told(results))


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_rooms_in_an_answer_does_not_matter(results: list[ProbeResult], chance: object) -> None:
    def shuffled(result: ProbeResult) -> ProbeResult:
        if result.part is None:
            return result
        rooms = list(result.part.rooms)
        chance.shuffle(rooms)  # type: ignore[attr-defined]
        part = msgspec.structs.replace(result.part, rooms=rooms)
        return msgspec.structs.replace(result, part=part)

    assert told(results) == told([shuffled(result) for result in results])


@given(histories())
def test_answers_on_the_cards_of_those_before_are_no_others(results: list[ProbeResult]) -> None:
    shelves = Shelves()

    def shelved(result: ProbeResult) -> ProbeResult:
        if result.part is None:
            return result
        part = msgspec.structs.replace(result.part, rooms=shelves.rooms(result.node, result.part.rooms))
        return msgspec.structs.replace(result, part=part)

    assert told(results) == told([shelved(result) for result in results])


@given(histories())
def test_looking_twice_at_one_time_shows_the_same_and_changes_nothing(results: list[ProbeResult]) -> None:
    watch = Watch(settings(A, B, join=JOIN), Objectives())
    for result, expected in zip(results, told(results), strict=True):
        watch.observe(result)
        for _ in range(3):
            assert watch.observation(result.at + 0.5) == expected


@given(histories(), st.integers(min_value=1, max_value=20))
def test_failed_polls_end_no_room_and_invent_no_relocation(results: list[ProbeResult], failures: int) -> None:
    watch = Watch(settings(A, B, join=JOIN), Objectives())
    for result in results:
        watch.observe(result)
    before = watch.observation(results[-1].at)
    at = results[-1].at
    for _ in range(failures):
        at += 1.0
        for node in (A, B):
            watch.observe(
                ProbeResult(
                    service="spaces", node=node, probe="rooms", outcome=Outcome.TIMEOUT, at=at, seconds=1
                )
            )
    after = watch.observation(results[-1].at)
    assert (after.rooms, after.participants, after.relocations) == (
        before.rooms,
        before.participants,
        before.relocations,
    )
    assert watch.observation(at + 10).relocations_total == before.relocations_total


@given(histories())
def test_what_is_shown_agrees_with_itself(results: list[ProbeResult]) -> None:
    newest = 0.0
    for seen in told(results):
        newest = max(newest, seen.service_time or 0.0)
        sums_agree_with_what_is_shown(seen)
        nothing_is_seen_that_has_not_been(seen, newest)
        shares_of_the_door_add_up_to_one(seen)


def sums_agree_with_what_is_shown(seen: Observation) -> None:
    if seen.participants is None:
        return
    in_rooms = sum(room.participants or 0 for room in seen.rooms)
    assert in_rooms + seen.other.participants == seen.participants
    assert sum(node.participants or 0 for node in seen.nodes) == seen.participants
    assert seen.rooms_open is not None
    if seen.complete:
        assert len(seen.rooms) + seen.other.rooms == seen.rooms_open


def nothing_is_seen_that_has_not_been(seen: Observation, newest: float) -> None:
    """No relocation lies in the future of the service's time, and each has one id."""
    ids = [relocation.id for relocation in seen.relocations]
    assert len(ids) == len(set(ids))
    assert all(relocation.at <= newest for relocation in seen.relocations)
    assert seen.retractions_total <= sum(seen.relocations_total.values())


def shares_of_the_door_add_up_to_one(seen: Observation) -> None:
    if seen.door is not None and seen.door.success_ratio is not None:
        assert abs(seen.door.success_ratio + sum(seen.door.errors.values()) - 1) < 1e-9
