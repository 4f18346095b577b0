"""The helper that finds, starts and ends real servers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.servers import Program, Server, ServerError, free_ports, listens, require

ANSWERS = """
import socket, sys, time
held = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
time.sleep(600)
"""


def listener(folder: Path, ports: tuple[int, ...]) -> list[str]:
    return [sys.executable, "-c", ANSWERS, str(ports[0])]


def test_a_server_answers_within_and_is_gone_after() -> None:
    with Server("listener", listener) as server:
        assert listens(server.port)
        assert "listening" in server.log
        pid, folder = server.pid, server.folder
    assert not listens(server.port)
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_server_that_ends_early_shows_the_end_of_its_log() -> None:
    with pytest.raises(ServerError, match=r"(?s)it ended by itself.*no such luck"):
        Server("unlucky", lambda *_: [sys.executable, "-c", "exit('no such luck')"]).__enter__()


def test_a_server_that_never_answers_is_ended() -> None:
    command = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(600)"]
    with pytest.raises(ServerError, match=r"(?s)after 1 s there is still no answer.*here"):
        Server("mute", lambda *_: command, seconds=1).__enter__()


def test_a_taken_port_is_changed_for_another() -> None:
    with Server("first", listener) as first:
        tries: list[int] = []

        def stubborn(folder: Path, ports: tuple[int, ...]) -> list[str]:
            tries.append(ports[0])
            return listener(folder, (first.port,) if len(tries) == 1 else ports)

        with Server("second", stubborn) as second:
            assert len(tries) == 2
            assert second.port == tries[-1]


def test_a_stopped_and_stubborn_server_is_ended_all_the_same() -> None:
    with Server("listener", listener) as server:
        server.pause()
    assert not listens(server.port)


def test_it_starts_again_on_the_same_ports() -> None:
    with Server("listener", listener) as server:
        server.kill()
        assert not listens(server.port)
        server.start()
        assert listens(server.port)


def test_free_ports_differ() -> None:
    assert len(set(free_ports(50))) == 50


def test_a_missing_program_skips_the_test_and_fails_it_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tests.servers.PROGRAMS", {"nowhere": Program(("no-such-program",), "nowhere-server")}
    )
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs nowhere: apt-get install nowhere-server"):
        require("nowhere")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install nowhere-server"):
        require("nowhere")
