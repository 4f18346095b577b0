"""The supervisor with real probers: deaths, silence, reloads at the worst moment, and its own end."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import psutil
import pytest
import yaml

from dashboard import children, supervisor
from dashboard.supervisor import ProberAway, Supervisor
from probes.link import Shown
from probes.pipeline import Tick
from probes.settings import ConfigText
from tests.product import PATIENCE, is_running

REFUSING = "http://127.0.0.1:9"


def config(folder: Path, *names: str, text: str = "") -> ConfigText:
    document = {
        "tick": "100ms",
        "history": {"path": str(folder / "history.sqlite")},
        "services": [
            {"name": n, "kind": "http-json", "url": REFUSING, "rooms": {"list": "x"}} for n in names
        ],
    }
    return ConfigText(text or yaml.safe_dump(document), "roomwatch.yaml", folder)


class Watched:
    """A running supervisor, and what it was told."""

    def __init__(self, first: ConfigText) -> None:
        self.ticks: list[list[str]] = []
        self.restarts = 0
        self.supervisor = Supervisor(first, self._tick, self._restart)

    def _tick(self, shown: Shown) -> None:
        self.ticks.append([observation.name for observation in shown.tick.observations])

    def _restart(self) -> None:
        self.restarts += 1

    async def until_shown(self, *names: str) -> None:
        """Until a tick from now on shows just these services."""
        seen = len(self.ticks)
        await until(lambda: [*names] in self.ticks[seen:], f"tick with {names}")

    @property
    def prober(self) -> psutil.Process:
        return next(c for c in psutil.Process().children() if "probes.process" in c.cmdline())


async def until(condition: Callable[[], object], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise TimeoutError(f"there is still no {what}") from None


@asynccontextmanager
async def running(first: ConfigText) -> AsyncIterator[Watched]:
    watched = Watched(first)
    task = asyncio.create_task(watched.supervisor.run())
    try:
        yield watched
    finally:
        children = psutil.Process().children()
        task.cancel()
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(task, return_exceptions=True)
        assert not [c for c in children if "probes.process" in _command(c) and is_running(c)]


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def test_a_reload_before_the_prober_is_there_is_what_it_starts_with(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(config(tmp_path, "a")) as watched:
            assert await watched.supervisor.reload(config(tmp_path, "b")) == ""
            await watched.until_shown("b")
            assert ["a"] not in watched.ticks

    asyncio.run(main())


def test_a_killed_prober_is_started_again_with_the_config_of_now(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(config(tmp_path, "a")) as watched:
            await watched.until_shown("a")
            assert await watched.supervisor.reload(config(tmp_path, "a", "b")) == ""
            watched.prober.kill()
            await until(lambda: watched.restarts == 1, "restart")
            await watched.until_shown("a", "b")
            watched.prober.terminate()
            await until(lambda: watched.restarts == 2, "restart")
            await watched.until_shown("a", "b")

    asyncio.run(main())


def test_a_refused_config_changes_nothing_now_or_at_the_next_start(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(config(tmp_path, "a")) as watched:
            await watched.until_shown("a")
            told = await watched.supervisor.reload(config(tmp_path, text="services: 5"))
            assert told.startswith("roomwatch.yaml:1: ")
            await watched.until_shown("a")
            watched.prober.kill()
            await until(lambda: watched.restarts == 1, "restart")
            await watched.until_shown("a")

    asyncio.run(main())


def test_a_prober_that_dies_over_a_reload_leaves_the_old_config(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(config(tmp_path, "a")) as watched:
            await watched.until_shown("a")
            prober = watched.prober
            prober.suspend()
            asked = asyncio.create_task(watched.supervisor.reload(config(tmp_path, "b")))
            listed = asyncio.create_task(watched.supervisor.rooms("a", "", 10))
            await asyncio.sleep(0)
            prober.kill()
            for call in (asked, listed):
                with pytest.raises(ProberAway, match="try again in a second"):
                    await call
            await watched.until_shown("a")

    asyncio.run(main())


def test_a_busy_prober_follows_a_reload_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_ANSWER_SECONDS", 0.2)

    async def main() -> None:
        async with running(config(tmp_path, "a")) as watched:
            await watched.until_shown("a")
            watched.prober.suspend()
            assert await watched.supervisor.reload(config(tmp_path, "b")) == ""
            with pytest.raises(ProberAway, match=r"did not answer within 0\.2 s"):
                await watched.supervisor.rooms("a", "", 10)
            watched.prober.resume()
            await watched.until_shown("b")
            assert watched.restarts == 0

    asyncio.run(main())


def test_a_stuck_prober_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patience = supervisor._STUCK_SECONDS

    async def main() -> None:
        async with running(config(tmp_path, "a")) as watched:
            await watched.until_shown("a")
            stuck = watched.prober
            monkeypatch.setattr(supervisor, "_STUCK_SECONDS", 3.0)
            await watched.until_shown("a")  # from here on it is waited for so long
            stuck.suspend()
            await until(lambda: not is_running(stuck), "end of the stuck prober")
            # The next one may take longer than that to start.
            monkeypatch.setattr(supervisor, "_STUCK_SECONDS", patience)
            await until(lambda: watched.restarts == 1, "restart")
            await watched.until_shown("a")

    asyncio.run(main())


def test_the_end_waits_for_no_stuck_prober_whatever_waits_for_it(tmp_path: Path) -> None:
    """More questions than the socket holds: they must not be waited for at the end."""

    async def main() -> float:
        async with running(config(tmp_path, "a")) as watched:
            await watched.until_shown("a")
            watched.prober.suspend()
            calls = [asyncio.create_task(watched.supervisor.rooms("a" * 500, "", 10)) for _ in range(3000)]
            await asyncio.sleep(0.1)
            began = asyncio.get_running_loop().time()
        assert all(isinstance(e, ProberAway) for e in await asyncio.gather(*calls, return_exceptions=True))
        return asyncio.get_running_loop().time() - began

    seconds = asyncio.run(main())
    print(f"it ended after {seconds:.2f} s")
    assert seconds < 10


TALKATIVE = """
import socket, sys
end, body = socket.socket(fileno=int(sys.argv[1])), bytes.fromhex("{body}")
try:
    while True:
        end.sendall((len(body).to_bytes(4, "big") + body) * 100)
except ConnectionError:
    pass
"""


def test_the_end_is_heeded_while_messages_come_without_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick = Shown(tick=Tick(seq=1, at=1.0, observations=()), metrics=b"", lag=0.0)
    program = TALKATIVE.format(body=msgspec.msgpack.encode(tick).hex())
    monkeypatch.setattr(
        supervisor, "module_command", lambda *given: [sys.executable, "-c", program, given[1]]
    )

    async def main() -> None:
        async with running(config(tmp_path, "a")) as watched:
            await until(lambda: len(watched.ticks) > 100, "messages")

    for _ in range(5):
        asyncio.run(main())


@pytest.mark.parametrize(
    "command",
    [
        ["/no/such/program"],
        [sys.executable, "-c", "raise SystemExit(3)"],
        [sys.executable, "-c", "import os, sys; os.write(int(sys.argv[1]), b'\\0\\0\\0\\4oops')"],
        [sys.executable, "-c", "import os, sys; os.write(int(sys.argv[1]), b'\\xff\\xff\\xff\\xffoops')"],
    ],
    ids=["cannot be started", "ends at once", "garbage", "endless message"],
)
def test_a_prober_that_is_broken_is_tried_again_until_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    real = children.module_command
    monkeypatch.setattr(supervisor, "module_command", lambda *_: [*command, *_[1:]])

    async def main() -> None:
        async with running(config(tmp_path, "a")) as watched:
            await until(lambda: watched.restarts == 2, "second try")
            assert await watched.supervisor.reload(config(tmp_path, "b")) == ""
            monkeypatch.setattr(supervisor, "module_command", real)
            await watched.until_shown("b")

    asyncio.run(main())


def test_signals_of_a_terminal_are_for_the_web_process(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(config(tmp_path, "a")) as watched:
            await watched.until_shown("a")
            prober = watched.prober
            for number in (signal.SIGINT, signal.SIGHUP):
                prober.send_signal(number)
                await watched.until_shown("a")
            assert prober.pid == watched.prober.pid
            assert watched.restarts == 0

    asyncio.run(main())
