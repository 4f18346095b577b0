"""What is there before a command is, and how a command ends before it serves."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
import typer

from dashboard.children import module_command, module_environment
from dashboard.ending import fail_to_listen
from dashboard.server import bind

SLOW = ("dash", "fastapi", "numpy", "prometheus_client", "pydantic", "uvicorn")


def test_the_commands_are_there_before_anything_slow_is_loaded() -> None:
    code = f"import sys, dashboard.cli; print(*(name for name in {SLOW} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=module_environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == []


def test_a_seed_whose_port_is_taken_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            module_command("dashboard.cli", "serve-seed", "spaces-2023-05-24", "--port", str(port)),
            env=module_environment(),
            capture_output=True,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"cannot listen on 127.0.0.1:{port}: Address already in use")
    assert done.stderr.endswith("Choose another --port.\n")


@pytest.mark.parametrize("host", ["0.0.0.0x", "192.0.2.1", "2001:db8::1", "a..b"])
def test_a_host_that_is_not_here_is_no_matter_of_the_port(
    host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(OSError) as caught:
        bind(host, 8050)
    with pytest.raises(typer.Exit):
        fail_to_listen(host, 8050, caught.value)
    assert capsys.readouterr().err == (
        f"cannot listen on {host}:8050: {host} is not an address of this machine. Choose another --host.\n"
    )
