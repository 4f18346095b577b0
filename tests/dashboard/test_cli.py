"""The commands: what they print, how they end, and what they put up with."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from argon2 import PasswordHasher

import seeds
from dashboard.children import module_command, module_environment
from probes.alerting.rules import rules
from probes.settings import parse, read_config
from tests.dashboard.commands import Done, run, run_here
from tests.product import PATIENCE, Rooms, is_running, service, write_config
from tests.servers import wait_until


def test_the_commands_are_listed_where_none_is_given(tmp_path: Path) -> None:
    listed = run_here(tmp_path)
    for command in ("up", "demo", "check", "seeds", "serve-seed", "rules", "hash-password", "version"):
        assert command in listed.stdout + listed.stderr


def test_every_seed_is_listed_with_its_title(tmp_path: Path) -> None:
    lines = run(tmp_path, "seeds").stdout.splitlines()
    assert lines == [f"{name}  {seeds.load(name).title}" for name in seeds.names()]


@pytest.mark.parametrize(("command", "run"), [("up", run), ("check", run_here), ("rules", run_here)])
def test_a_config_that_is_missing_or_wrong_is_exit_code_2_and_a_sentence(
    tmp_path: Path, command: str, run: Callable[..., Done]
) -> None:
    missing = run(tmp_path, command, "--config", "none.yaml")
    assert missing.returncode == 2
    assert "none.yaml" in missing.stderr
    assert "cannot be read: No such file or directory" in missing.stderr
    write_config(
        tmp_path / "wrong.yaml", service("rooms", "http://127.0.0.1:9", evry="1s"), tick="\x1b[31m1s"
    )
    wrong = run(tmp_path, command, "--config", "wrong.yaml")
    assert wrong.returncode == 2
    assert "did you mean `every`?" in wrong.stderr
    assert "\x1b" not in wrong.stderr
    assert "Traceback" not in missing.stderr + wrong.stderr


def test_rules_are_printed_for_the_config_and_nothing_else_is(tmp_path: Path) -> None:
    board = {"board": "https://board.example.org"}
    write_config(tmp_path / "my.yaml", service("rooms", "http://127.0.0.1:9", audience=77), alerts=board)
    done = run_here(tmp_path, "rules", "--config", "my.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == rules(parse(*read_config(tmp_path / "my.yaml")))
    assert ">= 77" in done.stdout
    assert "https://board.example.org/runbooks/RoomsEnded" in done.stdout


def test_a_host_that_nobody_knows_is_a_sentence(tmp_path: Path) -> None:
    write_config(
        tmp_path / "roomwatch.yaml",
        service("rooms", "http://127.0.0.1:9"),
        auth={"tokens": [{"name": "t", "token": "x" * 16}]},
    )
    done = run(tmp_path, "up", "--config", "roomwatch.yaml", "--port", "0", "--host", "no.such.host.invalid")
    assert done.returncode == 1
    assert "cannot listen on no.such.host.invalid:0" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_password_is_hashed_for_the_config_and_not_shown(tmp_path: Path) -> None:
    done = run(tmp_path, "hash-password", given="a long password\n")
    assert PasswordHasher().verify(done.stdout.removesuffix("\n"), "a long password")
    assert "a long password" not in done.stdout + done.stderr
    assert run_here(tmp_path, "hash-password", given="\n").returncode == 2


def test_it_runs_where_standard_files_are_closed(tmp_path: Path) -> None:
    """As some supervisors start programs: no socket may take the place of a file that is closed."""
    with Rooms(r1=5) as rooms:
        write_config(tmp_path / "roomwatch.yaml", service("rooms", rooms.url))
        command = module_command("dashboard.cli", "up", "--config", "roomwatch.yaml", "--port", "0")
        shell = ["sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh", *command]
        with subprocess.Popen(shell, cwd=tmp_path, env=module_environment()) as process:
            try:
                wait_until(lambda: shows_people(process), PATIENCE, "people on the frame")
                told = ask(process, "/metrics").text
                assert "roomwatch_prober_restarts_total 0.0" in told
            finally:
                process.terminate()
                assert process.wait(PATIENCE) == 0


def ask(process: subprocess.Popen[bytes], path: str) -> httpx.Response:
    """Where it listens is told by the system, as it may have nowhere to print it. Raises TransportError."""
    for connection in psutil.Process(process.pid).net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN:
            return httpx.get(f"http://127.0.0.1:{connection.laddr.port}{path}", trust_env=False, timeout=30)
    raise httpx.ConnectError("it does not listen yet")


def newest(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """The service of the newest frame, or nothing before there is one."""
    try:
        answer = ask(process, "/api/v1/frame")
    except httpx.TransportError:
        return {}
    service: dict[str, Any] = answer.json()["services"][0] if answer.status_code == 200 else {}
    return service


def shows_people(process: subprocess.Popen[bytes]) -> bool:
    return newest(process).get("participants") == 5


def test_a_log_that_nobody_reads_any_more_stops_nothing(tmp_path: Path) -> None:
    with Rooms(r1=5) as rooms:
        write_config(tmp_path / "roomwatch.yaml", service("rooms", rooms.url))
        reading, writing = os.pipe()
        command = module_command("dashboard.cli", "up", "--config", "roomwatch.yaml", "--port", "0")
        with subprocess.Popen(command, cwd=tmp_path, env=module_environment(), stderr=writing) as process:
            os.close(writing)
            os.close(reading)
            try:
                wait_until(lambda: shows_people(process), PATIENCE, "people on the frame")
                prober = psutil.Process(process.pid).children()[0]
                prober.kill()
                os.kill(process.pid, signal.SIGHUP)
                wait_until(
                    lambda: not is_running(prober) and shows_people(process),
                    PATIENCE,
                    "frames that go on",
                )
            finally:
                process.terminate()
                assert process.wait(PATIENCE) == 0


def test_a_reload_asked_for_before_it_is_ready_is_not_its_end(tmp_path: Path) -> None:
    with Rooms(r1=5) as rooms:
        write_config(tmp_path / "roomwatch.yaml", service("rooms", rooms.url))
        command = module_command("dashboard.cli", "up", "--config", "roomwatch.yaml", "--port", "0")
        with subprocess.Popen(command, cwd=tmp_path, env=module_environment()) as process:
            try:
                wait_until(lambda: takes_signals(process.pid), PATIENCE, "signal that is held")
                write_config(tmp_path / "roomwatch.yaml", service("other", rooms.url))
                process.send_signal(signal.SIGHUP)
                wait_until(lambda: shows_people(process), PATIENCE, "people on the frame")
                wait_until(lambda: newest(process).get("name") == "other", PATIENCE, "the config of now")
            finally:
                process.terminate()
                assert process.wait(PATIENCE) == 0


def takes_signals(pid: int) -> bool:
    """Whether the process takes SIGHUP itself by now, as /proc tells."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) & 1 << (signal.SIGHUP - 1))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_end_while_it_is_starting_it_ends(tmp_path: Path, number: signal.Signals) -> None:
    write_config(tmp_path / "roomwatch.yaml", service("rooms", "http://127.0.0.1:9"))
    command = module_command("dashboard.cli", "up", "--config", "roomwatch.yaml", "--port", "0")
    started = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=module_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with started as process:
        wait_until(lambda: takes_signals(process.pid), PATIENCE, "start")
        process.send_signal(number)
        _, told = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert "Traceback" not in told
