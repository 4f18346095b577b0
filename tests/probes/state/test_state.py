"""The state of a service, and the sentences that say why."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from probes.config.objectives import Objectives
from probes.model import Cause, Door, Headroom, Observer, Outcome, Place, Relocation, Room, State, Status
from probes.state import EndpointStatus, Facts, judge
from tests.probes.watching import Story

WELL = Facts(
    endpoints=(EndpointStatus(id="n1", answering=True, silent_for=0.5, why=None),),
    participants=100,
    door=None,
    tries=0,
    headroom=Headroom(),
    relocations=(),
)


def facts(**changes: object) -> Facts:
    values = {name: getattr(WELL, name) for name in WELL.__slots__}
    return Facts(**(values | changes))


def judged(**changes: object) -> tuple[State, tuple[str, ...]]:
    verdict = judge(facts(**changes), Objectives())
    return verdict.state, verdict.reasons


def door(success: float, **errors: float) -> Door:
    return Door(
        observer=Observer.SERVICE,
        success_ratio=success,
        errors={Outcome(name): share for name, share in errors.items()},
    )


def ended(before: int | None, **changes: object) -> Relocation:
    values: dict[str, object] = {
        "id": "1",
        "lineage": "l1",
        "cause": Cause.ENDED,
        "status": Status.STANDING,
        "from_": Place(room="r", node="n1", title="Launch"),
        "to": None,
        "at": 1684966862.0,
        "participants_before": before,
        "confidence": 1.0,
    }
    return Relocation(**(values | changes))  # type: ignore[arg-type]


# --- All is well ---


def test_when_all_is_well_one_sentence_says_so() -> None:
    assert judged() == (State.OK, ("Node n1 answers",))
    two = (WELL.endpoints[0], EndpointStatus(id="n2", answering=True, silent_for=0.1, why=None))
    assert judged(endpoints=two) == (State.OK, ("All 2 nodes answer",))
    assert judged(door=door(0.998, timeout=0.002), tries=1000) == (State.OK, ("99.8% of joins get in",))


# --- Silence ---


def test_no_answer_from_anywhere_is_unknown_and_says_for_how_long_and_why() -> None:
    story = Story("n1", "n2")
    for node in ("n1", "n2"):
        story.poll(node, 1, {"r": 10})
        story.fail(node, 2, Outcome.REFUSED)
    seen = story.see(13)
    assert (seen.state, seen.reasons) == (State.UNKNOWN, ("No answer from any node for 12 s: refused",))


def test_the_only_node_is_named() -> None:
    story = Story("n1")
    assert story.see(1).reasons == ("Node n1 has given no good answer yet",)
    story.fail("n1", 1)
    assert story.see(1).reasons == ("Node n1 has given no good answer yet: n1 did not answer",)


def test_one_silent_node_of_two_strains_the_service() -> None:
    story = Story("n1", "n2")
    story.poll("n1", 1)
    story.fail("n1", 8)
    story.poll("n2", 9)
    seen = story.see(9.0)
    assert (seen.state, seen.reasons) == (
        State.STRAINED,
        ("Node n1 has given no good answer for 8 s: n1 did not answer",),
    )


def test_many_silent_nodes_are_summed_up() -> None:
    silent = tuple(EndpointStatus(id=f"n{n}", answering=False, silent_for=9, why=None) for n in range(2, 9))
    state, reasons = judged(endpoints=(*WELL.endpoints, *silent))
    assert (state, len(reasons), reasons[-1]) == (State.STRAINED, 4, "4 more nodes do not answer")


def test_the_sentence_of_the_last_failed_poll_is_the_reason() -> None:
    told = "127.0.0.1:80 answered with an HTML page where JSON was expected"
    silent = EndpointStatus(id="n1", answering=False, silent_for=45.0, why=Outcome.PROTOCOL, detail=told)
    state, reasons = judged(endpoints=(silent,))
    assert (state, reasons) == (State.UNKNOWN, (f"Node n1 has given no good answer for 45 s: {told}",))


# --- Joins ---


def test_our_joins_that_all_fail_while_the_service_counts_no_tries_are_failing() -> None:
    quiet = Door(observer=Observer.SERVICE, tries_per_second=0.0, success_ratio=None)
    state, reasons = judged(door=quiet, own=Counter({Outcome.UNAVAILABLE: 12}))
    assert (state, reasons) == (
        State.FAILING,
        ("None of our last 12 joins got in: unavailable; the service counts no tries",),
    )


def test_our_joins_alone_against_the_service_strain_only() -> None:
    own = Counter({Outcome.JOINED: 2, Outcome.TIMEOUT: 9, Outcome.REFUSED: 1})
    state, reasons = judged(door=door(0.995, timeout=0.005), tries=1000, own=own)
    assert (state, reasons) == (
        State.STRAINED,
        ("10 of our last 12 joins fail: timeout, refused; the service says that 99.5% get in",),
    )


def test_two_failed_joins_of_ours_are_no_news_and_the_same_trouble_is_told_once() -> None:
    quiet = Door(observer=Observer.SERVICE, success_ratio=None)
    assert judged(door=quiet, own=Counter({Outcome.TIMEOUT: 2}))[0] is State.OK
    own = Counter({Outcome.TIMEOUT: 6, Outcome.JOINED: 6})
    _, reasons = judged(door=door(0.5, timeout=0.5), tries=1000, own=own)
    assert len(reasons) == 1


def test_joins_far_below_the_objective_fail_and_say_why() -> None:
    state, reasons = judged(door=door(0.58, timeout=0.3, unavailable=0.12), tries=1000)
    assert state is State.FAILING
    assert reasons == ("42% of joins fail: timeout 30%, unavailable 12%; the objective is 1%",)


def test_joins_a_little_below_the_objective_strain() -> None:
    state, reasons = judged(door=door(0.97, room_full=0.03), tries=1000)
    assert state is State.STRAINED
    assert reasons == ("3% of joins fail: room full 3%; the objective is 1%",)


@pytest.mark.parametrize(
    ("tries", "failed", "expected"),
    [(10, 1, State.OK), (10, 2, State.STRAINED), (10, 3, State.FAILING), (1000, 6, State.OK)],
)
def test_one_bad_try_is_no_news(tries: int, failed: int, expected: State) -> None:
    seen = door(1 - failed / tries, timeout=failed / tries)
    assert judged(door=seen, tries=tries)[0] is expected


def test_failing_is_called_only_what_so_few_tries_do_not_show_by_chance() -> None:
    assert judged(door=door(0.9, timeout=0.1), tries=30)[0] is State.STRAINED
    assert judged(door=door(0.9, timeout=0.1), tries=300)[0] is State.FAILING


def test_a_lower_objective_is_kept_to() -> None:
    low = Objectives(join_success=0.5)
    seen = facts(door=door(0.6, timeout=0.4), tries=100)
    assert judge(seen, low)[0] is State.OK


def test_our_joins_that_are_slow_count_as_much_as_those_that_fail() -> None:
    ours = Door(observer=Observer.PROBE, success_ratio=0.9, errors={Outcome.TIMEOUT: 0.1})
    state, reasons = judged(door=ours, tries=20, slow=4)
    assert (state, reasons) == (
        State.FAILING,
        ("30% of our joins fail or are slow: longer than 5 s 20%, timeout 10%; the objective is 1%",),
    )
    assert judged(door=ours, tries=10, slow=1)[0] is State.STRAINED


def test_slow_joins_of_ours_strain_where_the_service_counts_and_tells_no_times() -> None:
    own = Counter({Outcome.JOINED: 12})
    state, reasons = judged(door=door(1.0), tries=1000, own=own, slow=2)
    assert (state, reasons) == (
        State.STRAINED,
        ("2 of our last 12 joins that got in took longer than 5 s; the objective is 1%",),
    )
    assert judged(door=door(1.0), tries=1000, own=own, slow=1)[0] is State.OK


# --- Ends and moves ---


def test_the_end_of_the_room_with_everybody_in_it_fails() -> None:
    state, reasons = judged(relocations=(ended(668000),), participants=0)
    assert state is State.FAILING
    assert reasons == ("Room “Launch” ended at 22:21:02 UTC with 668,000 listening; no successor is known",)


@pytest.mark.parametrize(
    ("elsewhere", "expected"),
    [(0, State.FAILING), (300, State.STRAINED), (5000, State.OK), (None, State.FAILING)],
)
def test_an_end_matters_as_much_as_its_share_of_the_people(elsewhere: int | None, expected: State) -> None:
    assert judged(relocations=(ended(100),), participants=elsewhere)[0] is expected


def test_what_settled_or_was_withdrawn_no_longer_matters() -> None:
    past = (ended(668000, settled=True), ended(668000, status=Status.REJECTED))
    assert judged(relocations=past, participants=0)[0] is State.OK


def test_a_move_strains_until_half_have_followed() -> None:
    move = {"cause": Cause.MOVED, "to": Place(room="r", node="n2"), "dark_seconds": 118.0}
    state, reasons = judged(relocations=(ended(668000, carried_over=0.25, **move),), participants=167000)
    assert state is State.STRAINED
    assert reasons == ("Room “Launch” moved from n1 to n2 after 118 s dark; 25% of its people have followed",)
    assert judged(relocations=(ended(668000, carried_over=0.5, **move),))[0] is State.OK


SUCCESSOR = {
    "cause": Cause.SUCCEEDED,
    "to": Place(room="r2", node="n2", title="Launch 2"),
    "at": 1684966980.0,
    "dark_seconds": 118.0,
    "evidence": ("same host",),
}


def test_a_succeeded_room_says_where_its_people_can_go_and_how_many_have() -> None:
    state, reasons = judged(relocations=(ended(668000, carried_over=0.25, **SUCCESSOR),), participants=167000)
    assert state is State.FAILING
    assert reasons == (
        "Room “Launch” ended at 22:21:02 UTC with 668,000 listening. A room by the same people, “Launch 2”, "
        "opened 118 s later; 25% have followed so far",
    )
    assert judged(relocations=(ended(668000, carried_over=0.5, **SUCCESSOR),))[0] is State.OK
    assert judged(relocations=(ended(668000, settled=True, **SUCCESSOR),))[0] is State.OK
    small = ended(668000, carried_over=0.25, **SUCCESSOR)
    assert judged(relocations=(small,), participants=2_000_000)[0] is State.STRAINED


def test_a_successor_is_said_to_be_of_the_same_people_only_where_that_is_known() -> None:
    alike = SUCCESSOR | {"evidence": ("same title",)}
    (reason,) = judged(relocations=(ended(668000, **alike),))[1]
    assert reason.endswith("listening. Another room, “Launch 2”, opened 118 s later")


def test_a_room_that_was_left_and_perhaps_goes_on_is_not_said_to_have_ended() -> None:
    never_dark = SUCCESSOR | {"dark_seconds": 0.0, "carried_over": 0.25}
    (reason,) = judged(relocations=(ended(668000, **never_dark),))[1]
    assert reason == (
        "Room “Launch” was left by its 668,000 people at 22:23:00 UTC. "
        "A room by the same people, “Launch 2”, takes them in; 25% have followed so far"
    )


def test_a_proposed_successor_leaves_the_end_an_end() -> None:
    proposed = SUCCESSOR | {"status": Status.PROPOSED, "confidence": 0.62, "carried_over": 0.6}
    state, reasons = judged(relocations=(ended(668000, **proposed),), participants=0)
    assert state is State.FAILING
    assert reasons == (
        "Room “Launch” ended at 22:21:02 UTC with 668,000 listening; “Launch 2” may be its successor (62%)",
    )


def test_rooms_beside_a_full_one_are_news_and_no_failure() -> None:
    beside = [
        ended(
            5000,
            id=str(n),
            cause=Cause.OVERFLOWED,
            to=Place(room=f"o{n}", node="n2", title=f"Overflow {n}"),
            carried_over=0.01,
            dark_seconds=0.0,
        )
        for n in (1, 2)
    ]
    both = judged(relocations=tuple(beside), participants=5000)
    assert both == (
        State.OK,
        ("Room “Launch” is full; “Overflow 1” and “Overflow 2” take those who do not fit",),
    )
    assert judged(relocations=(beside[0],))[1] == (
        "Room “Launch” is full; “Overflow 1” takes those who do not fit",
    )
    assert judged(relocations=(beside[0],), door=door(0.5, room_full=0.5), tries=100)[0] is State.FAILING


def test_a_room_that_goes_on_by_the_services_word_is_named() -> None:
    told = SUCCESSOR | {"cause": Cause.REPORTED, "carried_over": 0.25}
    state, reasons = judged(relocations=(ended(668000, **told),), participants=167000)
    assert (state, reasons) == (
        State.STRAINED,
        ("Room “Launch” goes on as “Launch 2” after 118 s dark; 25% of its people have followed",),
    )


# --- Full, unread, together ---


def test_nearly_full_strains() -> None:
    assert judged(headroom=Headroom(capacity=5000, source="config", ratio=0.03)) == (
        State.STRAINED,
        ("97% full: the capacity is 5,000",),
    )
    assert judged(headroom=Headroom(capacity=5000, source="config", ratio=0.0))[1] == (
        "Full: the capacity is 5,000",
    )
    assert judged(headroom=Headroom(capacity=5000, source="config", ratio=0.2))[0] is State.OK


def test_soon_full_strains_and_says_from_when_to_when() -> None:
    soon = {"capacity": 5000, "source": "config", "ratio": 0.3, "soonest": 370.0, "latest": 520.0}
    assert judged(headroom=Headroom(**soon, seconds_to_full=450.0)) == (
        State.STRAINED,
        ("Full in 6 to 9 min at this growth",),
    )
    assert judged(headroom=Headroom(**soon, seconds_to_full=601.0))[0] is State.OK
    assert judged(headroom=Headroom(**soon, seconds_to_full=math.inf))[0] is State.OK


def test_the_worst_comes_first() -> None:
    state, reasons = judged(
        headroom=Headroom(capacity=5000, source="config", ratio=0.0),
        door=door(0.5, timeout=0.5),
        tries=100,
    )
    assert state is State.FAILING
    assert [reason.split()[0] for reason in reasons] == ["50%", "Full:"]


def test_titles_are_plain_text() -> None:
    story = Story("n1")
    story.poll("n1", 1, [Room(id="r", node="n1", participants=50, title="\x1b[31m<b>Hi\n\u202eyou")])
    story.poll("n1", 2)
    story.poll("n1", 3)
    (reason,) = story.see(3.5).reasons
    assert reason.startswith("Room “[31m<b>Hi you” ended at 00:00:01 UTC")
