"""Two real Roomwatch and a real Prometheus with the rules: which is down is told while the other lives."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from probes.alerting.rules import rules
from probes.settings import parse, read_config
from tests.product import PATIENCE, service, up
from tests.prometheus import RULES, Prometheus, scrape_of
from tests.servers import wait_until

CONFIG = RULES.parents[1] / "roomwatch.yaml"
pytestmark = pytest.mark.timeout(300)


def about_itself() -> str:
    """The shipped rules about Roomwatch itself, which hold at once and no longer than it lasts."""
    groups = yaml.safe_load(rules(parse(*read_config(CONFIG))))["groups"]
    kept = [
        {key: value for key, value in rule.items() if key not in ("for", "keep_firing_for")}
        for group in groups
        for rule in group["rules"]
        if rule.get("alert", "").startswith("Roomwatch")
    ]
    return yaml.safe_dump({"groups": [{"name": "itself", "rules": kept}]})


def firing(prometheus: Prometheus) -> set[tuple[str, str]]:
    """Alerts, each with the instance that it names."""
    found = prometheus.query('ALERTS{alertstate="firing"}')
    return {(one["metric"]["alertname"], one["metric"].get("instance", "")) for one in found}


def test_one_of_two_that_is_down_is_named_and_two_are_one_page(tmp_path: Path) -> None:
    with ExitStack() as running:
        replicas = []
        for name in ("a", "b"):
            folder = tmp_path / name
            folder.mkdir()
            replicas.append(running.enter_context(up(folder, service("rooms", "http://127.0.0.1:9"))))
        for replica in replicas:
            replica.wait(lambda frame: True, "first frame")
        prometheus = running.enter_context(
            Prometheus(scrape_of([replica.port for replica in replicas]), about_itself())
        )

        def until(*expected: tuple[str, str]) -> None:
            wait_until(lambda: firing(prometheus) == set(expected), PATIENCE, f"alerts {expected}")

        until(("RoomwatchWatchdog", ""))
        replicas[0].kill()
        until(
            ("RoomwatchWatchdog", ""),
            ("RoomwatchReplicaDown", f"127.0.0.1:{replicas[0].port}"),
        )
        replicas[1].kill()
        until(("RoomwatchDown", ""))
