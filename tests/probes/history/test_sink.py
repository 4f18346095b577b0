"""The queue in front of the history: it never holds a tick up, counts what it drops, and tries again."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from probes.history import HISTORIES, HistorySink, HistoryTrouble, Kept, open_history
from probes.history.base import History, Unstorable
from probes.pipeline import Tick
from probes.settings import HistorySettings
from tests.probes.seen import AT, observation, relocation, tick
from tests.servers import wait_until


class Scripted:
    """A history that waits, fails and takes ticks as the test says."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.free.set()
        self.trouble: HistoryTrouble | None = None
        self.kept: list[int] = []
        self.opened = 0
        self.closed = 0
        self.tidied = 0

    def open(self) -> Scripted:
        self.opened += 1
        return self

    def append(self, tick: Tick) -> None:
        self.free.wait(30)
        if self.trouble is not None:
            raise self.trouble
        self.kept.append(tick.seq)

    def tidy(self) -> None:
        self.tidied += 1

    def size(self) -> int:
        return 4_096

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def history() -> Scripted:
    return Scripted()


@pytest.fixture
def sink(history: Scripted, tmp_path: Path) -> HistorySink:
    return HistorySink(history.open, HISTORIES["sqlite"].read(tmp_path / "none"), queue=5)


def numbered(seq: int) -> Tick:
    return tick(observation(), seq=seq, at=AT + seq)


def test_ticks_are_kept_in_order_and_told(sink: HistorySink, history: Scripted) -> None:
    for seq in range(3):
        sink.write(numbered(seq))
        wait_until(lambda seq=seq: sink.health().written_at == AT + seq, 30, "tick")  # type: ignore[misc]
    sink.close()
    assert history.kept == [0, 1, 2]
    assert (history.opened, history.closed) == (1, 1)
    assert history.tidied == 3
    assert sink.health() == (4_096, AT + 2, 0, "")
    assert sink.dropped == 0


def test_a_slow_disk_holds_no_tick_up_and_the_oldest_are_dropped(
    sink: HistorySink, history: Scripted
) -> None:
    history.free.clear()
    sink.write(numbered(0))
    wait_until(lambda: not sink._waiting, 30, "first tick in the hands of the thread")
    started = time.monotonic()
    for seq in range(1, 21):
        sink.write(numbered(seq))
    assert time.monotonic() - started < 5
    assert sink.dropped == 15
    history.free.set()
    wait_until(lambda: len(history.kept) == 6, 30, "what waited")
    sink.close()
    assert history.kept == [0, 16, 17, 18, 19, 20]


def test_what_failed_is_tried_again_at_the_next_tick(sink: HistorySink, history: Scripted) -> None:
    history.trouble = HistoryTrouble("the disk is full")
    for seq in range(3):
        sink.write(numbered(seq))
        wait_until(lambda seq=seq: sink.health().errors > seq, 30, "error")  # type: ignore[misc]
    assert sink.health().trouble == "the disk is full"
    assert sink.dropped == 0
    history.trouble = None
    sink.write(numbered(3))
    wait_until(lambda: len(history.kept) == 4, 30, "all four ticks")
    sink.close()
    assert history.kept == [0, 1, 2, 3]
    assert sink.health().trouble == ""
    assert history.opened == 4, "the file is opened again after each failure: it may be another one"


def test_a_tick_that_cannot_be_kept_does_not_block_the_others(sink: HistorySink, history: Scripted) -> None:
    history.trouble = Unstorable("a number is too large")
    sink.write(numbered(0))
    wait_until(lambda: sink.health().errors == 1, 30, "error")
    history.trouble = None
    sink.write(numbered(1))
    wait_until(lambda: history.kept == [1], 30, "second tick")
    assert sink.dropped == 1
    sink.close()


def test_closing_writes_what_waits(sink: HistorySink, history: Scripted) -> None:
    history.free.clear()
    for seq in range(4):
        sink.write(numbered(seq))
    threading.Timer(0.05, history.free.set).start()
    sink.close()
    assert history.kept == [0, 1, 2, 3]
    assert history.closed == 1


def test_closing_takes_a_second_at_most(sink: HistorySink, history: Scripted) -> None:
    history.free.clear()
    for seq in range(4):
        sink.write(numbered(seq))
    started = time.monotonic()
    sink.close()
    assert 0.9 < time.monotonic() - started < 10
    history.free.set()
    sink._thread.join(30)
    assert history.kept == [0]
    assert sink.dropped == 3


def test_the_whole_way_from_settings_to_what_a_restart_finds(tmp_path: Path) -> None:
    settings = HistorySettings(path=str(tmp_path / "var" / "history.sqlite"))
    sink = open_history(settings)
    assert sink.relocations("spaces") == []
    sink.write(numbered(1))
    sink.close()
    again = open_history(settings)
    assert again.relocations("spaces") == [relocation()]
    again.close()


def test_a_tick_that_comes_while_another_cannot_be_written_is_not_waited_for_again(tmp_path: Path) -> None:
    path = tmp_path / "history"
    backend = HISTORIES["sqlite"]
    tried: list[int] = []

    def fails_once() -> History:
        tried.append(1)
        if len(tried) == 1:
            sink.write(numbered(1))
            raise HistoryTrouble("not now")
        return backend.write(path, Kept(1e9, 1e9, 10**9))

    sink = HistorySink(fails_once, backend.read(path))
    sink.write(numbered(0))
    wait_until(lambda: sink.health().written_at == AT + 1, 30, "both ticks")
    sink.close()


def test_a_file_that_is_taken_away_is_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "history"
    backend = HISTORIES["sqlite"]
    kept = Kept(1e9, 1e9, 10**9)
    sink = HistorySink(lambda: backend.write(path, kept), backend.read(path))
    sink.write(numbered(0))
    wait_until(lambda: sink.health().written_at == AT, 30, "first tick")
    for part in tmp_path.iterdir():
        part.unlink()
    sink.write(numbered(1))
    wait_until(lambda: sink.health().errors == 1, 30, "error")
    sink.write(numbered(2))
    wait_until(lambda: sink.health().written_at == AT + 2, 30, "third tick")
    sink.close()
    assert [s.seq for s in backend.read(path).newest("spaces", 10)][-1] == 2
