"""A real Prometheus that scrapes Roomwatch, and its answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.product import PATIENCE
from tests.servers import Server, answers_at, require, wait_until

SHIPPED = Path(__file__).parents[1] / "config" / "prometheus"
RULES = SHIPPED / "rules.yml"

Series = dict[str, Any]


class Prometheus(Server):
    """Prometheus with this config, with `rules` as its rule file where there are any, and options."""

    def __init__(self, config: dict[str, Any], rules: str = "", *options: str) -> None:
        super().__init__("prometheus", self._write, ready=answers_at("/-/ready"))
        self._program = require("prometheus")
        self._config = {**config, "rule_files": ["rules.yml"] if rules else []}
        self._rules = rules
        self._options = options
        self._client = self.owned.enter_context(httpx.Client(timeout=PATIENCE, trust_env=False))

    def query(self, expression: str) -> list[Series]:
        """The series of an instant query, each with `metric` and `value`."""
        address = f"http://127.0.0.1:{self.port}/api/v1/query"
        answer = self._client.get(address, params={"query": expression}).raise_for_status().json()
        found: list[Series] = answer["data"]["result"]
        return found

    def wait_for(self, expression: str) -> None:
        """Return once the query has an answer. Raises TimeoutError."""
        wait_until(lambda: bool(self.query(expression)), PATIENCE, f"answer to {expression}")

    def _write(self, folder: Path, ports: tuple[int, ...]) -> Sequence[str | Path]:
        (folder / "rules.yml").write_text(self._rules)
        (folder / "prometheus.yml").write_text(yaml.safe_dump(self._config))
        return [
            self._program,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{ports[0]}",
            *self._options,
        ]


def scrape_of(ports: Sequence[int]) -> dict[str, Any]:
    """A config that scrapes Roomwatch on these ports once a second and evaluates as often; nothing beside."""
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "scrape_configs": [
            {
                "job_name": "roomwatch",
                "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in ports]}],
            }
        ],
    }
