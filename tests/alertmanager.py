"""A real Alertmanager with the config file that is shipped, whose receivers are ours to look into.

with alertmanager() as running:
    running.post(firing("RoomsFull", rooms_service="a", rooms_node="n1"))
    running.posted("/slack")
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx

from probes.alerting.table import ALERTS
from tests.probes.raw_http import Exchange, answer
from tests.product import PATIENCE, answering
from tests.servers import Server, require
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
    }


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


@dataclass
class Alertmanager:
    """Its API, and what came to its receivers."""

    server: Server
    client: httpx.Client
    receivers: Receivers
    mail: MailServer

    def post(self, *alerts: Alert) -> None:
        self.client.post("/api/v2/alerts", json=alerts).raise_for_status()

    def alerts(self) -> list[Alert]:
        found: list[Alert] = self.client.get("/api/v2/alerts").raise_for_status().json()
        return found

    def posts(self, path: str) -> list[Post]:
        """What came to one of PATHS, the oldest first."""
        return [post for post in tuple(self.receivers.posts) if post.path == path]

    def posted(self, path: str) -> list[dict[str, Any]]:
        """The documents that came to one of PATHS."""
        return [post.document for post in self.posts(path)]

    def mailed(self) -> Sequence[EmailMessage]:
        return tuple(self.mail.messages)


@contextlib.contextmanager
def alertmanager() -> Iterator[Alertmanager]:
    """Alertmanager with the shipped config: its addresses lead here, its secrets are those above."""
    program = require("alertmanager")
    receivers = Receivers()
    with answering(receivers) as listening, MailServer() as mail:

        def command(folder: Path, ports: tuple[int, ...]) -> list[str | Path]:
            _write(folder, listening.url, mail.port)
            return [
                program,
                f"--config.file={folder / CONFIG.name}",
                f"--storage.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{ports[0]}",
                "--cluster.listen-address=",
            ]

        with (
            Server("alertmanager", command) as server,
            httpx.Client(
                base_url=f"http://127.0.0.1:{server.port}", timeout=PATIENCE, trust_env=False
            ) as client,
        ):
            yield Alertmanager(server, client, receivers, mail)


def _write(folder: Path, url: str, mail_port: int) -> None:
    (folder / "secrets").mkdir(exist_ok=True)
    for name, secret in SECRETS.items():
        (folder / "secrets" / name).write_text(secret.format(url=url))
    for template in SHIPPED.glob("*.tmpl"):
        (folder / template.name).write_text(template.read_text("utf-8"))
    text = CONFIG.read_text("utf-8")
    here = {
        r"http://127\.0\.0\.1:8050(?=/)": url,
        r"https://deadman\.example\.org/\S+": f"{url}/deadman",
        r"smtp\.example\.org:\d+": f"127.0.0.1:{mail_port}",
        r"/etc/alertmanager(?=/secrets/.+\.)": str(folder),
        r"^global:$": f"global:\n  smtp_require_tls: false\n  pagerduty_url: {url}/pagerduty",
    }
    for there, ours in here.items():
        text, found = re.subn(there, ours, text, flags=re.MULTILINE)
        assert found, f"{CONFIG.name} no longer has {there}"
    (folder / CONFIG.name).write_text(text)
