"""A real Prometheus that scrapes Roomwatch, and its answers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.product import PATIENCE
from tests.servers import Server, require, wait_until

SHIPPED = Path(__file__).parents[1] / "config" / "prometheus"
RULES = SHIPPED / "rules.yml"

Series = dict[str, Any]


class Prometheus:
    """Prometheus' HTTP API, and the server behind it."""

    def __init__(self, server: Server, client: httpx.Client) -> None:
        self.server = server
        self._client = client

    def query(self, expression: str) -> list[Series]:
        """The series of an instant query, each with `metric` and `value`."""
        answer = self._client.get("/api/v1/query", params={"query": expression}).raise_for_status().json()
        found: list[Series] = answer["data"]["result"]
        return found

    def wait_for(self, expression: str) -> None:
        """Return once the query has an answer. Raises TimeoutError."""
        wait_until(lambda: bool(self.query(expression)), PATIENCE, f"answer to {expression}")


def scrape_of(ports: Sequence[int], interval: str = "1s") -> dict[str, Any]:
    """A config that scrapes Roomwatch on these ports and evaluates as often; nothing beside."""
    return {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
        "scrape_configs": [
            {
                "job_name": "roomwatch",
                "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in ports]}],
            }
        ],
    }


def _ready(ports: tuple[int, ...]) -> bool:
    """Its port is open before it answers questions."""
    try:
        asked = httpx.get(f"http://127.0.0.1:{ports[0]}/-/ready", timeout=PATIENCE, trust_env=False)
    except httpx.HTTPError:
        return False
    return asked.status_code == 200


@contextlib.contextmanager
def prometheus(config: dict[str, Any], rules: str = "", *options: str) -> Iterator[Prometheus]:
    """Prometheus with this config, with `rules` as its rule file where there are any, and options."""
    program = require("prometheus")

    def command(folder: Path, ports: tuple[int, ...]) -> list[str | Path]:
        (folder / "rules.yml").write_text(rules)
        document = {**config, "rule_files": ["rules.yml"] if rules else []}
        (folder / "prometheus.yml").write_text(yaml.safe_dump(document))
        return [
            program,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{ports[0]}",
            *options,
        ]

    with (
        Server("prometheus", command, ready=_ready) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=PATIENCE, trust_env=False) as client,
    ):
        yield Prometheus(server, client)
