"""Public facts: nothing internal in them, numbers as round as the config says, words for everyone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from dashboard.frames import Frame
from dashboard.public.facts import Facts, ServiceFacts
from dashboard.public.figures import rounded, rounded_share
from dashboard.public.seeing import facts_of
from dashboard.public.words import OUTCOMES
from probes.config.embed import Public
from probes.history import sample_of
from probes.model import (
    JOIN_OUTCOMES,
    Cause,
    Door,
    Headroom,
    Observation,
    Observer,
    Outcome,
    Place,
    ProbeResult,
    ProbeView,
    Sample,
    State,
    Status,
)
from probes.timeline.entries import Note, NoteKind
from tests.probes.seen import AT, node, observation, relocation, room

SECRET = "10.9.8.7:8088"


def public(**keys: Any) -> Public:
    return Public.model_validate(
        {
            "panels": ["state"],
            "services": [{"name": "spaces", "label": "Live audio"}],
            "rooms": ["r*"],
            **keys,
        }
    )


def facts(
    *seen: Observation, notes: Sequence[Note] = (), samples: Sequence[Sample] = (), **keys: Any
) -> Facts:
    frame = Frame(seq=int(AT), at=AT, tick=1.0, services=seen, events=(), notes=tuple(notes))
    return facts_of(frame, {"spaces": samples}, public(**keys), goal=0.99)


def of(seen: Observation, **keys: Any) -> ServiceFacts:
    return facts(seen, **keys).services[0]


def sample(seconds: float, **changes: Any) -> Sample:
    made = sample_of(observation(), int(AT + seconds), AT + seconds)
    return msgspec.structs.replace(made, service_time=AT + seconds, **changes)


def test_nothing_internal_is_in_them() -> None:
    """Ids, addresses and what a service or our probes wrote, all marked with one word, are not there."""
    marked = observation(
        reasons=(f"{SECRET} does not answer",),
        nodes=(node(SECRET),),
        rooms=(room(f"r-{SECRET}", SECRET, title="Launch"), room(f"x-{SECRET}", SECRET, title=SECRET)),
        relocations=(
            relocation(
                SECRET, from_=Place(f"r-{SECRET}", SECRET, "Launch"), to=Place(f"x-{SECRET}", SECRET, SECRET)
            ),
        ),
        probes=(
            ProbeView(
                name="rooms",
                node=SECRET,
                outcome=Outcome.REFUSED,
                success=False,
                seconds=1.0,
                observed_at=AT,
                detail=SECRET,
            ),
        ),
    )
    hidden = observation(name=f"hidden-{SECRET}")
    notes = [
        Note(id=SECRET, at=AT, by=SECRET, text="Doors open", kind=NoteKind.ANNOUNCEMENT),
        Note(id="2", at=AT, by="ops", text=SECRET),
        Note(id="3", at=AT, by="ops", text=SECRET, kind=NoteKind.ANNOUNCEMENT, service="other"),
    ]
    told = msgspec.json.encode(_plain(facts(marked, hidden, notes=notes, samples=[sample(0)])))
    assert SECRET.encode() not in told
    assert b"Launch" in told and b"Doors open" in told and b"Server 1" in told


def _plain(told: Facts) -> Any:
    return msgspec.structs.asdict(told) | {"panels": sorted(told.panels)}


def test_a_title_is_told_where_a_pattern_means_its_room_and_in_patterns_only_the_star_is_special() -> None:
    seen = observation(rooms=(room("r1", title="One"), room("q1", title="Two"), room("r[1]", title="Three")))
    assert [r.title for r in of(seen, rooms=["r*"]).rooms] == ["One", "Three"]
    assert [r.title for r in of(seen, rooms=["r[1]", "?1"]).rooms] == ["Three"]
    assert of(seen, rooms=[]).rooms == ()


def test_services_are_those_of_the_config_in_its_order_and_the_first_is_meant_without_a_name() -> None:
    told = facts(
        observation(), observation(name="stage"), observation(name="hidden"), services=["stage", "spaces"]
    )
    assert [s.name for s in told.services] == ["stage", "spaces"]
    assert told.service("") is told.services[0]
    assert told.service("hidden") is None


def test_numbers_are_rounded_or_exact() -> None:
    seen = observation(participants=168_432, rooms=(room(participants=99_501),))
    assert of(seen).participants == 170_000
    assert of(seen).rooms[0].participants == 100_000
    assert of(seen, numbers="exact").participants == 168_432
    assert [rounded(n, False) for n in (0, 7, 99, 104, 995, 999_999, None)] == [
        0,
        7,
        99,
        100,
        1_000,
        1_000_000,
        None,
    ]


def test_a_share_is_never_all_or_nothing_where_it_is_not() -> None:
    assert [rounded_share(s, False) for s in (0.0, 0.001, 0.503, 0.999, 1.0, None)] == [
        0,
        0.01,
        0.5,
        0.99,
        1,
        None,
    ]
    assert rounded_share(0.9996, True) == 0.999


def test_every_outcome_has_a_word_and_one_word_adds_them_up() -> None:
    assert set(OUTCOMES) == set(JOIN_OUTCOMES) - {Outcome.JOINED}
    door = Door(
        observer=Observer.SERVICE,
        success_ratio=0.7,
        errors={Outcome.TLS: 0.1, Outcome.DNS: 0.15, Outcome.TIMEOUT: 0.05},
        totals={Outcome.JOINED: 70, Outcome.TIMEOUT: 30},
    )
    assert of(observation(door=door)).errors == {"no connection": 0.25, "timeout": 0.05}


FULL = Headroom(capacity=100, source="config", ratio=0.01)
FINE = Door(observer=Observer.SERVICE, success_ratio=1.0, totals={Outcome.JOINED: 100})
POOR = Door(observer=Observer.SERVICE, success_ratio=0.3, totals={Outcome.JOINED: 30, Outcome.TIMEOUT: 70})


def test_of_a_few_tries_no_share_is_told() -> None:
    """After a start the first join of ours would be everybody, or nobody."""
    one = Door(
        observer=Observer.PROBE, success_ratio=0.0, errors={Outcome.TIMEOUT: 1.0}, totals={Outcome.TIMEOUT: 4}
    )
    told = of(observation(door=one, relocations=()))
    assert (told.success, told.errors, told.sentence) == (None, {}, "There are problems")
    several = msgspec.structs.replace(one, totals={Outcome.TIMEOUT: 5})
    assert of(observation(door=several, relocations=())).success == 0.0


def test_the_words_say_what_the_rounded_share_says() -> None:
    nearly = msgspec.structs.replace(FINE, success_ratio=0.4997, totals={Outcome.JOINED: 10_000})
    told = of(observation(door=nearly, relocations=()), numbers="rounded")
    assert (told.success, told.sentence) == (0.5, "Some people cannot get in")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": State.OK}, "All is well"),
        ({"state": State.UNKNOWN}, "We cannot see how it is"),
        ({}, "The room moved"),
        ({"relocations": (relocation(cause=Cause.ENDED, to=None),)}, "The room has ended"),
        ({"relocations": (relocation(settled=True),)}, "Some people cannot get in"),
        ({"relocations": (relocation(cause=Cause.OVERFLOWED),)}, "Some people cannot get in"),
        ({"relocations": (), "door": POOR}, "Most people cannot get in"),
        ({"relocations": (), "door": FINE, "nodes": (node(answering=False),)}, "Part of it does not answer"),
        ({"relocations": (), "door": FINE, "headroom": FULL}, "It is almost full"),
        ({"relocations": (), "door": FINE}, "There are problems"),
        ({"relocations": (), "door": FINE, "state": State.STRAINED}, "There are small problems"),
    ],
)
def test_the_state_in_plain_words(changes: dict[str, Any], words: str) -> None:
    assert of(observation(**changes)).sentence == words


def test_what_is_only_proposed_or_was_rejected_is_not_told() -> None:
    doubted = [relocation(s, status=s) for s in Status]
    assert len(of(observation(relocations=tuple(doubted))).moves) == 2


def test_a_restart_ends_no_state() -> None:
    """What is unknown for some seconds does not begin a state anew; what is so for longer does."""
    states = [State.OK] * 5 + [State.FAILING] * 10 + [State.UNKNOWN] * 4 + [State.FAILING] * 5
    ticks = [sample(n, state=state) for n, state in enumerate(states)]
    assert of(observation(), samples=ticks).since == AT + 5
    apart = [msgspec.structs.replace(each, at=AT + 10 * n) for n, each in enumerate(ticks)]
    assert of(observation(), samples=apart).since == AT + 19


def test_clocks_of_nodes_that_differ_a_little_hide_nothing() -> None:
    """The service's time is that of the node that answered last: it steps back now and then."""
    ticks = [
        msgspec.structs.replace(sample(n, participants=7), service_time=AT + n + (2 if n % 2 else 0))
        for n in range(100)
    ]
    told = of(observation(service_time=AT + 99), samples=ticks)
    assert len(told.series.at) == 7
    assert told.series.at[0] < AT + 15
    assert told.series.at == tuple(sorted(told.series.at))


def test_a_replay_that_began_anew_shows_no_more_of_the_run_before() -> None:
    before = [sample(n, participants=700_000) for n in range(100)]
    anew = [
        msgspec.structs.replace(sample(n, participants=7), at=AT + 200 + n, service_time=AT + n)
        for n in range(50)
    ]
    told = of(observation(service_time=AT + 49), samples=[*before, *anew])
    assert told.peak == 7
    assert told.series.at == tuple(sorted(told.series.at))
    assert set(told.series.participants) == {7}


def test_the_series_is_the_last_half_hour_in_one_clock_and_says_since_when_the_state_holds() -> None:
    first = msgspec.structs.replace(sample(-4000), service_time=None)
    samples = [
        first,
        *(sample(s, state=State.OK) for s in range(-3600, -60)),
        *(sample(s) for s in range(-60, 1)),
    ]
    told = of(observation(), samples=samples)
    assert told.since == AT - 60
    assert told.series.at[0] >= AT - 1800 and told.series.at[-1] == AT
    assert len(told.series.at) == len(told.series.participants) <= 122
    assert list(told.series.at) == sorted(told.series.at)


def test_the_peak_is_that_of_every_tick_not_of_the_points_that_are_drawn() -> None:
    samples = [sample(seconds, participants=668_000 if seconds == -7 else 10) for seconds in range(-60, 1)]
    told = of(observation(), samples=samples, numbers="exact")
    assert told.peak == 668_000
    assert 668_000 not in told.series.participants


def test_a_state_that_held_before_all_that_is_known_has_no_beginning() -> None:
    assert of(observation(), samples=[sample(s) for s in range(-9, 1)]).since is None


def test_a_probe_result_is_no_part_of_them() -> None:
    """What they are made of has no field that could carry a probe's words."""
    fields = {f.name for kind in (Facts, ServiceFacts) for f in msgspec.structs.fields(kind)}
    assert not fields & {f.name for f in msgspec.structs.fields(ProbeResult)} - {"service", "at", "node"}
