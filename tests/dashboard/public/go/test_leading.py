"""Where a link leads: along the ways that stand, never by doubt, noise or a missing answer."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import pairwise

import msgspec
import pytest

from dashboard.public.facts import EventState
from dashboard.public.go.leading import EARLY, FOR, GONE, TRUSTED, lead
from probes.model import Cause, Place, Relocation, Status
from tests.dashboard.public.go.scenes import Story, an_event, room, seats, way, where
from tests.probes.seen import AT, node

STANDS = (Status.STANDING, Status.CONFIRMED)


def test_it_leads_to_the_largest_room_that_the_event_means() -> None:
    found = Story().tell(room("launch-1", 50), room("launch-2", 70), room("other", 900))
    assert where(found) == "launch-2"
    assert found.state is EventState.OPEN


def test_in_a_pattern_only_a_star_is_special() -> None:
    story = Story(an_event("[ab]*", "c?d"))
    assert where(story.tell(room("a1"), room("cxd"))) is None
    assert where(story.tell(room("[ab]1"))) == "[ab]1"
    assert where(story.tell(room("[ab]1", 1), room("c?d", 900), seconds=1)) == "[ab]1"


@pytest.mark.parametrize("status", STANDS)
@pytest.mark.parametrize("cause", [Cause.MOVED, Cause.SUCCEEDED, Cause.REPORTED])
def test_it_follows_at_once_to_a_room_that_succeeded_though_no_pattern_means_it(
    status: Status, cause: Cause
) -> None:
    story = Story()
    story.tell(room("launch-1", 668_000))
    found = story.tell(room("x9z", 40), ways=(way("launch-1", "x9z", status=status, cause=cause),))
    assert where(found) == "x9z"
    assert found.state is EventState.MOVED
    assert found.came and found.came.from_.title == "Title of launch-1"


@pytest.mark.parametrize("status", [Status.PROPOSED, Status.REJECTED])
def test_what_is_proposed_or_rejected_leads_nowhere(status: Status) -> None:
    story = Story()
    story.tell(room("launch-1", 668_000))
    found = story.tell(room("x9z", 40_000), ways=(way("launch-1", "x9z", status=status),))
    assert where(found) is None
    assert found.state is EventState.ENDED


def test_a_confirmed_successor_wins_over_one_that_stands() -> None:
    ways = (
        way("launch-1", "x-standing", at=AT + 90),
        way("launch-1", "x-confirmed", at=AT + 60, status=Status.CONFIRMED),
    )
    rooms = (room("x-standing", 90_000), room("x-confirmed", 10))
    story = Story()
    story.tell(room("launch-1", 668_000))
    assert where(story.tell(*rooms, ways=ways)) == "x-confirmed"


def test_an_operators_word_moves_it_from_a_room_that_is_open_still() -> None:
    story = Story()
    story.tell(room("launch-1", 668_000))
    standing = way("launch-1", "wrong")
    rooms = (room("wrong", 5_000), room("right", 20))
    assert where(story.tell(*rooms, ways=(standing,))) == "wrong"
    named = way("launch-1", "right", status=Status.CONFIRMED, id=standing.id, judged_by="ops")
    assert where(story.tell(*rooms, ways=(named,))) == "right"


def test_an_operators_word_counts_though_the_wrong_room_is_called_as_the_event() -> None:
    story = Story()
    story.tell(room("launch-1", 668_000))
    rooms = (room("launch-wrong", 5_000), room("right", 20))
    story.tell(*rooms, ways=(way("launch-1", "launch-wrong"),))
    standing = way("launch-1", "right")
    assert where(story.tell(*rooms, ways=(standing,))) == "launch-wrong", "for doubt alone it stays"
    confirmed = way("launch-1", "right", status=Status.CONFIRMED)
    assert where(story.tell(*rooms, ways=(confirmed,))) == "right"


def test_when_the_last_room_ends_it_goes_where_the_one_before_went() -> None:
    story = Story()
    spare = room("x9", 3)
    story.tell(room("launch-1", 668_000), spare)
    story.tell(spare, seconds=GONE + 1)
    assert where(story.tell(spare, room("launch-2", 100))) == "launch-2"
    assert where(story.tell(spare, ways=(way("launch-1", "x9"),))) == "x9"


def test_a_rejection_takes_it_back_from_the_room_it_was_led_to() -> None:
    story = Story()
    story.tell(room("launch-1", 668_000))
    wrong = way("launch-1", "launch-wrong")
    assert where(story.tell(room("launch-wrong", 900), ways=(wrong,))) == "launch-wrong"
    rejected = (
        way("launch-1", "launch-wrong", status=Status.REJECTED),
        way("launch-1", None, ruled_out=(Place("launch-wrong", "n1"),)),
    )
    for ways in (rejected[:1], rejected[1:], rejected):
        found = story.tell(room("launch-wrong", 900_000), ways=ways, seconds=20)
        assert (where(found), found.state) == (None, EventState.ENDED)


def test_a_first_room_stays_though_it_was_ruled_out_as_successor_of_another() -> None:
    story = Story()
    story.tell(room("launch-1", 668_000))
    assert (
        where(story.tell(room("launch-1"), ways=(way("y", "launch-1", status=Status.REJECTED),)))
        == "launch-1"
    )


def test_a_way_that_falls_back_to_a_proposal_does_not_take_it_back() -> None:
    story = Story()
    story.tell(room("launch-1", 668_000))
    story.tell(room("x9z", 40_000), ways=(way("launch-1", "x9z"),))
    doubted = way("launch-1", "x9z", status=Status.PROPOSED)
    assert where(story.tell(room("x9z", 40_000), ways=(doubted,))) == "x9z"
    story.forget()
    assert where(story.tell(room("x9z", 40_000), ways=(doubted,))) is None


def test_a_way_that_is_not_told_any_more_does_not_take_it_back_and_another_one_does() -> None:
    story = Story()
    story.tell(room("launch-1", 668_000))
    rooms = (room("x9z", 40_000), room("y1", 10))
    assert where(story.tell(*rooms, ways=(way("launch-1", "x9z"),))) == "x9z"
    assert where(story.tell(*rooms)) == "x9z"
    assert where(story.tell(*rooms, ways=(way("launch-1", "y1"),))) == "y1"


def test_it_goes_to_the_end_of_a_chain_and_back_to_the_last_that_is_open() -> None:
    chain = (way("launch-1", "b", at=AT), way("b", "c", at=AT + 60), way("c", "d", at=AT + 120))
    story = Story()
    story.tell(room("launch-1"))
    assert where(story.tell(room("d", 3), ways=chain)) == "d"
    assert where(story.tell(room("d", 3), room("b", 900), ways=chain)) == "d"
    assert where(story.tell(room("e", 3), ways=(*chain, way("d", "e", at=AT + 180)))) == "e"


def test_a_room_that_moved_there_and_back_is_where_it_came_back_to() -> None:
    story = Story()
    there = way("launch-1", "launch-1@n2", cause=Cause.MOVED)
    back = way("launch-1@n2", "launch-1", at=AT + 60, cause=Cause.MOVED)
    story.tell(room("launch-1"))
    found = story.tell(room("launch-1", node="n2"), ways=(there,))
    assert found.main and found.main.node == "n2"
    for rooms in ((room("launch-1"),), (room("launch-1"), room("launch-1", 9, node="n2"))):
        found = story.tell(*rooms, ways=(there, back))
        assert found.main and found.main.node == "n1"


def test_ways_in_a_ring_end_the_search() -> None:
    ring = (way("launch-1", "b"), way("b", "c"), way("c", "launch-1"), way("b", "b"))
    story = Story()
    for name in ("launch-1", "b", "c"):
        assert where(story.tell(room(name), ways=ring, seconds=20)) == name


def chains(dice: random.Random) -> tuple[tuple[str, ...], list[Relocation]]:
    length = dice.randint(1, 12)
    names = ("launch-0", *(f"r{dice.randrange(10**9)}" for _ in range(length)))
    return names, [
        way(a, b, at=AT + 10 * n, status=dice.choice(STANDS)) for n, (a, b) in enumerate(pairwise(names))
    ]


@pytest.mark.parametrize("number", range(200))
def test_whatever_else_is_open_a_chain_of_any_length_leads_to_its_end(number: int) -> None:
    dice = random.Random(number)
    names, ways = chains(dice)
    strangers = [room(f"s{n}", dice.randrange(10**6)) for n in range(dice.randrange(5))]
    noise = [
        way(dice.choice(names), f"s{n}", at=AT + 500, status=dice.choice([Status.PROPOSED, Status.REJECTED]))
        for n in range(3)
    ]
    told: list[Relocation] = [*ways, *noise]
    dice.shuffle(told)
    story = Story()
    if dice.random() < 0.5:
        story.tell(room(names[0], 5), *strangers)
    found = story.tell(room(names[-1], dice.randrange(100)), *strangers, ways=tuple(told))
    assert where(found) == names[-1]


# --- noise ---


def test_it_stays_while_two_rooms_are_about_as_large() -> None:
    story, dice = Story(), random.Random(7)
    assert where(story.tell(room("launch-1", 1_000), room("launch-2", 900))) == "launch-1"
    for _ in range(200):
        found = story.tell(
            room("launch-1", dice.randint(800, 1200)), room("launch-2", dice.randint(800, 1199))
        )
        assert where(found) == "launch-1"


def test_it_goes_to_a_room_that_is_much_larger_for_some_time_and_not_before() -> None:
    story = Story()
    small, large = room("launch-1", 1_000), room("launch-2", 1_600)
    story.tell(small)
    assert where(story.tell(small, large)) == "launch-1"
    assert where(story.tell(small, large, seconds=FOR - 1)) == "launch-1"
    assert where(story.tell(small, room("launch-2", 1_400), seconds=1)) == "launch-1"
    assert where(story.tell(small, large)) == "launch-1", "the time begins anew"
    assert where(story.tell(small, large, seconds=FOR - 1)) == "launch-1"
    assert where(story.tell(small, large, seconds=1)) == "launch-2"
    assert where(story.tell(small, large, seconds=60)) == "launch-2"


def test_a_count_that_nobody_tells_does_not_move_it() -> None:
    story = Story()
    story.tell(room("launch-1", 1_000))
    for _ in range(5):
        assert where(story.tell(room("launch-1", None), room("launch-2", 9_000), seconds=60)) == "launch-1"


def test_one_answer_without_its_room_moves_it_to_no_other() -> None:
    story = Story()
    story.tell(room("launch-1", 1_000), room("launch-2", 900))
    assert where(story.tell(room("launch-2", 900))) is None
    assert where(story.tell(room("launch-1", 1_000), room("launch-2", 900))) == "launch-1"
    story.tell(room("launch-2", 900), seconds=GONE + 1)
    assert where(story.tell(room("launch-2", 900))) == "launch-2"


def test_time_that_starts_again_begins_a_new_story() -> None:
    story = Story()
    story.tell(room("launch-1", 1_000))
    story.now -= 3_600
    assert where(story.tell(room("launch-2", 3))) == "launch-2"


# --- a room ended, and nobody knows where to ---


def ended(people: int | None = 668_000) -> tuple[Relocation, ...]:
    return (way("launch-1", None, participants_before=people),)


def test_a_small_room_that_was_there_all_along_is_not_where_it_went() -> None:
    story = Story()
    green = room("launch-green-room", 12)
    story.tell(room("launch-1", 668_000), green)
    for _ in range(10):
        found = story.tell(green, ways=ended(), seconds=30)
        assert (where(found), found.state) == (None, EventState.ENDED)
    assert where(story.tell(room("launch-green-room", 40_000), ways=ended())) == "launch-green-room"


def test_a_room_of_its_name_that_opens_after_that_is_the_new_one() -> None:
    story = Story()
    story.tell(room("launch-1", 668_000), room("launch-green-room", 12))
    story.tell(room("launch-green-room", 12), seconds=20)
    assert where(story.tell(room("launch-green-room", 12), room("launch-2", 3))) == "launch-2"


def test_where_any_room_is_meant_the_new_one_must_hold_a_part_of_the_people() -> None:
    story = Story(an_event("*"))
    story.tell(room("a", 668_000))
    story.tell(seconds=20)
    assert where(story.tell(room("b", 30))) is None
    assert where(story.tell(room("b", 34_000))) == "b"


def test_after_a_restart_in_the_dark_it_still_knows_that_the_room_had_ended() -> None:
    story = Story()
    for _ in range(3):
        found = story.tell(room("launch-green-room", 12), ways=ended(), seconds=20)
        assert (where(found), found.state) == (None, EventState.ENDED)
    story = Story()
    settled = way("launch-1", None, participants_before=668_000, settled=True)
    assert where(story.tell(room("launch-2", 12), ways=(settled,))) == "launch-2", "that was another day"


def test_after_a_restart_it_leads_on_to_where_relocations_say() -> None:
    story = Story()
    found = story.tell(room("x9z", 40), ways=(way("launch-1", "x9z"),))
    assert (where(found), found.state) == ("x9z", EventState.MOVED)


# --- before, and out of sight ---


def test_before_the_start_it_waits_and_lets_people_in_shortly_before() -> None:
    event = an_event(starts_at=datetime.fromtimestamp(AT + 3_600, UTC))
    story = Story(event)
    found = story.tell(room("launch-1"), room("launch-rehearsal", 9))
    assert (where(found), found.state) == (None, EventState.BEFORE)
    assert where(story.tell(room("launch-1"), seconds=3_600 - EARLY)) == "launch-1"


def test_an_event_whose_room_was_never_seen_has_not_begun() -> None:
    assert Story().tell().state is EventState.BEFORE


def test_without_any_answer_yet_it_says_that_it_sees_nothing() -> None:
    assert Story().tell(observed_at=None, service_time=None, nodes=()).state is EventState.UNKNOWN


def test_a_room_that_answers_no_more_is_led_to_for_some_minutes() -> None:
    story = Story()
    story.tell(room("launch-1", 668_000))
    heard = {"observed_at": story.now, "nodes": (), "complete": False}
    silent = room("launch-1", None)
    found = story.tell(silent, seconds=TRUSTED, **heard)
    assert (found.state, seats(found), found.heard_at) == (EventState.OPEN, ["launch-1"], AT + 1)
    found = story.tell(silent, seconds=1, **heard)
    assert (found.state, seats(found), where(found)) == (EventState.UNKNOWN, [], "launch-1")
    found = story.tell(room("launch-1", 600_000))
    assert (found.state, seats(found)) == (EventState.OPEN, ["launch-1"])


UNHEARD = {"observed_at": None, "service_time": None, "nodes": ()}
"""What is seen of a service by a prober that has just been started."""


def test_a_prober_that_is_started_again_leads_nobody_away() -> None:
    """Nor while the service answers nobody; in a replay even its clock is unknown then."""
    story = Story()
    before = story.tell(room("launch-1", 668_000))
    for passed in (1.0, TRUSTED - 1.0):
        found = lead(before, story.seen(**UNHEARD), story.event, AT + 1 + passed)
        assert (found.state, seats(found)) == (EventState.OPEN, ["launch-1"])
    found = lead(found, story.seen(**UNHEARD), story.event, AT + 1 + TRUSTED + 1.0)
    assert (found.state, seats(found), where(found)) == (EventState.UNKNOWN, [], "launch-1")
    story.lead = found
    found = story.tell(room("launch-1", 600_000))
    assert (found.state, seats(found)) == (EventState.OPEN, ["launch-1"])


def test_a_room_that_had_ended_has_ended_while_nothing_is_heard() -> None:
    story = Story()
    story.tell(room("launch-1", 668_000))
    assert story.tell(ways=(way("launch-1", None),)).state is EventState.ENDED
    assert story.tell(**UNHEARD).state is EventState.ENDED
    assert story.tell(**UNHEARD, seconds=TRUSTED + 1).state is EventState.UNKNOWN


def test_while_its_node_is_unheard_no_other_room_takes_its_place() -> None:
    story = Story()
    story.tell(room("launch-1", 668_000), room("launch-b", 90_000, node="n2"))
    other = room("launch-b", 90_000, node="n2")
    quiet = msgspec.structs.replace(node("n1"), answering=False, observed_at=None)
    for _ in range(int(3 * GONE)):
        found = story.tell(other, nodes=(quiet, node("n2")), complete=False)
        assert (found.state, seats(found)) == (EventState.OPEN, ["launch-1"])
    told = way("launch-1", "launch-b@n2", at=story.now)
    assert where(story.tell(other, nodes=(quiet, node("n2")), ways=(told,))) == "launch-b"


def test_the_age_that_counts_is_that_of_the_rooms_own_node() -> None:
    story = Story()
    story.tell(room("launch-1", 1_000), room("launch-b", 10, node="n2"))
    quiet = story.seen(room("launch-1", None)).nodes
    found = story.tell(
        room("launch-1", None), room("launch-b", 10, node="n2"), nodes=quiet, seconds=TRUSTED + 1
    )
    assert found.state is EventState.UNKNOWN


def test_since_is_when_the_room_became_the_one() -> None:
    story = Story()
    assert story.tell().since is None
    opened = story.tell(room("launch-1"))
    assert opened.since == story.now
    assert story.tell(room("launch-1"), seconds=60).since == opened.since
    last = story.now
    assert story.tell(seconds=2).since == last
    moved = way("launch-1", "b", at=AT + 100)
    assert story.tell(room("b"), ways=(moved,)).since == AT + 100
