"""PNG of panels: made when somebody asks, by a process beside, and good for some seconds."""

from __future__ import annotations

import asyncio
import os
import select
import subprocess
import time

import structlog

from dashboard.children import module_command, module_environment
from dashboard.public.facts import Facts
from dashboard.public.panels.embed import to_paint
from dashboard.public.panels.painting import LENGTH
from dashboard.public.ready import Ready, ready

GOOD_FOR = 5.0
"""Seconds for which a picture is not made again, whoever asks."""

_PATIENCE = 10.0
_CACHE = f"public, max-age={GOOD_FOR:.0f}, stale-while-revalidate=30, stale-if-error=86400"

UNPAINTED = ready(
    "This picture cannot be painted now. Try again in a second.\n",
    "text/plain; charset=utf-8",
    503,
    Cache_Control="no-store",
    Retry_After="1",
)
"""What a proxy keeps the last picture for."""

_log = structlog.get_logger()


class Painter:
    """The painting process: started by the first picture, and again after it failed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def paint(self, svg: str) -> bytes:
        """The picture as PNG, or nothing. Blocks; one at a time."""
        try:
            process = self._process = self._process or self._start()
            body = svg.encode()
            os.write(process.stdin.fileno(), LENGTH.pack(len(body)) + body)  # type: ignore[union-attr]
            (length,) = LENGTH.unpack(self._read(process, LENGTH.size))
            return self._read(process, length)
        except OSError as error:
            _log.error("a picture of a panel could not be made", reason=str(error))
            self.close()
            return b""

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            module_command("dashboard.public.panels.painting"),
            env=module_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the web process, whose end is the end of its input
        )

    def _read(self, process: subprocess.Popen[bytes], length: int) -> bytes:
        """So many bytes. Raises OSError where they do not come."""
        body = b""
        until = time.monotonic() + _PATIENCE
        output = process.stdout.fileno()  # type: ignore[union-attr]
        while len(body) < length:
            waited = select.select([output], [], [], max(until - time.monotonic(), 0.0))
            chunk = os.read(output, length - len(body)) if waited[0] else b""
            if not chunk:
                raise OSError("the painting process ended" if waited[0] else "it took too long")
            body += chunk
        return body

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


class Pictures:
    """The pictures that were asked for lately."""

    def __init__(self) -> None:
        self._painter = Painter()
        self._one = asyncio.Lock()
        self._made: dict[str, tuple[float, Ready]] = {}
        self._making: dict[str, asyncio.Task[Ready | None]] = {}

    def at_hand(self, path: str) -> Ready | None:
        """The PNG at `path` where it is still good."""
        at, made = self._made.get(path, (0.0, None))
        return made if time.monotonic() - at < GOOD_FOR else None

    async def answer(self, path: str, facts: Facts) -> Ready | None:
        """The PNG at `path`, made now; None where nothing public is there."""
        task = self._making.get(path)
        if task is None:
            task = self._making[path] = asyncio.create_task(self._make(path, facts))
            task.add_done_callback(lambda _: self._making.pop(path, None))
        return await asyncio.shield(task)

    async def _make(self, path: str, facts: Facts) -> Ready | None:
        async with self._one:
            made = await asyncio.to_thread(self._paint, path, facts)
        now = time.monotonic()
        self._made = {each: kept for each, kept in self._made.items() if now - kept[0] < GOOD_FOR}
        if made is not None and made is not UNPAINTED:
            self._made[path] = (now, made)
        return made

    def _paint(self, path: str, facts: Facts) -> Ready | None:
        svg = to_paint(path, facts)
        if svg is None:
            return None
        picture = self._painter.paint(svg)
        return ready(picture, "image/png", Cache_Control=_CACHE) if picture else UNPAINTED

    def close(self) -> None:
        """End the painting process; a picture that is being made is none."""
        self._painter.close()
