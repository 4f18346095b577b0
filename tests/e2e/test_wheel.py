"""The built wheel, installed elsewhere, does what a clone does: from any folder, with a config anywhere.

Its environment sees the dependencies of the one that runs the tests, and nothing of the source tree.
"""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import sysconfig
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import pytest

from tests.hindrance import Stopwatch
from tests.servers import wait_until

ROOT = Path(__file__).parents[2]
PACKAGES = ("probes", "dashboard", "seeds")
STARTING = 60.0
"""Seconds that a slow machine may take for what a quick one does in two."""
FIRST_FRAME = 5.0
ENDING = 2.0
CLEAN = (0, 128 + signal.SIGINT)
TRIES = 3
"""A promise of seconds holds when one of so many runs keeps it."""

pytestmark = pytest.mark.timeout(300)

CONFIG = """
services:
  - name: spaces
    kind: http-json
    url: {url}/rooms
    every: 200ms
    rooms: {{list: rooms, id: id, title: title, node: node, participants: participants}}
    time: time
history: {{path: {history}}}
"""


class Running:
    """A command with what it prints; like a terminal it takes Ctrl-C for the whole process group."""

    def __init__(self, *command: str | Path, folder: Path) -> None:
        self.started = time.monotonic()
        self.printed = ""
        self._lines: queue.Queue[str] = queue.Queue()
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.since_start = Stopwatch(self._process.pid)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put("")

    def address(self) -> str:
        """The first http address it prints."""
        deadline = self.started + STARTING
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", self.printed)):
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = ""
            if not line:
                pytest.fail(f"it ended, or {STARTING:g} s went by, without an address:\n{self.printed}")
            self.printed += line
        return found.group()

    def interrupt(self) -> tuple[int, float]:
        """Ctrl-C: the exit code, and the seconds until its end, less the time that others ran."""
        ending = Stopwatch(self._process.pid)
        os.killpg(self._process.pid, signal.SIGINT)
        seconds = ending.until(lambda: self._process.poll() is not None, STARTING)
        return self._process.returncode, seconds

    def everything_printed(self) -> str:
        self._reader.join(STARTING)
        assert not self._reader.is_alive(), "something that it started still holds its output"
        while not self._lines.empty():
            self.printed += self._lines.get()
        return self.printed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._reader.join(STARTING)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the backend that is installed here, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT]
    subprocess.run([*pip, *build], check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def roomwatch(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console script of an environment that holds the wheel."""
    home = tmp_path_factory.mktemp("elsewhere") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    python = home / "bin/python"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", python]
    subprocess.run([*pip, "install", "--no-index", "--no-deps", wheel], check=True)
    site = next(home.glob("lib/python*/site-packages"))
    dependencies = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "dependencies.pth").write_text("\n".join(sorted(dependencies)) + "\n")
    return home / "bin/roomwatch"


@pytest.fixture
def played(roomwatch: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a seeds service."""
    with Running(roomwatch, "serve-seed", "spaces-2023-05-24", "--port", "0", folder=tmp_path) as seed:
        yield seed.address()


def first_frame(board: Running) -> dict[str, Any]:
    """The first frame that knows how many take part."""
    url = f"{board.address()}/api/v1/frame"
    newest = ""
    frame: dict[str, Any] = {}

    def arrived() -> bool:
        nonlocal newest, frame
        try:
            answer = httpx.get(url, timeout=5.0)
        except httpx.TransportError:
            return False
        newest = f"{answer.status_code} {answer.text[:1000]}"
        frame = answer.json() if answer.is_success else {"services": []}
        return any(service["participants"] is not None for service in frame["services"])

    try:
        wait_until(arrived, STARTING, "frame with participants")
    except TimeoutError as error:
        board.interrupt()
        pytest.fail(f"{error}; newest: {newest}; printed:\n{board.everything_printed()}")
    return frame


def test_the_wheel_holds_every_file_of_the_packages_and_no_other(wheel: Path) -> None:
    ours = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    ours |= {f"dashboard/runbook_pages/{path.name}" for path in (ROOT / "config/runbooks").iterdir()}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == ours


def test_it_runs_from_the_wheel_and_not_from_the_source_tree(roomwatch: Path, tmp_path: Path) -> None:
    ask = (
        "import dashboard, probes, seeds; print(*[m.__file__ for m in (dashboard, probes, seeds)], sep='\\n')"
    )
    command = [roomwatch.with_name("python"), "-c", ask]
    files = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.split()
    assert len(files) == 3
    assert all(Path(file).is_relative_to(roomwatch.parents[1]) for file in files)


def test_it_lists_the_seeds_that_it_carries(roomwatch: Path, tmp_path: Path) -> None:
    done = subprocess.run([roomwatch, "seeds"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert {line.split()[0] for line in done.stdout.splitlines()} == {
        path.stem for path in (ROOT / "seeds").glob("*.yaml")
    }


def test_the_demo_shows_its_first_frame_within_5_s_and_ends_within_2(roomwatch: Path, tmp_path: Path) -> None:
    """From any folder, with the May 2023 launch; Ctrl-C leaves nothing running and prints no traceback."""
    promised = (FIRST_FRAME, ENDING)
    taken: list[tuple[float, float]] = []
    for _ in range(TRIES):
        with Running(roomwatch, "demo", "--port", "0", folder=tmp_path) as demo:
            frame = first_frame(demo)
            shown = demo.since_start.seconds()
            assert httpx.get(demo.address(), timeout=30.0).status_code == httpx.codes.OK
            code, ended = demo.interrupt()
            printed = demo.everything_printed()
        assert frame["services"][0]["name"] == "spaces"
        assert code in CLEAN, printed
        assert "Traceback" not in printed
        assert list(tmp_path.iterdir()) == []
        taken.append((round(shown, 2), round(ended, 2)))
        if all(t <= p for t, p in zip(taken[-1], promised, strict=True)):
            return
    pytest.fail(f"seconds to the first frame and to the end: {taken}, promised: {promised}")


def test_up_watches_with_a_config_anywhere(roomwatch: Path, played: str, tmp_path: Path) -> None:
    elsewhere, here = tmp_path / "elsewhere", tmp_path / "here"
    elsewhere.mkdir()
    here.mkdir()
    config = elsewhere / "x.yaml"
    config.write_text(CONFIG.format(url=played, history=here / "seen.sqlite"))
    with Running(roomwatch, "up", "--config", "../elsewhere/x.yaml", "--port", "0", folder=here) as board:
        frame = first_frame(board)
        code, _ = board.interrupt()
        printed = board.everything_printed()
    assert frame["services"][0]["rooms_open"] >= 1
    assert code in CLEAN, printed
    assert "Traceback" not in printed
