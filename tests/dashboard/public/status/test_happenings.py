"""What is told of a day: states, rooms that moved, announcements; once each, the newest first."""

from __future__ import annotations

from typing import Any

import msgspec

from dashboard.public.day import DAY, Happening, Kind
from dashboard.public.facts import Facts
from dashboard.public.status.happenings import MOST, PAUSE
from probes.model import Cause, Outcome, Place, State, Status
from probes.timeline.entries import Note, NoteKind
from tests.dashboard.public.status.played import (
    Stretch,
    config,
    days,
    facts,
    facts_after,
    frame,
    samples,
)
from tests.probes.seen import AT, observation, relocation

OK, STRAINED, FAILING, UNKNOWN = State.OK, State.STRAINED, State.FAILING, State.UNKNOWN


def told(shown: Facts) -> list[Happening]:
    assert shown.day is not None
    return list(shown.day.happenings)


def titles(shown: Facts) -> list[str]:
    return [each.title for each in told(shown)]


# --- States ---


def test_a_time_of_failure_is_told_with_its_begin_and_its_end() -> None:
    begin, end = reversed(told(facts_after((OK, 600), (FAILING, 300), (OK, 600))))
    assert (begin.title, begin.text) == (
        "Some people cannot get in",
        "About one try in ten fails: timeout 10%.",
    )
    assert (begin.at, end.at) == (AT - 900, AT - 600)
    assert (end.title, end.text) == ("All is well again", "After 5 min.")


def test_the_causes_are_told_only_where_they_are_public() -> None:
    shown = facts_after((OK, 600), (FAILING, 300), of=config(panels=["status", "joins"]))
    assert [each.text for each in told(shown)] == ["About one try in ten fails."]
    hidden = facts_after((OK, 600), (FAILING, 300), of=config(panels=["status"]))
    assert [(each.title, each.text) for each in told(hidden)] == [("There are problems", "")]


def test_all_is_well_again_only_after_it_has_been_for_a_while() -> None:
    shown = facts_after((OK, 600), (FAILING, 300), (OK, PAUSE - 30))
    assert titles(shown) == ["Some people cannot get in"]
    assert shown.day is not None
    (episode,) = shown.day.episodes
    assert (episode.until, episode.over) == (None, True)


def test_what_comes_and_goes_is_one_happening() -> None:
    flapping: list[Stretch] = [(FAILING, 60), (OK, 60)] * 5
    begin = told(facts_after((OK, 600), *flapping, (FAILING, 60)))
    assert [(each.title, each.live) for each in begin] == [
        ("Some people cannot get in", "It came and went 6 times.")
    ]


def test_two_failures_far_apart_are_two_happenings() -> None:
    shown = facts_after((FAILING, 60), (OK, 600), (FAILING, 60), (OK, 600))
    assert titles(shown) == ["All is well again", "Some people cannot get in"] * 2
    assert len({each.key for each in told(shown)}) == 4


def test_a_turn_for_the_worse_is_told_by_itself() -> None:
    shown = facts_after((OK, 600), (STRAINED, 300), (FAILING, 300))
    assert [(each.title, each.state) for each in told(shown)] == [
        ("It got worse", FAILING),
        ("Some people cannot get in", STRAINED),
    ]
    quickly = facts_after((OK, 600), (STRAINED, 30), (FAILING, 300))
    assert [each.state for each in told(quickly)] == [FAILING]


def test_a_glimpse_of_the_unknown_as_at_a_start_is_not_told() -> None:
    assert titles(facts_after((UNKNOWN, 20), (OK, 600))) == []
    assert titles(facts_after((OK, 600), (UNKNOWN, 300), (OK, 600))) == [
        "All is well again",
        "We could not see how it was",
    ]


def test_nobody_is_told_that_all_is_well_while_nobody_saw_it() -> None:
    before, of = samples((OK, 600), (FAILING, 300), until=AT - 1200), config()
    still = [*before, *samples((OK, 10), (FAILING, 300))]
    seen = observation(service_time=None, pace=1.0, relocations=())
    assert titles(facts(of, frame(seen), {"spaces": still})) == ["Some people cannot get in"]
    well = told(facts(of, frame(seen), {"spaces": [*before, *samples((OK, 300))]}))
    assert [(each.title, each.at, each.text) for each in well[:1]] == [
        ("All is well again", AT - 300, "After 20 min.")
    ]


def test_what_was_told_once_is_told_the_same_later_on() -> None:
    of, known = config(), days(config())
    ticks = samples((OK, 600), (FAILING, 900), (OK, 600))
    seen = observation(service_time=None, pace=1.0, relocations=())
    before: dict[str, Happening] = {}
    for upto in range(1, len(ticks), 3):
        shown = facts(of, frame(seen, at=ticks[upto].at), {"spaces": ticks[: upto + 1]}, known)
        now = {each.key: each for each in told(shown)}
        for key, happening in before.items():
            if now[key].at <= ticks[upto].at - 60:
                assert (now[key].title, now[key].at) == (happening.title, happening.at)
        before = now
    assert len(before) == 2


def test_no_more_than_fifty_of_the_last_day_are_told() -> None:
    many: list[Stretch] = [(FAILING, 60), (OK, 300)] * 60
    shown = told(facts_after(*many))
    assert len(shown) == MOST
    assert [each.at for each in shown] == sorted((each.at for each in shown), reverse=True)


# --- Rooms that moved ---


def moved(**changes: Any) -> Facts:
    """The facts 400 s after a room moved, told by `numbers` exact."""
    one = relocation(
        **{
            "from_": Place("r0", "n1", "Launch"),
            "to": Place("r1", "n2", "Launch 2"),
            "at": AT - 400,
            "dark_seconds": 118.0,
            **changes,
        }
    )
    return facts_after((OK, 2000), relocations=(one,))


def test_a_room_that_moved_is_told_with_its_end_and_its_successor() -> None:
    found, ended = told(moved())
    assert (ended.title, ended.text, ended.at) == (
        "The room has ended",
        "Launch ended with 668k people.",
        AT - 518,
    )
    assert (found.title, found.text, found.at) == (
        "The room moved",
        "Launch opened again as Launch 2 after 1 min 58 s.",
        AT - 400,
    )
    assert found.live == "25% have followed so far."


def test_an_end_without_a_successor_says_that_nobody_knows_yet() -> None:
    (ended,) = told(moved(cause=Cause.ENDED, to=None))
    assert ended.live == "Where it goes on is not known yet."
    assert ended.key == told(moved())[1].key


def test_how_many_followed_is_told_when_it_has_settled() -> None:
    of = config()
    one = relocation(at=AT - 1000, settled=True, to=Place("r1", "n2", "Launch 2"))
    seen = observation(state=OK, service_time=None, pace=1.0, relocations=(one,))
    settled = told(facts(of, frame(seen), {"spaces": samples((OK, 2000))}))[0]
    assert (settled.title, settled.text) == (
        "25% of the people followed",
        "Launch 2 has 168k people; there were 668k before.",
    )
    assert settled.at == AT - 100


def test_what_is_only_proposed_or_was_rejected_is_not_told() -> None:
    assert titles(moved(status=Status.PROPOSED)) == titles(moved(status=Status.REJECTED)) == []


def test_titles_that_are_not_public_are_not_told() -> None:
    one = relocation(at=AT - 400, from_=Place("r0", "n1", "Secret"), to=Place("r1", "n2", "Secret 2"))
    shown = facts_after((OK, 2000), of=config(rooms=[]), relocations=(one,))
    assert [each.text for each in told(shown)] == [
        "The room opened again as another room after 1 min 58 s.",
        "The room ended with 668k people.",
    ]


def test_moves_are_told_only_where_their_panel_is_public() -> None:
    one = relocation(at=AT - 400)
    assert titles(facts_after((OK, 2000), of=config(panels=["status"]), relocations=(one,))) == []


def test_a_state_that_is_nothing_but_a_rooms_end_is_not_told_twice() -> None:
    one = relocation(at=AT - 400, cause=Cause.ENDED, to=None)
    ticks = [
        msgspec.structs.replace(each, success_ratio=None) for each in samples((OK, 1600), (FAILING, 400))
    ]
    seen = observation(service_time=None, pace=1.0, relocations=(one,))
    shown = facts(config(), frame(seen), {"spaces": ticks})
    assert titles(shown) == ["The room has ended"]


def test_in_a_replay_the_order_is_wall_time_and_what_is_said_the_services() -> None:
    starts = 1_600_000_000.0
    ticks = [
        msgspec.structs.replace(each, service_time=starts + 60 * n)
        for n, each in enumerate(samples((OK, 500)))
    ]
    one = relocation(at=starts + 600, dark_seconds=None, cause=Cause.MOVED)
    seen = observation(state=OK, service_time=starts + 6000, relocations=(one,))
    (shown,) = told(facts(config(), frame(seen), {"spaces": ticks}))
    assert (shown.at, shown.time) == (ticks[10].at, starts + 600)


def test_a_replay_that_begins_anew_while_it_is_failing_was_not_well_in_between() -> None:
    starts = 1_600_000_000.0
    ticks = [
        msgspec.structs.replace(each, service_time=starts + 5 * (n if n < 112 else n - 112))
        for n, each in enumerate(samples((FAILING, 500), (UNKNOWN, 60), (FAILING, 1_500)))
    ]
    seen = observation(state=FAILING, service_time=ticks[-1].service_time, relocations=())
    shown = facts(config(), frame(seen), {"spaces": ticks})
    assert titles(shown) == ["Some people cannot get in"] * 2
    assert shown.day is not None
    assert [each.until is None for each in shown.day.episodes] == [True, False]


# --- What the public was told ---


def said(text: str, at: float = AT - 60, kind: NoteKind = NoteKind.ANNOUNCEMENT, service: str = "") -> Note:
    return Note(id=text, at=at, by="ops", text=text, kind=kind, service=service)


def test_announcements_are_told_and_notes_are_not() -> None:
    of = config()
    notes = (
        said("We know of it."),
        said("Rita looks at n1.", kind=NoteKind.NOTE),
        said("Of something else", service="other"),
        said("Of long ago", at=AT - DAY - 100),
    )
    seen = observation(state=OK, relocations=())
    shown = told(facts(of, frame(seen, notes=notes), {"spaces": samples((OK, 60))}))
    assert [(each.title, each.kind) for each in shown] == [("We know of it.", Kind.ANNOUNCEMENT)]


def test_what_is_of_a_service_that_is_public_no_more_is_told_no_more() -> None:
    of = config(("spaces", "other"))
    known = days(of)
    seen = (observation(state=OK, relocations=()), observation("other", state=OK, relocations=()))
    notes = (said("Of the other", service="other"),)
    pasts = {"spaces": samples((OK, 60))}
    assert titles(facts(of, frame(*seen, notes=notes), pasts, known)) == ["Of the other"]
    fewer = config()
    assert titles(facts(fewer, frame(*seen), pasts, known)) == []


def test_with_several_services_each_happening_says_of_which() -> None:
    of = config(("spaces", "other"))
    seen = (observation(relocations=(), service_time=None), observation("other", relocations=()))
    shown = told(facts(of, frame(*seen), {"spaces": samples((OK, 60), (FAILING, 60))}))
    assert [each.service for each in shown] == ["The spaces"]


def test_every_outcome_has_a_word_that_says_nothing_internal() -> None:
    ticks = [
        msgspec.structs.replace(each, success_ratio=0.0, errors=dict.fromkeys([Outcome.TLS], 1.0))
        for each in samples((FAILING, 300))
    ]
    seen = observation(service_time=None, relocations=())
    (shown,) = told(facts(config(), frame(seen), {"spaces": ticks}))
    assert (shown.title, shown.text) == (
        "Most people cannot get in",
        "Nearly all tries fail: no connection 100%.",
    )
