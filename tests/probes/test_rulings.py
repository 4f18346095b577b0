"""What an operator says of a relocation, and that it sticks."""

from __future__ import annotations

import pytest

from probes.model import Cause, Observation, Place, Room, Status
from probes.watching.rulings import Ruling, Verdict
from tests.probes.test_succession import ANA, BEN, CAT, A, B, launch, lost, room
from tests.probes.watching import Story, only


def rule(story: Story, at: float, verdict: Verdict, relocation: str = "", **more: Place) -> str:
    ruling = Ruling(verdict=verdict, by="op", relocation=relocation, **more)  # type: ignore[arg-type]
    return story.watch.rule(ruling, at)


def net(seen: Observation) -> int:
    return sum(seen.relocations_total.values()) - seen.retractions_total


def succeeded(name: str = "r") -> tuple[Story, float]:
    """A launch that ended, and a room of the same host and title with 50 people."""
    story = Story(A, every=5)
    big = room(name, 10_000, "Product launch", [ANA, BEN])
    for at in range(0, 60, 5):
        story.poll(A, at, [big])
    for at in (60, 65):
        story.poll(A, at, [])
    story.poll(A, 70, [room("s", 50, "Product launch", [ANA])])
    assert only(story, 70).cause is Cause.SUCCEEDED
    return story, 70.0


@pytest.mark.parametrize("name", ["r", "r" * 200, "two  spaces"], ids=["plain", "long", "unclean"])
def test_a_rejected_successor_is_not_held_again_whatever_the_lost_room_is_called(name: str) -> None:
    story, at = succeeded(name)
    assert rule(story, at, Verdict.REJECT, only(story, at).id) == ""
    for _ in range(3):
        at += 5
        story.poll(A, at, [room("s", 50, "Product launch", [ANA])])
    assert (only(story, at).cause, only(story, at).to) == (Cause.ENDED, None)


def test_after_a_confirmed_successor_is_rejected_all_the_same_another_is_looked_for() -> None:
    story, at = succeeded()
    name = only(story, at).id
    rule(story, at, Verdict.CONFIRM, name)
    rule(story, at, Verdict.REJECT, name)
    assert only(story, at).cause is Cause.ENDED
    for people in (0, 2000, 4000, 6000):
        at += 5
        story.poll(
            A, at, [room("s", 50, "Product launch", [ANA]), room("t", people, "Product launch", [ANA])]
        )
    relocation = only(story, at)
    assert (relocation.id, relocation.to and relocation.to.room) == (name, "t")
    assert net(story.see(at)) == 1


def test_a_room_that_is_rejected_as_a_successor_is_of_no_lineage() -> None:
    story, at = succeeded()
    story.poll(A, at + 5, [room("s", 50, "Product launch", [ANA]), launch()])
    story.poll(A, at + 10, [room("s", 50, "Product launch", [ANA]), launch()])
    seen = story.see(at + 10)
    assert seen.relocations[0].status is Status.REJECTED, "the first room came back"
    assert [shown.lineage for shown in seen.rooms] == [None, None]


def elsewhere(of: Room) -> Room:
    return Room(id=of.id, node=B, participants=of.participants, title=of.title, hosts=of.hosts)


def ended_on_a() -> tuple[Story, str]:
    story = Story(A, B, every=5)
    for at in range(0, 70, 5):
        story.poll(A, at, [launch()] if at < 60 else [])
        story.poll(B, at, [elsewhere(room("s", 50, "Late night", [CAT]))])
    return story, only(story, 65).id


def test_a_named_successor_stays_when_the_id_of_the_lost_room_turns_up_elsewhere() -> None:
    story, name = ended_on_a()
    rule(story, 65, Verdict.NAME, name, to=Place(room="s", node=B))
    story.poll(A, 70, [])
    story.poll(B, 70, [elsewhere(room("s", 50, "Late night", [CAT])), elsewhere(launch())])
    relocation = only(story, 70)
    assert (relocation.status, relocation.judged_by) == (Status.CONFIRMED, "op")
    assert relocation.to == Place(room="s", node=B, title="Late night")
    assert net(story.see(70)) == 1


def test_an_end_that_was_rejected_and_then_is_a_move_is_counted_as_one() -> None:
    story, name = ended_on_a()
    rule(story, 65, Verdict.REJECT, name)
    assert net(story.see(65)) == 0
    story.poll(A, 70, [])
    story.poll(B, 70, [elsewhere(launch())])
    assert only(story, 70).cause is Cause.MOVED
    assert net(story.see(70)) == 1


def test_a_successor_named_long_after_leaves_the_time_of_the_end_as_it_was() -> None:
    story = Story(A, every=60)
    for at in range(0, 3000, 60):
        story.poll(A, at, [launch() if at < 600 else room("s", 50, "Late night", [CAT])])
    ended = only(story, 2950)
    rule(story, 2950, Verdict.NAME, ended.id, to=Place(room="s", node=""))
    named = only(story, 2950)
    assert (named.cause, named.at, named.dark_seconds) == (Cause.SUCCEEDED, ended.at, None)


def test_a_successor_is_not_held_to_have_opened_in_the_future() -> None:
    story = Story(A, every=5)
    at = lost(story, room("s", 50, "Late night", [CAT], started_at=365.0))
    rule(story, at, Verdict.NAME, only(story, at).id, to=Place(room="s", node=A))
    assert only(story, at).at <= at


def fallen() -> tuple[Story, float]:
    """A launch that goes on with less than half, and a room of its host that takes them in."""
    story = Story(A, every=5)
    for at in range(0, 60, 5):
        story.poll(A, at, [launch()])
    for at in (60, 65, 70):
        story.poll(A, at, [launch(3_000), room("s", 100 * (at - 55), "Product launch 2", [ANA])])
    assert only(story, 70).cause is Cause.SUCCEEDED
    return story, 70.0


@pytest.mark.parametrize("verdict", [Verdict.CONFIRM, Verdict.REJECT])
def test_a_word_on_a_room_that_fell_and_goes_on_sticks(verdict: Verdict) -> None:
    story, at = fallen()
    rule(story, at, verdict, only(story, at).id)
    for _ in range(5):
        at += 5
        story.poll(A, at, [launch(3_000), room("s", 6_000, "Product launch 2", [ANA])])
    assert only(story, at).judged_by == "op"


def test_a_successor_named_by_the_room_that_fell_takes_the_place_of_the_one_held() -> None:
    story, at = fallen()
    name = only(story, at).id
    story.poll(A, at + 5, [launch(3_000), room("s", 6_000, "Product launch 2", [ANA]), room("t", 5)])
    rule(story, at + 5, Verdict.NAME, room=Place(room="r", node=A), to=Place(room="t", node=A))
    named = only(story, at + 5)
    assert (named.id, named.to and named.to.room) == (name, "t")


def test_a_rejected_relocation_that_is_confirmed_after_all_is_followed_again() -> None:
    story, at = fallen()
    name = only(story, at).id
    rule(story, at, Verdict.REJECT, name)
    rule(story, at, Verdict.CONFIRM, name)
    assert (only(story, at).status, only(story, at).settled) == (Status.CONFIRMED, False)
    assert net(story.see(at)) == 1


def test_a_word_on_what_is_not_known_says_so() -> None:
    story, at = succeeded()
    assert rule(story, at, Verdict.CONFIRM, "nosuch").startswith("no relocation has the id")
    assert "is open" in rule(story, at, Verdict.NAME, only(story, at).id, to=Place(room="gone", node=A))
    assert rule(Story(A), 1, Verdict.CONFIRM, "x").startswith("nothing is known of this service yet")


@pytest.mark.parametrize("node", [A, ""], ids=["with its node", "without"])
def test_a_room_is_named_by_its_id_as_it_is_shown(node: str) -> None:
    story, at = succeeded()
    long = "t" * 200
    story.poll(A, at + 5, [room("s", 50, "Product launch", [ANA]), room(long, 70, "Product launch", [ANA])])
    told = next(each.id for each in story.see(at + 5).rooms if each.id != "s")
    assert told != long
    relocation = only(story, at + 5).id
    assert rule(story, at + 5, Verdict.NAME, relocation, to=Place(room=told, node=node)) == ""
    named = only(story, at + 5)
    assert (named.status, named.to and named.to.room) == (Status.CONFIRMED, told)
