"""Starts the prober process, hears what it says, and starts it again when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import Callable

import msgspec
import structlog

from dashboard.children import module_command, module_environment
from probes.link import (
    TO_WEB,
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
from probes.notice import Notice
from probes.settings import ConfigText
from probes.timeline.words import Word
from probes.watching.rulings import Ruling

_ANSWER_SECONDS = 10.0
_END_SECONDS = 1.0
_STUCK_SECONDS = 30.0
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_HEALTHY_AFTER = 10.0
"""A prober that lived so long (s) is started again without a pause growing from before."""

_log = structlog.get_logger()


class ProberAway(Exception):
    """The prober did not answer: it is being started, or ended meanwhile."""


class ProberSilent(ProberAway):
    """It did not answer in time, and may yet."""


class Supervisor:
    """Owns the prober process. `on_tick` gets what it shows; `on_restart` is told when it begins again."""

    def __init__(
        self, config: ConfigText, on_tick: Callable[[Shown], None], on_restart: Callable[[], None]
    ) -> None:
        self._config = config
        self._on_tick = on_tick
        self._on_restart = on_restart
        self._calls = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Done | Rooms]] = {}
        self._link: Link[ToProber, ToWeb] | None = None

    async def run(self) -> None:
        """Keep a prober alive until cancelled; then end it and wait for its end."""
        pause = _FIRST_PAUSE
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            why = await self._live_once()
            if loop.time() - started > _HEALTHY_AFTER:
                pause = _FIRST_PAUSE
            self._on_restart()
            _log.error("the prober ended and is started again", why=why, in_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _live_once(self) -> str:
        """The life of one prober. Returns how it ended."""
        try:
            ours, theirs = socket.socketpair()
            with ours:
                with theirs:
                    process = await _start(theirs)
                try:
                    await self._lead(ours)
                finally:
                    await _end(process)
        except (OSError, msgspec.MsgspecError) as error:
            return f"{type(error).__name__}: {error}"
        return f"exit code {process.returncode}"

    async def _lead(self, end: socket.socket) -> None:
        link: Link[ToProber, ToWeb] = await Link.open(end, TO_WEB)
        self._link = link
        try:
            link.send(self._configure(self._config))
            await self._listen(link)
        finally:
            self._link = None
            self._give_up_calls()
            await link.close()

    async def _listen(self, link: Link[ToProber, ToWeb]) -> None:
        """Until the prober ends, or has been silent for so long that it must be stuck."""
        messages = aiter(link)
        while True:
            try:
                # Not `wait_for`: in Python 3.11 it forgets to be cancelled if a message comes just then.
                async with asyncio.timeout(_STUCK_SECONDS):
                    message = await anext(messages)
                self._hear(message)
            except StopAsyncIteration:
                return
            except TimeoutError:
                _log.error("the prober is stuck and is ended", silent_seconds=_STUCK_SECONDS)
                return

    def _configure(self, config: ConfigText) -> Configure:
        return Configure(
            call=next(self._calls), text=config.text, name=config.name, folder=str(config.folder)
        )

    def _hear(self, message: ToWeb) -> None:
        match message:
            case Shown():
                self._on_tick(message)
            case Done() | Rooms():
                waiting = self._answers.pop(message.call, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
                elif isinstance(message, Done) and message.error:
                    _log.error("the prober refused its config", reason=message.error)

    def _give_up_calls(self) -> None:
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(ProberAway("the prober ended meanwhile; try again in a second"))
        self._answers.clear()

    async def reload(self, config: ConfigText) -> str:
        """Let the prober follow another config, now or as soon as it can. Returns why it would not, or "".

        Raises ProberAway where it ended over it: then the old config goes on.
        """
        if self._link is not None:
            message = self._configure(config)
            try:
                answer = await self._call(message.call, message)
            except ProberSilent:
                _log.warning("the prober is busy and follows the new config later")
            else:
                if isinstance(answer, Done) and answer.error:
                    return answer.error
        self._config = config
        return ""

    async def rooms(self, service: str, after: str, limit: int) -> Rooms:
        """A page of all rooms of a service. Raises ProberAway."""
        call = next(self._calls)
        answer = await self._call(call, ListRooms(call=call, service=service, after=after, limit=limit))
        if not isinstance(answer, Rooms):
            raise ProberAway("the prober could not list its rooms")
        return answer

    async def rule(self, service: str, ruling: Ruling) -> str:
        """Carry out an operator's word. Returns why that cannot be, or "". Raises ProberAway."""
        call = next(self._calls)
        answer = await self._call(call, Rule(call=call, service=service, ruling=ruling))
        return answer.error if isinstance(answer, Done) else ""

    async def tell(self, word: Word) -> str:
        """A word for the timeline. Returns why that cannot be, or "". Raises ProberAway."""
        call = next(self._calls)
        answer = await self._call(call, Tell(call=call, word=word))
        return answer.error if isinstance(answer, Done) else ""

    def notice(self, service: str, notice: Notice) -> None:
        """Hand on what a service told by itself. Raises ProberAway where the prober cannot take it now."""
        if self._link is None or not self._link.offer(Noticed(service, notice)):
            raise ProberAway("the prober cannot take it now; try again in a second")

    async def _call(self, number: int, message: ToProber) -> Done | Rooms:
        if self._link is None:
            raise ProberAway("the prober is being started; try again in a second")
        waiting: asyncio.Future[Done | Rooms] = asyncio.get_running_loop().create_future()
        self._answers[number] = waiting
        self._link.send(message)
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await waiting
        except TimeoutError:
            raise ProberSilent(f"the prober did not answer within {_ANSWER_SECONDS:g} s") from None
        finally:
            self._answers.pop(number, None)


async def _start(end: socket.socket) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *module_command("probes.process", str(end.fileno())),
        env=module_environment(),
        pass_fds=[end.fileno()],
        stdin=asyncio.subprocess.DEVNULL,
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    """The closed link ends it; a prober that is stuck is killed."""
    try:
        async with asyncio.timeout(_END_SECONDS):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
