"""The rules that are made from a config: current, whole, and as the table says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from probes.alerting.conditions import failing_share
from probes.alerting.expressions import EXPRESSIONS
from probes.alerting.rules import rules
from probes.alerting.table import ALERTS, Severity
from probes.settings import Config, parse, read_config
from tests.servers import require

CONFIG = Path(__file__).parents[3] / "config"
DEFAULT = parse(*read_config(CONFIG / "roomwatch.yaml"))

TWO = """
services:
  - {name: stage.eu, kind: janus, url: "http://127.0.0.1:9/admin", every: 1s, admin_secret: s, audience: 50}
  - {name: spaces, kind: janus, url: "http://127.0.0.1:8/admin", every: 1s, admin_secret: s}
events:
  - {name: launch, service: spaces}
  - {name: encore, service: spaces}
objectives: {join_success: 0.9, join_within: 12s}
alerts: {board: "https://board.example.org/", runbooks: "https://wiki.example.org/rooms/", job: watch/rooms}
"""


def config(text: str) -> Config:
    return parse(text, "test.yaml", Path())


def alert_rules(config: Config) -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load(rules(config))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


def test_the_rules_that_come_along_are_those_of_the_config_that_comes_along() -> None:
    """After a change: `roomwatch rules > config/prometheus/rules.yml`."""
    assert (CONFIG / "prometheus/rules.yml").read_text("utf-8") == rules(DEFAULT)


@pytest.mark.parametrize("made", [DEFAULT, config(TWO)], ids=["default", "two services"])
def test_prometheus_takes_them(made: Config, tmp_path: Path) -> None:
    path = tmp_path / "rules.yml"
    path.write_text(rules(made), "utf-8")
    done = subprocess.run([require("promtool"), "check", "rules", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_the_config_that_scrapes_roomwatch() -> None:
    command = [require("promtool"), "check", "config", CONFIG / "prometheus/prometheus.yml"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    read = yaml.safe_load((CONFIG / "prometheus/prometheus.yml").read_text("utf-8"))
    assert read["scrape_configs"][0]["job_name"] == DEFAULT.alerts.job
    assert (read["global"]["scrape_interval"], read["global"]["evaluation_interval"]) == ("5s", "5s")


def test_every_alert_of_the_table_is_a_rule_as_it_says() -> None:
    made = alert_rules(DEFAULT)
    assert made.keys() == ALERTS.keys() == EXPRESSIONS.keys()
    for name, alert in ALERTS.items():
        rule = made[name]
        assert rule["labels"]["severity"] == alert.severity
        assert set(rule) <= {"alert", "expr", "for", "keep_firing_for", "labels", "annotations"}
        assert set(rule["annotations"]) == {"summary", "description", "dashboard_url", "runbook_url"}
        said = " ".join(rule["annotations"].values())
        assert set(re.findall(r"\$labels\.(\w+)", said)) <= set(alert.labels)


def test_nothing_is_summed_over_instances() -> None:
    """Two Roomwatch that watch the same would count everything twice."""
    whole = rules(DEFAULT)
    assert set(re.findall(r"\bsum\b(?: \w+ \([^)]*\))?", whole)) == {"sum without (outcome)"}
    for expression in (rule["expr"] for rule in alert_rules(DEFAULT).values()):
        assert re.match(r"(time\(\) - )?(max|min|vector)\b", expression)


def test_addresses_are_those_of_the_config() -> None:
    ended = alert_rules(config(TWO))["RoomsEnded"]["annotations"]
    assert ended["runbook_url"] == "https://wiki.example.org/rooms/RoomsEnded"
    assert ended["dashboard_url"].startswith("https://board.example.org/?at={{")
    assert ended["dashboard_url"].endswith("&service={{ $labels.rooms_service | urlquery }}")
    assert alert_rules(DEFAULT)["RoomsEnded"]["annotations"]["runbook_url"] == (
        "http://127.0.0.1:8050/runbooks/RoomsEnded"
    )


def test_a_rule_has_the_objectives_the_audiences_and_the_job_of_the_config() -> None:
    made = alert_rules(config(TWO))
    assert "> 0.2\n" in made["RoomsJoinsFailing"]["expr"]
    assert "histogram_quantile(0.9, rate" in made["RoomsJoinsSlow"]["expr"]
    assert 'rooms_participants{rooms_service=~"spaces"}) >= 10' in made["RoomsFull"]["expr"]
    assert 'rooms_participants{rooms_service=~"stage[.]eu"}) >= 50' in made["RoomsFull"]["expr"]
    assert 'up{job="watch/rooms"}' in made["RoomwatchDown"]["expr"]
    assert made["RoomsEnded"]["labels"]["rooms_event"] == (
        '{{ if eq $labels.rooms_service "spaces" }}launch,encore{{ end }}'
    )


@pytest.mark.parametrize("objective", [0.0, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0])
def test_a_share_that_pages_can_be_reached_and_is_never_met_by_what_is_promised(objective: float) -> None:
    share = failing_share(14.4, objective)
    assert 1 - objective <= share + 1e-9
    assert share < 1 or objective == 0
    if objective >= 0.93:
        assert share <= 0.15, "30% of failing joins must page within a minute"


def test_only_pages_wake_somebody_and_the_watchdog_nobody() -> None:
    assert {name for name, alert in ALERTS.items() if alert.severity is Severity.NONE} == {
        "RoomwatchWatchdog"
    }
