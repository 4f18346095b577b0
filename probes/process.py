"""The prober process: schedule, watches and sinks, led by the web process over the link."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import structlog

from probes.alerting.firing import Firing
from probes.alerting.own import OwnAlerts
from probes.cadence import Cadence
from probes.config.alertmanager import AlertmanagerSettings
from probes.history import HistorySink, Reader, open_history, open_reader
from probes.http import Http
from probes.lag import LoopLag
from probes.link import (
    TO_PROBER,
    Configure,
    Done,
    Link,
    ListRooms,
    Noticed,
    Rooms,
    Rule,
    Shown,
    Tell,
    ToProber,
    ToWeb,
)
from probes.logs import configure_logs
from probes.metrics import Metrics
from probes.model import JOIN, POLL, Observation, Relocation
from probes.pipeline import UNWRITABLE, Sink, Tick
from probes.roster import Opened, roster
from probes.runner import Probe, run
from probes.schedule import Schedule
from probes.settings import BadConfig, Config, HistorySettings, parse
from probes.state.before import how_it_was
from probes.state.steady import Verdict
from probes.timeline.timeline import MOST_RESTORED, RESTORED_SECONDS, Timeline
from probes.timeline.words import Word
from probes.watch import Watch, cursor

SEQ_A_SECOND = 20
"""Frames are numbered by wall time in twentieths of a second: numbers grow across restarts, and
those of replicas can be compared, whatever the tick."""

RESOLVERS = 128
"""How many host names are resolved at once."""

GIL_SECONDS = 0.001
"""For how long a thread may keep the loop waiting that reads or observes a large answer. Python's own
5 ms add up: the loop asks anew after each call of the system."""

GC_THRESHOLDS = (700, 10, 1000)
"""Looking for garbage among all there is holds every thread, 50 ms at 100,000 rooms, and next to none is
found: things here are freed as soon as nothing names them. A hundredth as often is enough."""

P = ParamSpec("P")
T = TypeVar("T")

_log = structlog.get_logger()


class LinkSink:
    """Sends each tick to the web process, with the metrics that were rendered for it.

    A tick that cannot be encoded is dropped and counted, as one that nobody reads.
    """

    def __init__(self, link: Link[ToWeb, ToProber], metrics: Metrics, lag: LoopLag) -> None:
        self._link = link
        self._metrics = metrics
        self._lag = lag

    def write(self, tick: Tick) -> None:
        try:
            self._link.offer(Shown(tick=tick, metrics=self._metrics.text, lag=self._lag.read()))
        except UNWRITABLE as error:
            self._link.dropped += 1
            _log.error("a tick cannot be sent to the web process", why=str(error))


class Prober:
    """Polls and joins what the config names, and sends what it learns to every sink, once a tick.

    What the watches learn and tell is worked out in one thread, one after the other:
    100,000 rooms take it a tenth of a second, in which the loop goes on.
    """

    def __init__(self, link: Link[ToWeb, ToProber]) -> None:
        self._link = link
        self._http = Http()
        self._lag = LoopLag()
        self._metrics = Metrics()
        self._watches: dict[str, Watch] = {}
        self._alerts = OwnAlerts()
        self._timeline = Timeline(AlertmanagerSettings())
        self._opened: Opened = {}
        self._watching = ThreadPoolExecutor(1, thread_name_prefix="watch")
        self._schedule: Schedule[Probe] = Schedule(self._probe, self._late)
        self._cadence: Cadence | None = None
        self._tasks = asyncio.TaskGroup()
        self._showing: list[asyncio.Task[None]] = []
        self._last_seq = 0
        self._were: dict[str, Verdict] = {}
        self._history: HistorySink | None = None
        self._history_settings: HistorySettings | None = None
        self._sinks: list[Sink] = []

    async def run(self) -> None:
        """Follow the web process's orders until the link is closed."""
        self._schedule.start()
        try:
            # A task that breaks ends the process, and the web process starts another.
            async with self._tasks:
                others = [self._tasks.create_task(self._lag.run())]
                async for message in self._link:
                    await self._obey(message)
                for task in [*others, *self._showing]:
                    task.cancel()
        finally:
            self._schedule.stop()
            if self._history is not None:
                self._history.close()
            self._watching.shutdown(wait=False, cancel_futures=True)
            await self._http.close()

    async def _aside(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask or tell a watch, in the thread that alone does so."""
        return await asyncio.get_running_loop().run_in_executor(
            self._watching, partial(call, *args, **kwargs)
        )

    async def _obey(self, message: ToProber) -> None:
        match message:
            case Configure():
                self._link.send(Done(call=message.call, error=await self._configure(message)))
            case ListRooms():
                self._link.send(await self._list_rooms(message))
            case Rule():
                self._link.send(Done(call=message.call, error=await self._rule(message)))
            case Noticed():
                await self._notice(message)
            case Tell():
                self._link.send(Done(call=message.call, error=self._take(message.word)))

    async def _rule(self, message: Rule) -> str:
        watch = self._watches.get(message.service)
        if watch is None:
            return f"no service has the name {message.service}"
        error = await self._aside(watch.rule, message.ruling, time.time())
        if self._cadence is not None and not error:
            self._cadence.news()
        return error

    async def _notice(self, message: Noticed) -> None:
        watch = self._watches.get(message.service)
        changed = watch is not None and await self._aside(watch.notice, message.notice)
        if changed and self._cadence is not None:
            self._cadence.news()

    def _take(self, word: Word) -> str:
        error = self._timeline.take(word, time.time())
        if self._cadence is not None and not error:
            self._cadence.news()
        return error

    async def _list_rooms(self, message: ListRooms) -> Rooms:
        watch = self._watches.get(message.service)
        if watch is None:
            return Rooms(call=message.call, rooms=[], total=0, next="")
        rooms, total = await self._aside(watch.rooms, message.after, message.limit, time.time())
        more = cursor(rooms[-1]) if len(rooms) == message.limit else ""
        return Rooms(call=message.call, rooms=rooms, total=total, next=more)

    async def _configure(self, message: Configure) -> str:
        """Take over a new config, or leave everything as it is and say why."""
        try:
            config = parse(message.text, message.name, Path(message.folder))
        except BadConfig as error:
            return str(error)
        probes = roster(config, self._http, self._opened)
        self._timeline.follow(config.alertmanager)
        self._keep_history(config.history)
        await self._follow_services(config)
        self._alerts.follow(config.objectives, {s.name: s.audience for s in config.services})
        self._metrics.watch((p.service, p.node, p.name, p.name == JOIN) for p in probes)
        self._schedule.follow(probes)
        self._show_every(config.tick)
        return ""

    def _show_every(self, tick: float) -> None:
        if self._cadence is None:
            self._cadence = Cadence(self._show, tick)
            self._showing = [self._tasks.create_task(self._cadence.run())]
        self._cadence.tick = tick

    def _keep_history(self, settings: HistorySettings) -> None:
        if settings == self._history_settings:
            return
        if self._history is not None:
            self._history.close()
        if self._history_settings is None:  # later ones take over what is known
            self._restore(open_reader(settings), time.time())
        self._history = open_history(settings)
        self._history_settings = settings
        self._sinks = [self._metrics, self._history, LinkSink(self._link, self._metrics, self._lag)]

    def _restore(self, reader: Reader, at: float) -> None:
        self._timeline.restore(reader.timeline(at - RESTORED_SECONDS, at + 1.0, MOST_RESTORED), at)
        self._were = how_it_was(reader, at)

    async def _follow_services(self, config: Config) -> None:
        kept: dict[str, Watch] = {}
        for service in config.services:
            watch = self._watches.get(service.name)
            if watch is None or watch.kind != service.kind:
                restored = self._seen_before(service.name)
                watch = Watch(service, config.objectives, restored, self._were.pop(service.name, None))
            else:
                await self._aside(watch.follow, service, config.objectives)
            kept[service.name] = watch
        self._watches = kept

    def _seen_before(self, service: str) -> list[Relocation]:
        return self._history.relocations(service) if self._history is not None else []

    async def _probe(self, probe: Probe) -> float | None:
        """One run; gives the seconds within which there is to be no other."""
        result = await run(probe)
        watch = self._watches.get(result.service)
        if watch is None:
            return None  # a reload took the service away while the probe was running
        await self._aside(watch.observe, result)
        self._metrics.record(result)
        if self._cadence is not None and probe.name == POLL:
            self._cadence.news()
        return result.next_in

    def _late(self, probe: Probe, overruns: int, missed: int) -> None:
        self._metrics.late(probe.service, probe.node, probe.name, overruns, missed)
        watch = self._watches.get(probe.service)
        if watch is not None:
            self._watching.submit(watch.late, probe.node, probe.name, overruns, missed)

    async def _show(self) -> None:
        self._schedule.look_at_the_clock()
        at = time.time()
        # Numbers go on growing after the clock was set back.
        self._last_seq = seq = max(int(at * SEQ_A_SECOND), self._last_seq + 1)
        observations, firing = await self._aside(_seen, list(self._watches.values()), self._alerts, at)
        self._tell_metrics()
        self._timeline.see(firing, at)
        alerts, notes = self._timeline.alerts(at), self._timeline.notes()
        tick = Tick(seq=seq, at=at, observations=observations, alerts=alerts, notes=notes)
        for sink in self._sinks:
            sink.write(tick)

    def _tell_metrics(self) -> None:
        """What sinks dropped since the last tick, and how the history is."""
        if self._history is not None:
            self._metrics.history(self._history.health())
            self._metrics.dropped("history", self._history.dropped)
        self._metrics.dropped("link", self._link.dropped)


def _seen(
    watches: Iterable[Watch], alerts: OwnAlerts, at: float
) -> tuple[tuple[Observation, ...], tuple[Firing, ...]]:
    observations = tuple(watch.observation(at) for watch in watches)
    return observations, alerts.look(observations, at)


async def _main(descriptor: int) -> None:
    # Only names are resolved there; a silent name server holds a thread for each host that it is asked for.
    asyncio.get_running_loop().set_default_executor(
        ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolve")
    )
    link: Link[ToWeb, ToProber] = await Link.open(socket.socket(fileno=descriptor), TO_PROBER)
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await Prober(link).run()
    await link.close()


def main() -> None:
    """`python -m probes.process DESCRIPTOR`: started by the web process, never by hand."""
    # Ctrl-C and a terminal's end reach the whole group; the web process ends this one by closing the link.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    configure_logs()
    sys.setswitchinterval(GIL_SECONDS)
    gc.set_threshold(*GC_THRESHOLDS)
    asyncio.run(_main(int(sys.argv[1])))
    gc.freeze()  # else the interpreter looks for garbage before it ends


if __name__ == "__main__":
    main()
