"""The Grafana dashboard that is shipped, and what it asks of Prometheus."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

PATH = Path(__file__).parents[1] / "config" / "grafana" / "roomwatch.json"


class Query(NamedTuple):
    """One question of the dashboard: whose it is, PromQL with variables, and how answers are named."""

    where: str
    expression: str
    legend: str

    def with_all(self) -> str:
        """As Grafana asks where everything is chosen and the scrape interval is short."""
        values = {"rooms_service": ".*", "job": ".*", "__rate_interval": "15s"}
        return re.sub(r"\$(\w+)", lambda found: values[found[1]], self.expression)


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PATH.read_text("utf-8"))
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = dashboard()["panels"]
    return found


def queries() -> Iterator[Query]:
    """Those of panels and of annotations."""
    for panel in panels():
        for target in panel.get("targets", ()):
            name = f"{panel['id']} {panel['title']} {target['refId']}"
            yield Query(name, target["expr"], target["legendFormat"])
    for annotation in dashboard()["annotations"]["list"]:
        if "expr" in annotation:
            yield Query(f"annotation {annotation['name']}", annotation["expr"], annotation["titleFormat"])
