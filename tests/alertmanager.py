"""A real Alertmanager: with the config file that is shipped, or one that tells Roomwatch alone.

with Shipped() as running:
    running.post(firing("RoomsFull", rooms_service="a", rooms_node="n1"))
    running.posted("/slack")
"""

from __future__ import annotations

import json
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

import httpx
import yaml

from probes.alerting.table import ALERTS
from tests.probes.raw_http import Exchange, answer
from tests.product import PATIENCE, answering
from tests.servers import Server, answers_at, require
from tests.smtp import MailServer

SHIPPED = Path(__file__).parents[1] / "config" / "alertmanager"
CONFIG = SHIPPED / "alertmanager.yml"
SECRETS = {
    "roomwatch.token": "token-of-roomwatch",
    "pagerduty.key": "key-of-pagerduty",
    "slack.url": "{url}/slack",
    "smtp.password": "password-of-mail",
}
PATHS = ("/hooks/alertmanager", "/deadman", "/pagerduty", "/slack")

Alert = dict[str, Any]


def firing(name: str, annotations: Mapping[str, str] | None = None, **labels: str) -> Alert:
    """An alert of ALERTS as Prometheus posts it."""
    severity = ALERTS[name].severity.value
    return {
        "labels": {"alertname": name, "severity": severity, **labels},
        "annotations": dict(annotations or {}),
        "generatorURL": "http://prometheus.example.org/graph",
    }


def ended(alert: Alert) -> Alert:
    """The word that it no longer fires."""
    return {**alert, "endsAt": datetime.fromtimestamp(time.time() - 0.001, UTC).isoformat()}


@dataclass(frozen=True, slots=True)
class Post:
    """What came to a receiver, and when."""

    at: float
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receivers:
    """Takes whatever is posted to it."""

    posts: list[Post] = field(default_factory=list)

    async def __call__(self, exchange: Exchange) -> bool:
        self.posts.append(Post(time.time(), exchange.target, exchange.headers, exchange.body))
        exchange.writer.write(answer(b"ok"))
        return True


class Alertmanager(Server, ABC):
    """Alone, without a cluster, and its API. A kind of it writes the config file."""

    def __init__(self) -> None:
        super().__init__("alertmanager", self._command_line, ready=answers_at("/-/ready"))
        self._program = require("alertmanager")
        self._client = self.owned.enter_context(httpx.Client(timeout=PATIENCE, trust_env=False))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def post(self, *alerts: Alert) -> None:
        self._client.post(f"{self.url}/api/v2/alerts", json=alerts).raise_for_status()

    def alerts(self) -> list[Alert]:
        found: list[Alert] = self._client.get(f"{self.url}/api/v2/alerts").raise_for_status().json()
        return found

    def silences(self) -> list[Mapping[str, Any]]:
        """Those that have not expired."""
        told = self._client.get(f"{self.url}/api/v2/silences").raise_for_status().json()
        return [silence for silence in told if silence["status"]["state"] != "expired"]

    @abstractmethod
    def write_config(self) -> None:
        """Write the config file, and whatever belongs to it, into `folder`."""

    def reload(self) -> None:
        self.write_config()
        self._client.post(f"{self.url}/-/reload").raise_for_status()

    def _command_line(self, folder: Path, ports: tuple[int, ...]) -> Sequence[str | Path]:
        self.write_config()
        return [
            self._program,
            f"--config.file={folder / CONFIG.name}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{ports[0]}",
            "--cluster.listen-address=",
        ]


class Telling(Alertmanager):
    """Tells `hook`, Roomwatch's webhook, of each alert by itself at once; repeats after an hour."""

    hook = "http://127.0.0.1:1/hooks/alertmanager"
    token = "a-token"

    def send_to(self, hook: str, token: str) -> None:
        """Another address for the webhook, which is taken over at once."""
        self.hook, self.token = hook, token
        self.reload()

    def write_config(self) -> None:
        receiver = {
            "url": self.hook,
            "send_resolved": True,
            "max_alerts": 500,
            "http_config": {"authorization": {"credentials": self.token}},
        }
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
        (self.folder / CONFIG.name).write_text(yaml.safe_dump(config))


class Shipped(Alertmanager):
    """With the config that is shipped: its addresses lead here, its secrets are those above."""

    def __init__(self) -> None:
        super().__init__()
        self.receivers = Receivers()
        self.mail = MailServer()
        self._there = ""

    def __enter__(self) -> Self:
        self._there = self.owned.enter_context(answering(self.receivers)).url
        self.owned.enter_context(self.mail)
        return super().__enter__()

    def posts(self, path: str) -> list[Post]:
        """What came to one of PATHS, the oldest first."""
        return [post for post in tuple(self.receivers.posts) if post.path == path]

    def posted(self, path: str) -> list[dict[str, Any]]:
        """The documents that came to one of PATHS."""
        return [post.document for post in self.posts(path)]

    def mailed(self) -> Sequence[EmailMessage]:
        return tuple(self.mail.messages)

    def write_config(self) -> None:
        folder, url = self.folder, self._there
        (folder / "secrets").mkdir(exist_ok=True)
        for name, secret in SECRETS.items():
            (folder / "secrets" / name).write_text(secret.format(url=url))
        for template in SHIPPED.glob("*.tmpl"):
            (folder / template.name).write_text(template.read_text("utf-8"))
        text = CONFIG.read_text("utf-8")
        here = {
            r"http://127\.0\.0\.1:8050(?=/)": url,
            r"https://deadman\.example\.org/\S+": f"{url}/deadman",
            r"smtp\.example\.org:\d+": f"127.0.0.1:{self.mail.port}",
            r"/etc/alertmanager(?=/secrets/.+\.)": str(folder),
            r"^global:$": f"global:\n  smtp_require_tls: false\n  pagerduty_url: {url}/pagerduty",
        }
        for there, ours in here.items():
            text, found = re.subn(there, ours, text, flags=re.MULTILINE)
            assert found, f"{CONFIG.name} no longer has {there}"
        (folder / CONFIG.name).write_text(text)
