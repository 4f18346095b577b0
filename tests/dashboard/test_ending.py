"""What is there before a command is, and how a command ends before it serves."""

from __future__ import annotations

import socket
import subprocess
import sys

from dashboard.children import module_command, module_environment

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
