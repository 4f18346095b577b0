"""`roomwatch demo` as people start it: quick, from any folder, with everything gone at the end."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import seeds
from dashboard.children import module_command, module_environment
from dashboard.demo import DemoFailed, SeedPlayer, demo_config
from probes.settings import parse
from tests.dashboard.commands import Done, run, run_here
from tests.product import PATIENCE, TOKEN, Product, is_running
from tests.servers import wait_until

MOST = 15.0
"""Seconds that a busy machine may make of the 5 that are promised from the start to the first frame."""

TRIES = 3

CONSOLE_SCRIPT = Path(sys.executable).with_name("roomwatch")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One for two tests; the second ends it."""
    folder = tmp_path_factory.mktemp("demo")
    with Product(folder, "demo", "--port", "0", env={"TMPDIR": str(folder)}) as demo:
        demo.wait(lambda f: "spaces" in f, "first frame")
        yield demo


def test_the_first_frame_is_there_within_seconds_and_it_ends_with_its_seed(tmp_path: Path) -> None:
    own = tmp_path / "tmp"
    own.mkdir()
    taken: list[float] = []
    with Product(tmp_path, "demo", "--port", "0", env={"TMPDIR": str(own)}) as demo:
        for _ in range(TRIES):
            frame = demo.wait(lambda f: f["spaces"]["participants"], "people")
            taken.append(time.monotonic() - demo.started)
            assert frame["spaces"]["kind"] == "http-json"
            assert len(list(own.iterdir())) == 1
            code, seconds = demo.end(signal.SIGTERM)
            assert code == 0
            assert list(own.iterdir()) == [], "the demo leaves its folder behind"
            if taken[-1] < MOST:
                break
            demo.start()
    print(f"first frame with people after {taken} s; everything had ended after {seconds:.2f} s")
    assert min(taken) < MOST
    assert "Traceback" not in demo.log


def test_the_token_that_it_prints_may_write_and_nothing_else_tells_it(demo: Product) -> None:
    token = demo.printed.partition("made for this run: ")[2].split()[0]
    word = {"service": "spaces", "verdict": "confirm", "relocation": "none"}
    said = {given: demo.say(word, given) for given in ("", TOKEN, token)}
    assert {given: answer.status_code for given, answer in said.items()} == {"": 401, TOKEN: 401, token: 422}
    assert token not in demo.log
    assert token not in demo.ask("/").text + demo.ask("/api/v1/frame").text
    assert demo.printed.count(token) == 1
    link = demo.printed.partition("The link that always leads to its room is ")[2].split()[0]
    assert link == f"{demo.url}/go/spaces-2023-05-24" == demo.json("/go/spaces-2023-05-24.json")["address"]


def test_a_killed_demo_takes_its_seed_and_its_prober_along(demo: Product) -> None:
    family = demo.kill_web()
    assert len(family) == 2
    at = time.monotonic()
    wait_until(lambda: not any(map(is_running, family)), PATIENCE, "end of the seed and the prober")
    print(f"they ended {time.monotonic() - at:.2f} s later")
    assert time.monotonic() - at < MOST


def test_it_runs_from_any_folder_whatever_lies_there(tmp_path: Path) -> None:
    """Folders and files with our packages' names, as somebody's own project may have."""
    for name in ("probes", "dashboard", "seeds", "uvicorn"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('a folder of yours was run')\n")
    (tmp_path / "msgspec.py").write_text("raise SystemExit('a file of yours was run')\n")
    demo = Product(
        tmp_path, "demo", "--port", "0", "--seed", "clubhouse-2021-02-01", env={"TMPDIR": str(tmp_path)}
    )
    if CONSOLE_SCRIPT.exists():
        demo.command = [str(CONSOLE_SCRIPT), *demo.command[4:]]
    with demo:
        demo.wait(lambda f: f["rooms"]["participants"], "people")


@pytest.mark.parametrize(
    ("arguments", "told", "run"),
    [
        (["--seed", "../secrets"], "spaces-2023-05-24", run),
        (["--speed", "0"], "--speed", run_here),
        (["--speed", "fast"], "--speed", run_here),
        (["--port", "70000"], "--port", run_here),
    ],
)
def test_a_wrong_argument_is_told_at_once(
    tmp_path: Path, arguments: list[str], told: str, run: Callable[..., Done]
) -> None:
    done = run(tmp_path, "demo", *arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_told_and_nothing_stays(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(tmp_path, "demo", "--port", str(port))
    assert done.returncode == 1
    assert (
        done.stderr == f"cannot listen on 127.0.0.1:{port}: Address already in use. Choose another --port.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_demo_whose_terminal_is_closed_ends(tmp_path: Path) -> None:
    """As when the window is closed: the shell's whole session loses its terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it would not be the end
        command = module_command("dashboard.cli", "demo", "--port", "0")
        os.execve(command[0], command, {**module_environment(), "TMPDIR": str(tmp_path)})
    printed = b""
    with contextlib.suppress(OSError):
        while b"The board is at" not in printed:
            printed += os.read(terminal, 1024)
    assert b"The board is at" in printed, printed
    wait_until(lambda: len(psutil.Process(pid).children()) == 2, PATIENCE, "prober")
    family = psutil.Process(pid).children()
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert not [child for child in family if is_running(child)]
    assert list(tmp_path.iterdir()) == []


def test_a_seed_that_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "dashboard.demo.module_command", lambda *_: [sys.executable, "-c", "raise SystemExit(7)"]
    )
    with pytest.raises(DemoFailed, match=r"did not start \(exit code 7\)"):
        SeedPlayer("spaces-2023-05-24", 1.0)


@pytest.mark.parametrize("speed", [0.1, 1.0, 10.0, 600.0])
@pytest.mark.parametrize("name", seeds.names())
def test_the_demos_config_is_a_config_for_every_seed_and_speed(name: str, speed: float) -> None:
    text = demo_config(seeds.load(name), "http://127.0.0.1:1", speed, Path(tempfile.gettempdir()), TOKEN)
    config = parse(text.text, text.name, text.folder)
    (service,) = config.services
    assert service.every == pytest.approx(max(0.1, 1 / speed), abs=0.001)
    assert [event.name for event in config.events] == [name]
