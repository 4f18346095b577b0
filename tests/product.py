"""`roomwatch up` and `roomwatch demo` as they are run: real processes, started, asked and ended by tests."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psutil
import yaml
from anyio.from_thread import start_blocking_portal

from dashboard.children import module_command, module_environment
from tests.hindrance import Stopwatch
from tests.probes.raw_http import Exchange, Handler, RawServer, answer, serving
from tests.servers import wait_until

TOKEN = "a-token-that-may-write"
WRITER = {"Authorization": f"Bearer {TOKEN}"}
AUTH = {"tokens": [{"name": "ops", "token": TOKEN}]}

PATIENCE = 60.0
"""Seconds for anything that a slow machine may be slow at."""

CONFIG = "roomwatch.yaml"
UP = ("up", "--config", CONFIG, "--port", "0")

MAPPING = {"list": "rooms", "id": "id", "title": "title", "node": "node", "participants": "participants"}


def service(name: str, url: str, **keys: Any) -> dict[str, Any]:
    """An http-json service of a config, polled five times a second."""
    return {"name": name, "kind": "http-json", "url": url, "every": "200ms", "rooms": MAPPING, **keys}


class Product:
    """A command that shows a board: started on entry, in `folder`, and killed on exit."""

    def __init__(self, folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.command = module_command("dashboard.cli", *arguments)
        self.url = ""
        self.started = 0.0
        self._env = {**module_environment(), **(env or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(timeout=PATIENCE, trust_env=False)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        if self._process is not None:
            self.kill()

    def start(self) -> None:
        """Start it (again) and return once it has said where the board is."""
        self.started = time.monotonic()
        with self._file("printed").open("wb") as printed, self._file("log").open("ab") as log:
            process = self._process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=log,
                start_new_session=True,
            )
        wait_until(lambda: bool(self._address()) or process.poll() is not None, PATIENCE, "address")
        self.url = self._address()
        assert self.url, f"it ended with exit code {process.returncode}: {self.log}"

    def _address(self) -> str:
        found = re.search(r"http://\S+(?=/ )", self.printed)
        return found[0] if found else ""

    def _file(self, name: str) -> Path:
        return self.folder / name

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def log(self) -> str:
        return self._file("log").read_text("utf-8", "replace")

    @property
    def printed(self) -> str:
        return self._file("printed").read_text("utf-8", "replace")

    # --- its processes ---

    @property
    def pid(self) -> int:
        assert self._process is not None, "it is not running"
        return self._process.pid

    def child(self, module: str) -> psutil.Process:
        """The process that runs `module` for it. Raises StopIteration."""
        return next(c for c in psutil.Process(self.pid).children() if module in c.cmdline())

    @property
    def prober(self) -> psutil.Process:
        return self.child("probes.process")

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Tell it to end: the exit code, and the seconds until it and all that it started were gone.

        Less those in which others ran.
        """
        process = self._process
        assert process is not None
        family = psutil.Process(self.pid).children(recursive=True)
        ending = Stopwatch(self.pid)
        process.send_signal(number)
        seconds = ending.until(
            lambda: process.poll() is not None and not any(map(is_running, family)), PATIENCE
        )
        self._process = None
        return process.returncode, seconds

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process that was started, and to nothing that it started."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """`kill -9` it with everything that it started."""
        assert self._process is not None
        family = psutil.Process(self.pid).children(recursive=True)
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.kill()
        self._process.wait()
        psutil.wait_procs(family, timeout=PATIENCE)
        self._process = None

    def kill_web(self) -> list[psutil.Process]:
        """`kill -9` the process that was started; the others as they are just then."""
        assert self._process is not None
        family: list[psutil.Process] = psutil.Process(self.pid).children(recursive=True)
        self._process.kill()
        self._process.wait()
        self._process = None
        return family

    # --- what it answers ---

    def ask(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        """Underscores in a header's name stand for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.request(method, self.url + path, headers=named)

    def say(self, word: Mapping[str, Any], token: str) -> httpx.Response:
        """An operator's word on a relocation; without a token where it is empty."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._client.post(f"{self.url}/api/v1/relocations", json=word, headers=headers)

    def json(self, path: str) -> Any:
        return self.ask(path).raise_for_status().json()

    def metrics(self, name: str) -> float:
        """The sum of all series of a metric."""
        lines = self.ask("/metrics").raise_for_status().text.splitlines()
        found = [line for line in lines if re.match(rf"{name}[{{ ]", line)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in found)

    def frame(self) -> dict[str, Any]:
        """The newest frame by service name, with `seq` beside."""
        return _by_name(self.json("/api/v1/frame"))

    def wait(self, condition: Callable[[dict[str, Any]], object], what: str) -> dict[str, Any]:
        """The first frame (as `frame` gives it) for which `condition` holds. Raises TimeoutError."""
        seen: dict[str, Any] = {}

        def holds() -> bool:
            nonlocal seen
            answered = self.ask("/api/v1/frame")
            if answered.status_code != 200:
                return False
            seen = _by_name(answered.json())
            return bool(condition(seen))

        try:
            wait_until(holds, PATIENCE, what)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; last frame: {seen}; log: {self.log[-2000:]}") from None
        return seen


def _by_name(frame: dict[str, Any]) -> dict[str, Any]:
    return {"seq": frame["seq"], **{s["name"]: s for s in frame["services"]}}


def write_config(path: Path, *services: Mapping[str, Any], **keys: Any) -> Path:
    """A config file with ten ticks a second and its history beside it."""
    document = {"tick": "100ms", "history": {"path": "history.sqlite"}, "services": list(services), **keys}
    path.write_text(yaml.safe_dump(document, allow_unicode=True))
    return path


def up(folder: Path, *services: Mapping[str, Any], **keys: Any) -> Product:
    """`roomwatch up` on a free port, watching these services."""
    write_config(folder / CONFIG, *services, **keys)
    return Product(folder, *UP)


def up_with(folder: Path, config: str) -> Product:
    """`roomwatch up` on a free port with this config file."""
    (folder / CONFIG).write_text(config)
    return Product(folder, *UP)


# --- rooms services ---


@contextlib.contextmanager
def answering(handler: Handler) -> Iterator[RawServer]:
    """A server in a thread of its own that answers as `handler` does."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(serving(handler)) as server:
        yield server


class Rooms:
    """A rooms service that tells of `rooms`: a dict of participants by room id, changed at any time."""

    def __init__(self, **rooms: int) -> None:
        self.rooms = rooms
        self.titles: dict[str, str] = {}
        self.polls = 0
        self.url = ""
        self._running = contextlib.ExitStack()

    async def __call__(self, exchange: Exchange) -> bool:
        self.polls += 1
        listed = [
            {"id": room, "node": "n1", "title": self.titles.get(room, room), "participants": people}
            for room, people in self.rooms.items()
        ]
        body = json.dumps({"rooms": listed}).encode()
        exchange.writer.write(answer(body, headers={"Content-Type": "application/json"}))
        return True

    def __enter__(self) -> Self:
        self.url = self._running.enter_context(answering(self)).url
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()


@contextlib.contextmanager
def seeds_service(
    name: str = "spaces-2023-05-24",
    speed: float = 1.0,
    start_at: int = 0,
    rooms: int = 0,
    module: str = "seeds",
) -> Iterator[str]:
    """The address of a seeds service with `rooms` small rooms beside the event's own."""
    command = module_command(
        module,
        name,
        *("--speed", f"{speed:g}", "--start-at", str(start_at), "--rooms", str(rooms), "--until-eof"),
    )
    environment = module_environment()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("listening on ").strip()
        process.stdin.close()


# --- event streams ---


def events(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """The fields of each event of a stream, as far as the specification of server-sent events goes here."""
    event: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        elif event:
            yield event
            event = {}


@contextlib.contextmanager
def watching(url: str, **headers: str) -> Iterator[Iterator[dict[str, str]]]:
    """One event stream as a browser holds it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with (
        httpx.Client(timeout=PATIENCE, trust_env=False) as client,
        client.stream("GET", url, headers=named) as response,
    ):
        response.raise_for_status()
        yield events(response.iter_lines())


def is_running(process: psutil.Process) -> bool:
    """Whether it goes on; an orphan that nobody has waited for yet does not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
