"""Alertmanager's config as it is shipped: good by its own tool, and every alert goes to whom it should."""

from __future__ import annotations

import re
import subprocess

import pytest
import yaml

from probes.alerting.table import ALERTS, Severity
from tests.alertmanager import CONFIG, SECRETS
from tests.servers import require

TEXT = CONFIG.read_text("utf-8")
RECEIVERS = {
    Severity.PAGE: "roomwatch,pages",
    Severity.TICKET: "roomwatch,tickets",
    Severity.NONE: "roomwatch,dead-mans-switch",
}


def amtool(*arguments: str) -> str:
    done = subprocess.run([require("amtool"), *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def routed(**labels: str) -> str:
    """Who hears of an alert with these labels."""
    words = [f"{name}={value}" for name, value in labels.items()]
    return amtool("config", "routes", "test", f"--config.file={CONFIG}", *words)


def test_the_config_is_good_as_it_is_shipped() -> None:
    assert "1 templates" in amtool("check-config", str(CONFIG))


@pytest.mark.parametrize("name", ALERTS)
def test_each_alert_goes_to_whom_its_severity_says(name: str) -> None:
    labels = dict.fromkeys(ALERTS[name].labels, "x")
    severity = ALERTS[name].severity
    assert routed(alertname=name, severity=severity.value, **labels) == RECEIVERS[severity]


def test_what_has_no_severity_is_a_ticket_and_not_lost() -> None:
    assert routed(alertname="Anything") == "roomwatch,tickets"


def test_a_sign_of_life_of_somebody_else_wakes_nobody() -> None:
    assert routed(alertname="Watchdog", severity="none") == "roomwatch,nobody"


def test_only_alerts_that_exist_are_named() -> None:
    """A matcher for an alert that is called otherwise would silently match nothing."""
    config = yaml.safe_load(TEXT)
    rules = config["inhibit_rules"]
    matchers = [m for rule in rules for m in (*rule["source_matchers"], *rule["target_matchers"])]
    for matcher in matchers:
        operator, pattern = re.fullmatch(r'\w+?(=~|!=|=)"(.*)"', matcher).groups()  # type: ignore[union-attr]
        if matcher.startswith("alertname"):
            alternatives = pattern.split("|") if operator == "=~" else [pattern]
            for alternative in alternatives:
                assert any(re.fullmatch(alternative, name) for name in ALERTS), matcher


def test_labels_that_alerts_are_grouped_and_held_together_by_are_theirs() -> None:
    config = yaml.safe_load(TEXT)
    subjects = {label for alert in ALERTS.values() for label in alert.labels}
    known = subjects | {"alertname", "rooms_event", "..."}
    grouped = re.findall(r"^\s*group_by: \[(.*)\]", TEXT, re.MULTILINE)
    assert {label.strip('" ') for group in grouped for label in group.split(",")} <= known
    assert {label for rule in config["inhibit_rules"] for label in rule.get("equal", ())} <= subjects


def test_every_secret_is_in_a_file_that_the_config_explains() -> None:
    used = set(re.findall(r"/etc/alertmanager/secrets/(\S+\.\w+)", TEXT))
    explained = set(re.findall(r"^#   (\S+)\s{2,}", TEXT, re.MULTILINE))
    assert used == explained == SECRETS.keys()
