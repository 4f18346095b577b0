"""Real servers for tests: find the program, start it on free ports in a folder of its own, end it by its pid.

with Server("prometheus", command, ready=answers_at("/-/ready")) as server:
    httpx.get(f"http://127.0.0.1:{server.port}/…")
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

import httpx
import pytest

LOG_TAIL = 3_000
"""How many characters of a server's log an error shows."""


@dataclass(frozen=True, slots=True)
class Program:
    """A server's program: the names it may have, Debian's package, and files it cannot run without."""

    commands: tuple[str, ...]
    package: str
    libraries: str = ""  # a glob below /usr/lib


PROGRAMS: Mapping[str, Program] = {
    "janus": Program(("janus",), "janus", "*/janus/plugins"),
    "ejabberd": Program(("erl",), "ejabberd", "*/ejabberd-*/ebin"),
    "prometheus": Program(("prometheus",), "prometheus"),
    "promtool": Program(("promtool",), "prometheus"),
    "alertmanager": Program(("prometheus-alertmanager", "alertmanager"), "prometheus-alertmanager"),
    "amtool": Program(("amtool",), "prometheus-alertmanager"),
    "chromium": Program(
        ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"),
        "chromium-headless-shell",
    ),
    "nginx": Program(("nginx",), "nginx-light"),
    "varnish": Program(("varnishd",), "varnish"),
    "wrk": Program(("wrk",), "wrk"),
    "sqlite3": Program(("sqlite3",), "sqlite3"),
    "ip": Program(("ip",), "iproute2"),
}


def require(name: str) -> Path:
    """The path of a server's program. Where it is missing the test is skipped; with CI=true it fails."""
    program = PROGRAMS[name]
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    found = next((f for c in program.commands if (f := shutil.which(c, path=path))), None)
    if found is None or (program.libraries and not _libraries(program)):
        _missing(name, program)
    return Path(found)


def libraries(name: str) -> Path:
    """The folder of a server's own libraries, which differs by machine: `/usr/lib/<architecture>/…`."""
    found = _libraries(PROGRAMS[name])
    if not found:
        _missing(name, PROGRAMS[name])
    return found[-1]


def _libraries(program: Program) -> list[Path]:
    return sorted(Path("/usr/lib").glob(program.libraries))


def _missing(name: str, program: Program) -> NoReturn:
    sentence = f"needs {name}: apt-get install {program.package}"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


def free_ports(count: int) -> tuple[int, ...]:
    """`count` different TCP ports of 127.0.0.1 that nobody listens on at this moment."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return tuple(one.getsockname()[1] for one in sockets)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on at this moment."""
    return free_ports(1)[0]


@contextlib.contextmanager
def refusing_port() -> Iterator[int]:
    """A TCP port of 127.0.0.1 that refuses connections; nobody else can take it meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def listens(port: int) -> bool:
    """Whether someone accepts connections on the port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers_at(path: str) -> Callable[[tuple[int, ...]], bool]:
    """For `ready`: whether a server's first port answers there. It may be open before that."""

    def answers(ports: tuple[int, ...]) -> bool:
        try:
            asked = httpx.get(f"http://127.0.0.1:{ports[0]}{path}", timeout=30, trust_env=False)
        except httpx.HTTPError:
            return False
        return asked.status_code == 200

    return answers


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Return as soon as `condition()` holds. Raises TimeoutError, which names `what` was awaited.

    Looking takes half of the time at most, so that what is awaited comes about on a busy machine.
    In async code: `await asyncio.to_thread(wait_until, …)`.
    """
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        if condition():
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds:g} s there is still no {what}")
        time.sleep(max(0.01, time.monotonic() - began))


class ServerError(AssertionError):
    """A real server did not start; says what was run and how its log ends."""


class EndedEarlyError(ServerError):
    """It ended by itself, as a server does whose port was taken in between."""


Command = Callable[[Path, tuple[int, ...]], Sequence[str | Path]]
"""Writes what the server needs into its folder and returns the command that runs it on these ports."""


class Server:
    """One real server: started on entry, ended on exit, with a folder, free ports and a log of its own.

    `ready(ports)` says whether it answers; the default asks whether the first port
    is open. Ports taken by someone else in between are changed for others.
    """

    def __init__(
        self,
        name: str,
        command: Command,
        *,
        ports: int = 1,
        ready: Callable[[tuple[int, ...]], bool] = lambda ports: listens(ports[0]),
        env: Mapping[str, str] | None = None,
        seconds: float = 30.0,
    ) -> None:
        self.name = name
        self.folder = Path()
        self.ports: tuple[int, ...] = ()
        self._command = command
        self._count = ports
        self._ready = ready
        self._env = {**os.environ, **(env or {})}
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self.owned = contextlib.ExitStack()
        """Closed after its end: its folder, and what a kind of server adds."""

    @property
    def port(self) -> int:
        return self.ports[0]

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} is not running"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and not _has_exited(self._process.pid)

    @property
    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def __enter__(self) -> Self:
        folder = tempfile.TemporaryDirectory(prefix=f"roomwatch-{self.name}-", ignore_cleanup_errors=True)
        self.folder = Path(self.owned.enter_context(folder))
        try:
            self._start_somewhere()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.owned.close()

    def start(self) -> None:
        """Start it (again) on the ports it has. Raises ServerError."""
        assert self._process is None, f"{self.name} is running already"
        command = [str(part) for part in self._command(self.folder, self.ports)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_until(lambda: not self.running or self._ready(self.ports), self._seconds, "answer")
        except TimeoutError as error:
            self.kill()
            raise ServerError(self._failure(command, str(error))) from None
        if not self.running:
            self.kill()
            raise EndedEarlyError(self._failure(command, "it ended by itself"))

    def stop(self) -> None:
        """End it politely, with everything it started; after 5 s by force."""
        if self._process is None:
            return
        for number in (signal.SIGCONT, signal.SIGTERM):
            self.send(number)
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: not self.running, 5.0, "end")
        self.kill()

    def kill(self) -> None:
        """`kill -9` it and everything it started."""
        if self._process is None:
            return
        self.send(signal.SIGKILL)
        self._process.wait()
        self._process = None

    def pause(self) -> None:
        """Stop it in its tracks (SIGSTOP): its port stays open and nothing answers."""
        self.send(signal.SIGSTOP)

    def resume(self) -> None:
        self.send(signal.SIGCONT)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to its process group, which lives as long as the process is not waited for."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _start_somewhere(self) -> None:
        for _ in range(2):
            self.ports = free_ports(self._count)
            with contextlib.suppress(EndedEarlyError):
                self.start()
                return
        self.ports = free_ports(self._count)
        self.start()

    def _failure(self, command: Sequence[str], why: str) -> str:
        return (
            f"{self.name} did not start on ports {self.ports}: {why}\n"
            f"command: {' '.join(command)}\nlog ends:\n{self.log[-LOG_TAIL:]}"
        )


def _has_exited(pid: int) -> bool:
    """Whether our child has ended; it is left unreaped, so that its pid and group stay its own."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
