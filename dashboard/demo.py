"""The demo: the seeds service in a process of its own, and the config file that watches it."""

from __future__ import annotations

import select
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml

from dashboard.children import module_command, module_environment
from probes.config.embed import PublicPanel
from probes.config.units import SHORTEST_INTERVAL
from probes.settings import ConfigText
from seeds import Seed

_FASTEST_TICK = 0.25
_JOIN_EVERY = 5.0
_JOIN_TIMEOUT = 5.0
_START_SECONDS = 20
_OUTCOMES = ("joined", "room_full", "unavailable", "timeout", "aborted")

MAPPING = {
    "rooms": {name: name for name in ("title", "node", "capacity", "state", "started_at", "hosts")},
    "time": "time",
    "node_list": {"label": "label"},
    "joins": {outcome: f"joins.{outcome}" for outcome in _OUTCOMES},
}
"""Where things are in an answer of the seeds service, as far as the config does not look there by itself."""


class DemoFailed(Exception):
    """The seeds service did not start; the message says why."""


class SeedPlayer:
    """The seeds service as a child process that ends with this one, however it ends."""

    def __init__(self, seed: str, speed: float) -> None:
        self._process = subprocess.Popen(
            module_command("seeds", seed, "--speed", f"{speed:g}", "--until-eof"),
            env=module_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the web process, which ends this one
        )
        line = self._first_line()
        if not line.startswith("listening on "):
            self.stop()
            raise DemoFailed(f"the seeds service did not start (exit code {self._process.returncode})")
        self.url = line.removeprefix("listening on ").strip()

    def _first_line(self) -> str:
        """What it prints once it answers; nothing if it ends before, or is too slow."""
        printed = self._process.stdout
        if printed is None or not select.select([printed], [], [], _START_SECONDS)[0]:
            return ""
        return printed.readline()

    def stop(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def demo_config(
    seed: Seed, url: str, speed: float, folder: Path, token: str, board: str = "http://127.0.0.1:8050"
) -> ConfigText:
    """The config file that watches `seed` played at `speed`, with its history in `folder`.

    `token` may operate; this machine reads without one. `board` is the address of the board.

    Intervals are those of the real event divided by the speed, so that a fast
    replay tells the same story.
    """
    name = "spaces" if seed.name.startswith("spaces") else "rooms"
    poll = max(SHORTEST_INTERVAL, 1.0 / speed)
    document = {
        "services": [
            {
                "name": name,
                "kind": "http-json",
                "url": f"{url}/rooms",
                "every": _duration(poll),
                "timeout": _duration(max(1.0, poll)),
                **MAPPING,
                "join": {
                    "via": "http",
                    "room": "current",
                    "every": _duration(max(SHORTEST_INTERVAL, _JOIN_EVERY / speed)),
                    "timeout": _duration(max(SHORTEST_INTERVAL, _JOIN_TIMEOUT / speed)),
                    "code": "code",
                    "codes": {
                        "details_unavailable": "unavailable",
                        "client_crashed": "aborted",
                        "room_full": "room_full",
                        "not_found": "not_found",
                        "timeout": "timeout",
                    },
                },
            }
        ],
        "events": [
            {
                "name": seed.name,
                "title": seed.title,
                "service": name,
                "starts_at": seed.starts.isoformat(),
                "rooms": [room.id for room in seed.rooms[:1]],  # where it went after that is found
                "link": f"{url}/room/{{room}}",
            }
        ],
        "alerts": {"board": board},
        "auth": {"tokens": [{"name": "demo", "token": token, "may": "operate"}], "local_reads": True},
        "embed": {
            "public": {
                "title": "Live audio status",
                "address": board,
                "panels": [panel.value for panel in PublicPanel],
                "services": [{"name": name, "label": "Live audio"}],
                "rooms": ["*"],
                "events": [seed.name],
                "nodes": {node.id: node.label for node in seed.nodes},
                "numbers": "exact",
            },
            "origins": ["*"],
        },
        "history": {"path": str(folder / "history.sqlite")},
        "tick": _duration(max(_FASTEST_TICK, 1.0 / speed) if speed > 1 else 1.0),
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return ConfigText(text=text, name="the demo's config", folder=folder)


def _duration(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"
