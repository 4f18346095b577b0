"""Debian's Alertmanager for tests, with one route to Roomwatch's webhook."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.servers import Server, require


class Alertmanager(Server):
    """Alone, without a cluster. Tells `hook` of each alert by itself at once; repeats after an hour."""

    def __init__(self, hook: str = "http://127.0.0.1:1/hooks/alertmanager", token: str = "") -> None:
        self._hook = hook
        self._token = token
        super().__init__("alertmanager", self._run, ready=_answers)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def send_to(self, hook: str, token: str) -> None:
        """Another address for the webhook, which is taken over at once."""
        self._hook, self._token = hook, token
        self._write_config()
        httpx.post(f"{self.url}/-/reload", trust_env=False).raise_for_status()

    def fire(self, ended: bool = False, summary: str = "", **labels: str) -> None:
        """An alert as Prometheus tells it: it fires for some minutes from now on, or has ended."""
        now = time.time()
        alert = {
            "labels": labels,
            "annotations": {"summary": summary, "runbook_url": "https://example.org/runbooks#it"},
            "generatorURL": "http://prometheus.example.org/graph",
            "endsAt": _moment(now - 0.001 if ended else now + 300),
        }
        httpx.post(f"{self.url}/api/v2/alerts", json=[alert], trust_env=False).raise_for_status()

    def silences(self) -> list[Mapping[str, Any]]:
        """Those that have not expired."""
        told = httpx.get(f"{self.url}/api/v2/silences", trust_env=False).raise_for_status().json()
        return [silence for silence in told if silence["status"]["state"] != "expired"]

    def _run(self, folder: Path, ports: tuple[int, ...]) -> Sequence[str | Path]:
        self._write_config()
        return [
            require("alertmanager"),
            f"--config.file={folder}/alertmanager.yml",
            f"--storage.path={folder}/storage",
            f"--web.listen-address=127.0.0.1:{ports[0]}",
            "--cluster.listen-address=",
        ]

    def _write_config(self) -> None:
        receiver = {"url": self._hook, "send_resolved": True, "max_alerts": 500}
        if self._token:
            receiver["http_config"] = {"authorization": {"credentials": self._token}}
        config = {
            "route": {
                "receiver": "roomwatch",
                "group_by": ["..."],
                "group_wait": "0s",
                "group_interval": "1s",
                "repeat_interval": "1h",
            },
            "receivers": [{"name": "roomwatch", "webhook_configs": [receiver]}],
        }
        (self.folder / "alertmanager.yml").write_text(yaml.safe_dump(config))


def _answers(ports: tuple[int, ...]) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{ports[0]}/-/ready", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
