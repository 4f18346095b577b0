"""Where sources disagree it is said, once it is no lag or noise, and one of them alone fails no service."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from probes.model import NodeReport, Observation, Outcome, State
from tests.probes.watching import JOIN, Story

JOINED, TIMEOUT, NOT_FOUND = Outcome.JOINED, Outcome.TIMEOUT, Outcome.NOT_FOUND


def subjects(seen: Observation) -> list[str]:
    said = [reason for reason in seen.reasons if reason.startswith("Sources disagree: ")]
    assert len(said) <= len(seen.disagreements)
    return [each.what for each in seen.disagreements]


def report(people: int) -> list[NodeReport]:
    return [NodeReport(id="a", participants=people)]


# --- Rooms against nodes ---


def test_rooms_and_nodes_that_count_differently_disagree_after_a_quarter_minute() -> None:
    story = Story("a")
    named = []
    for at in range(60):
        story.poll("a", at, {"r": 300}, nodes=report(310 if at < 20 else 900))
        if subjects(story.see(at + 0.5)):
            named.append(at)
    assert named == list(range(35, 60))
    seen = story.see(59.5)
    assert (seen.disagreements[0].sources, seen.disagreements[0].since) == (
        (("rooms", 300.0), ("nodes", 900.0)),
        20.0,
    )
    assert (seen.state, seen.reasons) == (
        State.STRAINED,
        ("Sources disagree: 300 people by the rooms, 900 by the nodes (they disagree since 00:00:20 UTC)",),
    )


def test_a_total_that_is_some_seconds_late_is_no_disagreement() -> None:
    """A room that fills from nothing and falls by half; the nodes' total lags ten seconds."""
    people = [200 * n for n in range(60)] + [6000] * 60
    story = Story("a")
    for at, count in enumerate(people):
        story.poll("a", at, {"r": count}, nodes=report(people[max(0, at - 10)]))
        assert subjects(story.see(at + 0.5)) == []


def test_small_numbers_and_small_shares_may_differ() -> None:
    story = Story("a")
    for at in range(60):
        story.poll("a", at, {"r": 10_000}, nodes=report(11_500))
    assert subjects(story.see(59.5)) == []
    for at in range(60, 120):
        story.poll("a", at, {"r": 2}, nodes=report(20))
    assert subjects(story.see(119.5)) == []


def test_sources_that_agree_again_are_no_longer_named_a_quarter_minute_later() -> None:
    story = Story("a")
    named = []
    for at in range(100):
        story.poll("a", at, {"r": 300}, nodes=report(900 if at < 50 else 300))
        if subjects(story.see(at + 0.5)):
            named.append(at)
    assert named == list(range(15, 65))


def test_rooms_that_are_not_all_known_are_compared_with_nothing() -> None:
    story = Story("a", "b")
    for at in range(60):
        story.poll("a", at, {"r": 300}, nodes=report(900))
        story.fail("b", at)
        assert subjects(story.see(at + 0.5)) == []


def test_a_service_that_lists_no_rooms_has_one_source_only() -> None:
    story = Story("a")
    for at in range(60):
        story.poll("a", at, {}, nodes=report(900))
        assert subjects(story.see(at + 0.5)) == []


# --- A sudden drop is not an exodus ---


def ends(story: Story, at: int, **more: object) -> Observation:
    story.poll("a", at, {"r": 0} if more.pop("listed", False) else {}, **more)  # type: ignore[arg-type]
    return story.see(at + 0.5)


def test_an_end_that_no_other_source_speaks_against_fails_the_service_in_two_answers() -> None:
    story = Story("a")
    for at in range(60):
        story.poll("a", at, {"r": 668_000}, nodes=report(668_000))
        story.see(at + 0.5)
    states = [ends(story, at, nodes=report(0)).state for at in range(60, 64)]
    assert states[-2:] == [State.FAILING, State.FAILING]


def test_an_end_while_the_nodes_still_hold_the_people_is_no_failure() -> None:
    story = Story("a")
    for at in range(60):
        story.poll("a", at, {"r": 668_000}, nodes=report(668_000))
        story.see(at + 0.5)
    seen = [ends(story, at, nodes=report(668_000)) for at in range(60, 90)]
    assert {each.state for each in seen} <= {State.OK, State.STRAINED}
    assert seen[-1].reasons[0].endswith("no successor is known; another source does not confirm the end")
    assert subjects(seen[-1]) == ["people"]


def test_a_source_that_was_wrong_long_before_is_no_witness() -> None:
    story = Story("a")
    for at in range(120):
        story.poll("a", at, {"r": 300_000}, nodes=report(450_000))
        story.see(at + 0.5)
    assert ends(story, 120, nodes=report(150_000)).state is State.STRAINED
    assert ends(story, 121, nodes=report(150_000)).state is State.FAILING


def test_rooms_that_are_empty_while_people_are_let_in_are_not_believed_alone() -> None:
    story = Story("a")
    for at in range(90):
        story.poll("a", at, {"r": 5000}, joins={JOINED: 50 * at, TIMEOUT: 0})
        story.see(at + 0.5)
    seen = [ends(story, at, joins={JOINED: 50 * at, TIMEOUT: 0}) for at in range(90, 120)]
    assert {each.state for each in seen} <= {State.OK, State.STRAINED}
    assert subjects(seen[-1]) == ["admitted"]
    assert any("The rooms are empty, yet the service has let in 1,450" in r for r in seen[-1].reasons)
    quiet = Story("a")
    for at in range(90):
        quiet.poll("a", at, {"r": 5000}, joins={JOINED: 50 * at, TIMEOUT: 0})
        quiet.see(at + 0.5)
    last = [ends(quiet, at, joins={JOINED: 50 * 89, TIMEOUT: 0}).state for at in range(90, 95)]
    assert last[-1] is State.FAILING


def test_more_people_in_rooms_than_were_let_in_is_a_disagreement() -> None:
    story = Story("a")
    for at in range(200):
        people = 1000 if at < 100 else 6000
        story.poll("a", at, {"r": people}, joins={JOINED: 3 * at, TIMEOUT: 0})
        story.see(at + 0.5)
        if at == 99:
            assert subjects(story.see(99.5)) == []
        if at == 130:
            seen = story.see(130.5)
    assert subjects(seen) == ["admitted"]
    assert "there can be 1," in seen.reasons[0]


def test_a_list_that_shows_twenty_seconds_late_who_was_let_in_is_no_disagreement() -> None:
    story = Story("a")
    for at in range(260):
        people = 1000 if at < 120 else 6000
        story.poll("a", at, {"r": people}, joins={JOINED: 0 if at < 100 else 5000, TIMEOUT: 0})
        assert subjects(story.see(at + 0.5)) == []


# --- Joins ---


def told_joins(
    seed: int, ours: float, theirs: float, seconds: int = 300, every: int = 1
) -> list[Observation]:
    """A service that counts 100 tries a second, and one join of ours `every` seconds."""
    dice = random.Random(seed)
    story = Story("a", join=JOIN.model_copy(update={"every": float(every)}))
    joined = failed = 0
    seen = []
    for at in range(seconds):
        joined += sum(dice.random() < theirs for _ in range(100))
        failed = 100 * (at + 1) - joined
        story.poll("a", at, {"r": 500}, joins={JOINED: joined, TIMEOUT: failed})
        if at % every == 0:
            story.join("a", at + 0.2, JOINED if dice.random() < ours else TIMEOUT, room="other")
        seen.append(story.see(at + 0.5))
    return seen


@pytest.mark.parametrize(
    ("every", "share", "seeds"), [(1, 0.3, [0, 5]), (1, 0.97, [0]), (5, 0.3, range(6)), (5, 0.5, range(6))]
)
def test_joins_that_fare_alike_never_disagree(every: int, share: float, seeds: Sequence[int]) -> None:
    """Twelve of ours are few: by chance alone they often look worse or better than the crowd."""
    for seed in seeds:
        assert not any(subjects(seen) for seen in told_joins(seed, share, share, 400, every))


def test_a_door_that_opens_is_no_disagreement_though_most_tries_came_before() -> None:
    story = Story("a", join=JOIN)
    joined = failed = 0
    for at in range(240):
        joined, failed = (joined + 1, failed + 100) if at < 120 else (joined + 2, failed)
        story.poll("a", at, {"r": 500}, joins={JOINED: joined, TIMEOUT: failed})
        story.join("a", at + 0.2, JOINED if at >= 120 or at % 99 == 0 else TIMEOUT, room="other")
        assert subjects(story.see(at + 0.5)) == []


def test_joins_of_ours_that_all_get_in_keep_counters_alone_from_failing_the_service() -> None:
    seen = told_joins(1, ours=1.0, theirs=0.3)[-1]
    assert subjects(seen) == ["joins"]
    assert seen.state is State.STRAINED
    assert seen.reasons[0].startswith("70% of joins fail: timeout 70%; the objective is 1%")
    assert seen.reasons[0].endswith("; of our own joins 100% get in")
    assert any("The service says that 30% of joins get in; of ours 100% do" in r for r in seen.reasons)


def test_counters_that_say_all_is_well_keep_our_own_joins_from_failing_the_service() -> None:
    seen = told_joins(1, ours=0.1, theirs=1.0)[-1]
    assert (seen.state, subjects(seen)) == (State.STRAINED, ["joins"])
    assert len(seen.reasons) == 1  # said once


def test_where_both_say_that_joins_fail_the_service_fails() -> None:
    assert told_joins(1, ours=0.4, theirs=0.3)[-1].state is State.FAILING


def test_joins_of_a_room_that_was_not_there_are_no_disagreement_once_it_is() -> None:
    """While there is no room our joins fail, and the service counts no tries."""
    story = Story("a", join=JOIN)
    for at in range(200):
        joined = 90 * max(0, at - 100)
        story.poll("a", at, {"r": 50} if at > 100 else {}, joins={JOINED: joined, TIMEOUT: joined // 9})
        story.join("a", at + 0.2, JOINED if at > 100 and at % 9 else NOT_FOUND, room="current")
        assert subjects(story.see(at + 0.5)) == []


# --- The room that we join ---


def test_a_room_that_is_listed_and_not_found_is_a_disagreement_after_three_joins() -> None:
    story = Story("a", join=JOIN)
    named = []
    for at in range(80):
        story.poll("a", at, {"r": 50})
        if at % 10 == 0:
            story.join("a", at + 0.2, NOT_FOUND if at >= 20 else JOINED)
        if subjects(story.see(at + 0.5)):
            named.append(at)
    assert named[0] == 50
    assert "our joins do not find it" in " ".join(story.see(79.5).reasons)


def test_a_room_that_ended_by_the_list_and_takes_our_joins_is_no_failure() -> None:
    story = Story("a", join=JOIN)
    for at in range(30):
        story.poll("a", at, {"r": 5000})
        story.join("a", at + 0.2)
        story.see(at + 0.5)
    seen = []
    for at in range(30, 100):
        story.poll("a", at)
        story.join("a", at + 0.2)
        seen.append(story.see(at + 0.5))
    assert subjects(seen[-1]) == ["room"]
    assert seen[-1].state is State.STRAINED
    assert sum(each.state is State.FAILING for each in seen) <= 35  # some seconds, and the half minute


def test_joins_from_before_the_end_are_no_witness_against_it() -> None:
    story = Story("a", join=JOIN)
    for at in range(30):
        story.poll("a", at, {"r": 5000})
        story.join("a", at + 0.2)
        story.see(at + 0.5)
    for at in range(30, 34):
        story.poll("a", at)
    assert story.see(33.5).state is State.FAILING


def test_a_room_that_was_never_listed_may_have_another_name() -> None:
    story = Story("a", join=JOIN)
    for at in range(60):
        story.poll("a", at, {"r": 50})
        story.join("a", at + 0.2, room="current")
        assert subjects(story.see(at + 0.5)) == []
