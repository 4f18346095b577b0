"""The schedule: fixed phases, one run at a time, what did not run is counted, reloads lose nothing."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Self

import apscheduler.schedulers.base
import pytest

from probes import schedule
from probes.schedule import Schedule, phase

DEADLINE = 20.0


@dataclass(frozen=True)
class Job:
    key: str
    every: float
    group: str = ""


class Runs:
    """Records when jobs ran, and lets a test hold them."""

    def __init__(self) -> None:
        self.at: dict[str, list[float]] = {}
        self.overruns: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self.held: dict[str, asyncio.Event] = {}
        self.schedule: Schedule[Job] = Schedule(self.run, self.late)

    async def run(self, job: Job) -> None:
        self.at.setdefault(job.key, []).append(time.time())
        if job.key in self.held:
            await self.held[job.key].wait()

    def late(self, job: Job, overruns: int, missed: int) -> None:
        self.overruns[job.key] += overruns
        self.missed[job.key] += missed

    def count(self, key: str) -> int:
        return len(self.at.get(key, []))

    async def until(self, key: str, count: int) -> None:
        async with asyncio.timeout(DEADLINE):
            while self.count(key) < count:
                await asyncio.sleep(0.01)


def test_phases_are_fixed_and_spread_over_the_interval() -> None:
    jobs = [Job(f"service-{i}/node/rooms", 1.0, f"service-{i}/rooms") for i in range(200)]
    phases = [phase(job) for job in jobs]
    assert phases == [phase(job) for job in jobs]
    assert all(0 <= p < 1 for p in phases)
    tenths = Counter(int(p * 10) for p in phases)
    assert len(tenths) == 10, "every tenth of the interval gets its share of jobs"


def test_jobs_of_one_group_run_together_but_not_in_the_same_instant() -> None:
    jobs = [Job(f"service/node-{i}/rooms", 1.0, "service/rooms") for i in range(64)]
    first = phase(jobs[0])
    apart = [(phase(job) - first + 0.5) % 1.0 - 0.5 for job in jobs]
    assert max(apart) - min(apart) <= 0.05
    assert len(set(apart)) == 64


def test_runs_come_at_the_phase_of_their_job_again_and_again() -> None:
    async def main() -> list[float]:
        runs = Runs()
        runs.schedule.start()
        runs.schedule.follow([Job("a", 0.2)])
        await runs.until("a", 8)
        runs.schedule.stop()
        return runs.at["a"]

    at = asyncio.run(main())
    offsets = sorted((moment - phase(Job("a", 0.2))) % 0.2 for moment in at)
    assert offsets[len(offsets) // 2] < 0.1, f"most runs start just after their phase, not {offsets}"
    numbers = [int((moment - phase(Job("a", 0.2))) / 0.2) for moment in at]
    assert len(set(numbers)) == len(numbers), "never two runs in one interval"


def test_a_run_that_takes_too_long_is_not_joined_by_another_and_counts_as_overruns() -> None:
    async def main() -> Runs:
        runs = Runs()
        runs.held["slow"] = asyncio.Event()
        runs.schedule.start()
        runs.schedule.follow([Job("slow", 0.1), Job("quick", 0.1)])
        await runs.until("quick", 10)
        assert runs.count("slow") == 1
        runs.held["slow"].set()
        await runs.until("slow", 2)
        runs.schedule.stop()
        return runs

    runs = asyncio.run(main())
    assert runs.overruns["slow"] >= 3
    assert runs.overruns["quick"] == 0


def test_runs_lost_to_a_blocked_loop_are_counted_as_missed() -> None:
    async def main() -> Runs:
        runs = Runs()
        runs.schedule.start()
        runs.schedule.follow([Job("a", 0.1)])
        await runs.until("a", 2)
        time.sleep(0.75)  # noqa: ASYNC251 - blocks the loop on purpose
        before = runs.count("a")
        await runs.until("a", before + 2)
        runs.schedule.stop()
        return runs

    assert asyncio.run(main()).missed["a"] >= 5


def test_following_another_config_keeps_what_stays_and_ends_what_goes() -> None:
    async def main() -> None:
        runs = Runs()
        runs.schedule.start()
        runs.schedule.follow([Job("stays", 0.1), Job("goes", 0.1)])
        await runs.until("goes", 1)
        await runs.until("stays", 1)
        runs.schedule.follow([Job("stays", 0.1), Job("comes", 0.1)])
        gone = runs.count("goes")
        await runs.until("comes", 3)
        await runs.until("stays", 3)
        assert runs.count("goes") == gone
        runs.schedule.stop()

    asyncio.run(main())


def test_a_job_with_a_long_interval_runs_once_soon_after_the_start() -> None:
    async def main() -> None:
        runs = Runs()
        runs.schedule.start()
        runs.schedule.follow([Job("hourly", 3600.0)])
        await runs.until("hourly", 1)
        runs.schedule.stop()

    asyncio.run(main())


def test_a_job_that_is_gone_does_not_have_its_first_run_either() -> None:
    async def main() -> None:
        runs = Runs()
        runs.schedule.start()
        gone = [Job(f"gone-{i}", 3600.0) for i in range(20)]
        stays = [Job(f"stays-{i}", 3600.0) for i in range(20)]
        runs.schedule.follow(gone + stays)
        runs.schedule.follow(stays)
        for job in stays:
            await runs.until(job.key, 1)
        runs.schedule.follow([Job("other", 0.1)])
        await runs.until("other", 12)  # a second, within which first runs are spread
        assert runs.at.keys() == {"other", *(job.key for job in stays)}
        runs.schedule.stop()

    asyncio.run(main())


class SetClock:
    """A wall clock that a test sets, for the schedule and for the scheduler below it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        clock = self

        class Moment(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                return cls.fromtimestamp(clock.time(), tz)

        monkeypatch.setattr(apscheduler.schedulers.base, "datetime", Moment)
        monkeypatch.setattr(schedule, "time", self)

    def time(self) -> float:
        return time.time() + self.ahead

    def monotonic(self) -> float:
        return time.monotonic()


def test_runs_go_on_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SetClock(monkeypatch)

    async def main() -> None:
        runs = Runs()
        runs.schedule.start()
        runs.schedule.follow([Job("a", 0.1)])
        await runs.until("a", 3)
        clock.ahead = -3600.0
        runs.schedule.look_at_the_clock()
        await runs.until("a", runs.count("a") + 5)
        assert runs.missed["a"] < 3600, "an hour that was not is not missed; a busy machine may miss some"
        clock.ahead -= 0.5  # a small correction is waited for
        runs.schedule.look_at_the_clock()
        await runs.until("a", runs.count("a") + 5)
        runs.schedule.stop()

    asyncio.run(main())
