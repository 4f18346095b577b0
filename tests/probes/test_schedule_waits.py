"""The schedule where services say how soon they may be asked again, in a time that a test runs through."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from probes.schedule import Schedule, phase
from tests.probes.test_schedule import Job, SetClock

START = 1_700_000_000.0


class QuickLoop(asyncio.SelectorEventLoop):
    """An event loop that does not wait: where nothing is to do, its time jumps to what comes next."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        select = self._selector.select

        def jump(timeout: float | None = None) -> object:
            self.now += timeout or 0.0
            return select(0)

        self._selector.select = jump

    def time(self) -> float:
        return self.now


class Clock(SetClock):
    """The clocks of the schedule and of the scheduler below it, which go with the loop's time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.loop = QuickLoop()
        self.ahead = START

    def time(self) -> float:
        return self.loop.now + self.ahead

    def monotonic(self) -> float:
        return self.loop.now


class Runs:
    """When jobs ran, and what each of their runs asks for."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.at: dict[str, list[float]] = {}
        self.next_in: Callable[[str, int], float | None] = lambda key, run: None
        self.seconds = 0.0
        self.late: list[tuple[str, int, int]] = []
        self.schedule: Schedule[Job] = Schedule(
            self.run, lambda job, overruns, missed: self.late.append((job.key, overruns, missed))
        )

    async def run(self, job: Job) -> float | None:
        at = self.at.setdefault(job.key, [])
        at.append(self.clock.monotonic())
        await asyncio.sleep(self.seconds)
        return self.next_in(job.key, len(at))

    def gaps(self, key: str = "a") -> list[float]:
        at = self.at[key]
        return [round(later - earlier, 2) for earlier, later in itertools.pairwise(at)]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def play(clock: Clock, story: Callable[[Runs], Coroutine[Any, Any, None]]) -> Runs:
    async def main() -> Runs:
        runs = Runs(clock)
        runs.schedule.start()
        await story(runs)
        runs.schedule.stop()
        return runs

    with asyncio.Runner(loop_factory=lambda: clock.loop) as runner:
        return runner.run(main())


def test_a_run_that_asks_for_a_wait_is_followed_by_none_sooner(clock: Clock) -> None:
    async def story(runs: Runs) -> None:
        runs.next_in = lambda key, run: 12.0 if key == "slowed" else None
        runs.schedule.follow([Job("slowed", 5.0), Job("other", 5.0)])
        await asyncio.sleep(120)

    runs = play(clock, story)
    assert set(runs.gaps("slowed")) == {12.0}
    assert set(runs.gaps("other")[1:]) == {5.0}
    assert runs.late == [], "what is put off is neither late nor missed"


def test_without_a_wait_it_goes_back_to_its_phase(clock: Clock) -> None:
    async def story(runs: Runs) -> None:
        runs.next_in = lambda key, run: 3.3 if run in (4, 5) else None
        runs.schedule.follow([Job("a", 1.0)])
        await asyncio.sleep(20)

    runs = play(clock, story)
    assert runs.gaps()[3:5] == [3.3, 3.3]
    assert 0.5 <= runs.gaps()[5] < 1.5, "no two runs in one breath"
    assert set(runs.gaps()[6:]) == {1.0}
    assert {round((START + at - phase(Job("a", 1.0))) % 1.0, 2) % 1.0 for at in runs.at["a"][6:]} == {0.0}
    assert runs.late == []


def test_a_wait_within_the_interval_changes_nothing(clock: Clock) -> None:
    async def story(runs: Runs) -> None:
        runs.next_in = lambda key, run: 0.5
        runs.schedule.follow([Job("a", 1.0)])
        await asyncio.sleep(10)

    assert set(play(clock, story).gaps()) == {1.0}


def test_the_wait_counts_from_the_end_of_a_run(clock: Clock) -> None:
    async def story(runs: Runs) -> None:
        runs.seconds = 0.9
        runs.next_in = lambda key, run: 2.0
        runs.schedule.follow([Job("a", 1.0)])
        await asyncio.sleep(20)

    runs = play(clock, story)
    assert set(runs.gaps()) == {2.9}
    assert runs.late == []


def test_runs_lost_after_a_wait_still_count(clock: Clock) -> None:
    async def story(runs: Runs) -> None:
        runs.next_in = lambda key, run: 5.0 if run == 2 else None
        runs.schedule.follow([Job("a", 1.0)])
        await asyncio.sleep(3)
        runs.seconds = 4.5
        await asyncio.sleep(20)

    runs = play(clock, story)
    assert sum(overruns for _, overruns, _ in runs.late) >= 8
    assert sum(missed for _, _, missed in runs.late) == 0


def test_the_run_soon_after_a_start_is_put_off_like_the_others(clock: Clock) -> None:
    """Jobs with a long interval have it; whichever run comes first, the wait holds for the other."""

    async def story(runs: Runs) -> None:
        runs.next_in = lambda key, run: 30.0
        runs.schedule.follow([Job(f"job-{i}", 3.0) for i in range(50)])
        await asyncio.sleep(100)

    runs = play(clock, story)
    assert all(set(runs.gaps(key)) == {30.0} for key in runs.at)
    assert len(runs.at) == 50


def test_a_reload_does_not_ask_sooner(clock: Clock) -> None:
    async def story(runs: Runs) -> None:
        runs.next_in = lambda key, run: 60.0
        runs.schedule.follow([Job("a", 1.0)])
        await asyncio.sleep(10)
        runs.schedule.follow([Job("a", 1.0), Job("b", 1.0)])
        await asyncio.sleep(10)
        runs.schedule.follow([Job("a", 2.0)])
        await asyncio.sleep(60)

    runs = play(clock, story)
    assert runs.gaps("a") == [60.0]
    assert len(runs.at["b"]) == 1
    assert runs.late == []


def test_what_stays_over_a_reload_keeps_its_phase_and_misses_nothing(clock: Clock) -> None:
    async def story(runs: Runs) -> None:
        runs.schedule.follow([Job("a", 1.0), Job("goes", 1.0)])
        await asyncio.sleep(5)
        runs.schedule.follow([Job("a", 1.0), Job("comes", 1.0)])
        await asyncio.sleep(5)

    runs = play(clock, story)
    assert set(runs.gaps("a")) == {1.0}
    assert runs.late == []


def test_a_reload_while_a_run_that_was_put_off_goes_on_finds_nothing_missed(clock: Clock) -> None:
    """The put-off run starts 0.45 s after the phase, and the next phase after the reload is 1.55 s later."""

    async def story(runs: Runs) -> None:
        runs.seconds = 0.9
        runs.next_in = lambda key, run: 1.55 if run == 1 else None
        runs.schedule.follow([Job("a", 1.0)])
        while len(runs.at.get("a", [])) < 2:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.6)
        runs.schedule.follow([Job("a", 1.0)])
        await asyncio.sleep(5)

    runs = play(clock, story)
    assert runs.gaps()[:2] == [2.45, 1.55]
    assert runs.late == []


def test_a_job_that_comes_back_starts_afresh(clock: Clock) -> None:
    async def story(runs: Runs) -> None:
        runs.next_in = lambda key, run: 600.0
        runs.schedule.follow([Job("a", 1.0)])
        await asyncio.sleep(10)
        runs.schedule.follow([])
        runs.schedule.follow([Job("a", 1.0)])
        await asyncio.sleep(10)

    assert len(play(clock, story).at["a"]) == 2


def test_a_job_that_goes_while_it_runs_is_not_planned_again(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(runs: Runs) -> None:
        runs.seconds = 2.0
        runs.next_in = lambda key, run: 10.0
        runs.schedule.follow([Job("a", 1.0)])
        await asyncio.sleep(1.5)
        runs.schedule.follow([])
        await asyncio.sleep(60)

    assert len(play(clock, story).at["a"]) == 1
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("set_by", [-3600.0, -5.0])
def test_a_clock_that_is_set_back_neither_ends_nor_stretches_the_wait(clock: Clock, set_by: float) -> None:
    async def story(runs: Runs) -> None:
        runs.next_in = lambda key, run: 20.0
        runs.schedule.follow([Job("a", 1.0)])
        await asyncio.sleep(10)
        clock.ahead += set_by
        runs.schedule.look_at_the_clock()
        await asyncio.sleep(90)

    runs = play(clock, story)
    assert set(runs.gaps()) == {20.0}
    assert runs.late == []
