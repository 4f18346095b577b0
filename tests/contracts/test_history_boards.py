"""Whole boards in every kind of history: what comes back, which ticks have one, and what is left of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from probes.history import HISTORIES, Backend, History, Kept, Reader
from probes.history.whole import MOST_RELOCATIONS
from probes.model import Headroom, Observation, Outcome, ProbeView, RoomState, State
from tests.probes.seen import AT, node, observation, relocation, room, tick

ALL = Kept(detail=1e9, keep=1e9, max_size=10**10)
CALM = observation(pace=1.0)


@pytest.fixture(params=sorted(HISTORIES))
def backend(request: pytest.FixtureRequest) -> Backend:
    return HISTORIES[str(request.param)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history"


@pytest.fixture
def history(backend: Backend, path: Path) -> Iterator[History]:
    history = backend.write(path, ALL)
    yield history
    history.close()


@pytest.fixture
def reader(backend: Backend, path: Path) -> Reader:
    return backend.read(path)


def write(history: History, count: int, *observations: Observation, first: int = 0) -> None:
    for seq in range(first, first + count):
        history.append(tick(*(observations or (CALM,)), seq=seq, at=float(seq)))


def boards(reader: Reader, until: float = 1e12) -> list[float]:
    """When the boards are from that are kept, oldest first."""
    moment, found = reader.moment(until), []
    while moment is not None:
        found.append(moment.at)
        moment = None if moment.before is None else reader.moment(moment.before)
    return found[::-1]


def test_a_board_comes_back_as_it_was_shown(history: History, reader: Reader) -> None:
    ended = msgspec.structs.replace(
        room("r2", "n2", 0), state=RoomState.ENDED, lineage="launch", capacity=None
    )
    gone = msgspec.structs.replace(room("r3", "n2", None, ""), seconds_to_full=math.inf)
    seen = observation(
        rooms=(room(), ended, gone),
        nodes=(node(), node("n2", None, answering=False)),
        headroom=Headroom(capacity=5, seconds_to_full=math.inf, growth=0.0, ratio=1.0),
        probes=(
            ProbeView(
                name="join", node="n1", outcome=Outcome.TIMEOUT, success=False, seconds=5.0,
                observed_at=AT - 3, code="x", detail="it did not answer", p95=4.5, success_ratio=0.5,
            ),
        ),
    )  # fmt: skip
    unknown = observation("other", door=None, rooms=(), nodes=(), participants=None, rooms_open=None)
    history.append(tick(seen, unknown, seq=7))
    moment = reader.moment(AT)
    assert moment is not None
    assert (moment.seq, moment.at, moment.before, moment.after) == (7, AT, None, None)
    assert [(each.observation, each.left_out) for each in moment.services] == [(seen, 0), (unknown, 0)]


def test_before_the_first_board_there_is_none(history: History, reader: Reader) -> None:
    assert reader.moment(1e12) is None
    assert reader.span() is None
    write(history, 25, first=100)
    assert reader.moment(99.9) is None
    assert reader.span() == (100.0, 120.0)


def test_a_board_is_kept_each_ten_seconds_and_at_once_when_its_words_change(
    history: History, reader: Reader
) -> None:
    numbers = observation(pace=1.0, reasons=("two in 10 cannot get in",), participants=7)
    spoken = msgspec.structs.replace(numbers, reasons=("two in 13.5 cannot get in",), participants=99)
    moved = msgspec.structs.replace(spoken, relocations=(relocation(judged_by="ana"),))
    silent = msgspec.structs.replace(moved, nodes=(node(answering=False),))
    for first, end, seen in (
        (0, 13, CALM),
        (13, 16, numbers),
        (16, 22, spoken),
        (22, 25, moved),
        (25, 35, silent),
    ):
        write(history, end - first, seen, first=first)
    assert boards(reader) == [0, 10, 13, 20, 22, 25, 30]
    between = reader.moment(24.5)
    assert between is not None
    assert (between.at, between.before, between.after) == (22, 20, 25)
    assert between.services[0].observation == moved


def test_a_replay_is_kept_as_closely_as_it_runs(history: History, reader: Reader) -> None:
    for number in range(40):
        history.append(tick(observation(pace=60.0), seq=number, at=number / 4))
    assert boards(reader) == list(range(10))


def test_words_that_change_all_the_time_are_kept_for_a_while_and_then_as_seldom_as_others(
    history: History, reader: Reader
) -> None:
    for seq in range(600):
        seen = observation(pace=1.0, reasons=("over",) if seq % 2 else ("under",))
        history.append(tick(seen, seq=seq, at=float(seq)))
    kept = boards(reader)
    assert kept[:20] == list(range(20)), "each change of the first seconds"
    assert len(kept) <= 30 + 60 + 10


def test_only_the_newest_relocations_are_kept_and_the_others_counted(
    history: History, reader: Reader
) -> None:
    many = tuple(relocation(f"x{i}", lineage=f"l{i}", at=AT - i) for i in range(MOST_RELOCATIONS + 5))
    of_new, of_old = (msgspec.structs.replace(room(f"r{i}"), lineage=f"l{i}") for i in (0, 24))
    history.append(tick(observation(relocations=many, rooms=(of_new, of_old))))
    moment = reader.moment(AT)
    assert moment is not None
    (seen,) = moment.services
    assert (seen.observation.relocations, seen.left_out) == (many[:MOST_RELOCATIONS], 5)
    assert [each.lineage for each in seen.observation.rooms] == ["l0", None]


def test_all_services_of_a_board_are_of_one_tick(history: History, reader: Reader) -> None:
    other = observation("other", pace=1.0, state=State.OK)
    write(history, 3, CALM, other)
    failing = msgspec.structs.replace(other, state=State.FAILING)
    write(history, 1, CALM, failing, first=3)
    write(history, 1, CALM, first=4)
    moment = reader.moment(3.5)
    assert moment is not None
    assert [each.observation for each in moment.services] == [CALM, failing]
    alone = reader.moment(4)
    assert alone is not None
    assert [each.observation.name for each in alone.services] == ["spaces"]


def test_after_the_detailed_time_a_board_is_left_of_each_minute_and_each_turn(
    backend: Backend, path: Path
) -> None:
    history, reader = backend.write(path, ALL._replace(detail=100)), backend.read(path)
    for seq in range(500):
        seen = observation(pace=1.0, state=State.OK if seq < 77 else State.FAILING)
        history.append(tick(seen, seq=seq, at=float(seq)))
        history.tidy()
    for _ in range(4):
        history.tidy()
    assert boards(reader, 399) == [0, 60, 77, 120, 180, 240, 300, 360, 390]
    assert [s.seq for s in reader.window("spaces", 0, 100, 100)] == [*range(0, 70, 10), 77, 80, 90]
    history.close()


def test_what_is_too_old_or_too_much_goes_with_its_boards(backend: Backend, path: Path) -> None:
    history, reader = backend.write(path, ALL._replace(keep=1_000)), backend.read(path)
    for seq in range(0, 5_000, 10):
        history.append(tick(CALM, seq=seq, at=float(seq)))
        history.tidy()
    assert reader.span() == (3_990.0, 4_990.0)
    history.close()
    history = backend.write(path, ALL._replace(max_size=1_000_000))
    for seq in range(5_000, 30_000, 10):
        history.append(tick(CALM, seq=seq, at=float(seq)))
        history.tidy()
        assert history.size() <= 1_000_000
    kept = reader.window("spaces", 0, 1e12, 100_000)
    span = reader.span()
    assert span is not None
    assert span[0] == kept[0].at > 6_000
    history.close()
