"""Where a day comes from: history after a start, then ticks; nothing newer than the public may see."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from dashboard.public.day import Component, Day
from dashboard.public.facts import Facts
from dashboard.public.status.reading import Days
from probes.history import HISTORIES, History, Kept, Reader, sample_of
from probes.model import Door, Observation, Observer, Outcome, Place, State
from probes.pipeline import Tick
from probes.settings import Config
from probes.timeline.entries import Note, NoteKind
from tests.dashboard.public.status.played import config, days, facts, frame, samples
from tests.probes.seen import AT, observation, relocation

OK, FAILING = State.OK, State.FAILING
STARTS = AT - 3 * 3600


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history"


@pytest.fixture
def history(path: Path) -> Iterator[History]:
    made = HISTORIES["sqlite"].write(path, Kept(1e9, 1e9, 10**10))
    yield made
    made.close()


def reader(path: Path) -> Reader:
    return HISTORIES["sqlite"].read(path)


def seen(at: float, state: State = OK, **changes: object) -> Observation:
    """Of 100 tries a tick, ten fail while it is failing."""
    n = round((at - STARTS) / 5)
    failed = 10 * round(min(max(at - (STARTS + 3600), 0), 600) / 5)
    door = Door(
        observer=Observer.SERVICE,
        success_ratio=1.0 if state is OK else 0.9,
        errors={} if state is OK else {Outcome.TIMEOUT: 0.1},
        totals={Outcome.JOINED: 100 * n - failed, Outcome.TIMEOUT: failed},
    )
    return observation(state=state, service_time=None, pace=1.0, door=door, relocations=(), **changes)


def state_at(at: float) -> State:
    return FAILING if 0 <= at - (STARTS + 3600) < 600 else OK


def write(history: History, until: float, step: float = 5) -> list[Tick]:
    """A tick each five seconds (or `step`) since `STARTS`: an hour well, ten minutes failing, then well."""
    ticks = []
    at = STARTS
    while at < until:
        ticks.append(Tick(seq=int(at), at=at, observations=(seen(at, state_at(at)),)))
        at += step
    for tick in ticks:
        history.append(tick)
    return ticks


def day(of: Facts) -> Day:
    assert of.day is not None
    return of.day


def component(of: Facts, label: str = "The spaces") -> Component:
    return next(each for each in day(of).components if each.label == label)


def after_a_start(path: Path, at: float, of: Config | None = None) -> Facts:
    settings = of or config()
    last = samples((OK, 5), until=at, like=seen(at - 5))
    now = [msgspec.structs.replace(each, totals=seen(at).door.totals) for each in last]  # type: ignore[union-attr]
    return facts(settings, frame(seen(at), at=at), {"spaces": now}, days(settings, reader(path), at))


def test_after_a_start_the_day_is_what_history_kept(history: History, path: Path) -> None:
    write(history, AT)
    told = after_a_start(path, AT)
    shown = component(told)
    assert [bar.state for bar in shown.bars].count(FAILING) in (1, 2)  # it may lie in two bars
    assert [bar.state for bar in shown.bars].count(OK) >= 7
    assert shown.share == pytest.approx(1 - 600 / 10_800, abs=0.001)
    assert component(told, "Joining a room").share == pytest.approx(1 - 60 / 10_800, abs=0.001)
    assert [each.title for each in day(told).happenings] == [
        "All is well again",
        "Some people cannot get in",
    ]


def test_a_restart_tells_the_same_under_the_same_ids(history: History, path: Path) -> None:
    of, end = config(), STARTS + 4_800
    known = days(of, reader(path), STARTS)
    kept = write(history, end, step=1)
    ticks = [sample_of(tick.observations[0], tick.seq, tick.at) for tick in kept]
    before = facts(of, frame(seen(end), at=end), {"spaces": ticks}, known)
    again = after_a_start(path, end)
    assert len(day(again).happenings) == 2
    assert day(again).happenings == day(before).happenings
    assert [bar.state for bar in component(again).bars] == [bar.state for bar in component(before).bars]


def test_what_was_so_from_the_first_tick_keeps_its_id_too(history: History, path: Path) -> None:
    """A service that fails when it is first looked at, by a tick that is none of the few that are read."""
    of, begin = config(), STARTS + 3_600.3
    known = days(of, reader(path), begin)
    at = [begin + n for n in range(400)]
    kept = [Tick(seq=n, at=t, observations=(seen(t, FAILING),)) for n, t in enumerate(at)]
    for tick in kept:
        history.append(tick)
    ticks = [sample_of(tick.observations[0], tick.seq, tick.at) for tick in kept]
    before = facts(of, frame(seen(at[-1], FAILING), at=at[-1]), {"spaces": ticks}, known)
    read = days(of, reader(path), at[-1] + 1)
    again = facts(of, frame(seen(at[-1], FAILING), at=at[-1]), {"spaces": ticks[-5:]}, read)
    assert len(day(before).happenings) == 1
    assert day(again).happenings == day(before).happenings


def test_the_empty_history_of_a_first_start_is_an_empty_day(path: Path) -> None:
    told = facts(config(), frame(seen(AT), at=AT), {}, days(config(), reader(path)))
    assert day(told).happenings == ()
    assert {bar.state for bar in component(told).bars} == {State.UNKNOWN}
    assert component(told).share is None


def test_nothing_newer_is_read_than_the_public_may_see(history: History, path: Path) -> None:
    write(history, AT)
    told = days(config(delay="5m"), reader(path), STARTS + 3600 + 120)
    shown = facts(config(delay="5m"), frame(seen(STARTS + 3420), at=STARTS + 3420), {}, told)
    assert FAILING not in {bar.state for bar in component(shown).bars}
    assert day(shown).happenings == ()


def test_announcements_are_kept_over_a_restart(history: History, path: Path) -> None:
    told = Note(id="n1", at=AT - 3000, by="ops", text="We know of it.", kind=NoteKind.ANNOUNCEMENT)
    aside = Note(id="n2", at=AT - 3000, by="ops", text="Rita looks.", kind=NoteKind.NOTE)
    history.append(Tick(seq=int(AT) - 3000, at=AT - 3000, observations=(seen(AT),), notes=(told, aside)))
    shown = after_a_start(path, AT)
    assert [each.title for each in day(shown).happenings] == ["We know of it."]


def test_a_move_that_has_settled_is_kept_over_a_restart(history: History, path: Path) -> None:
    one = relocation(at=AT - 5000, settled=True, to=Place("r1", "n2", "Launch 2"))
    write(history, AT)
    at = AT - 1
    moved = msgspec.structs.replace(seen(at), relocations=(one,))
    history.append(Tick(seq=int(at), at=at, observations=(moved,)))
    shown = [each.title for each in day(after_a_start(path, AT)).happenings]
    assert shown[:3] == ["25% of the people followed", "The room moved", "The room has ended"]


class Counting:
    """A reader that says what was asked of it."""

    def __init__(self, path: Path) -> None:
        self.asked: list[str] = []
        self._reader = reader(path)

    def __getattr__(self, name: str) -> object:
        self.asked.append(name)
        return getattr(self._reader, name)


def test_history_is_read_once_and_in_small_pieces(history: History, path: Path) -> None:
    write(history, STARTS + 600)
    counting = Counting(path)
    known = Days(lambda: config(), lambda: counting, lambda: AT)  # type: ignore[arg-type,return-value]
    asyncio.run(known.read())
    pieces = 73 + 1  # bars, and the begin of the first state
    assert counting.asked.count("window") == pieces
    asyncio.run(known.read())
    assert counting.asked.count("window") == pieces


def test_nothing_is_read_where_the_page_is_not_public(path: Path) -> None:
    counting = Counting(path)
    of = config(panels=["state"])
    known = Days(lambda: of, lambda: counting, lambda: AT)  # type: ignore[arg-type,return-value]
    asyncio.run(known.read())
    assert counting.asked == []


def test_a_service_that_becomes_public_has_its_past(history: History, path: Path) -> None:
    write(history, AT)
    settings = [config(panels=["state"]), config()]
    known = Days(lambda: settings[0], lambda: reader(path), lambda: AT)
    asyncio.run(known.read())
    assert facts(settings[1], frame(seen(AT)), {}, known).day is None
    settings.pop(0)
    asyncio.run(known.read())
    assert component(facts(settings[0], frame(seen(AT)), {}, known)).share is not None


def test_a_clock_that_went_back_has_history_read_again(path: Path) -> None:
    of, at = config(), AT - 7200
    known = days(of, reader(path))
    assert facts(of, frame(seen(AT)), {"spaces": samples((OK, 600))}, known).day is not None
    earlier = {"spaces": samples((OK, 600), until=at)}
    facts(of, frame(seen(at), at=at), earlier, known)
    asyncio.run(known.read())
    shown = facts(of, frame(seen(at), at=at), earlier, known)
    assert component(shown).bars[-1].state is OK
