"""Prometheus' own tests of the rules, and that they leave no alert out."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from probes.alerting.table import ALERTS, Severity
from probes.config.units import seconds
from tests.servers import require

ROOT = Path(__file__).parents[3]
PROMETHEUS = ROOT / "config/prometheus"
FILES = sorted(PROMETHEUS.glob("tests*.yml"))
WITHIN = 60.0


@cache
def every_case() -> list[dict[str, Any]]:
    return [case for file in FILES for case in yaml.safe_load(file.read_text("utf-8"))["tests"]]


def alerts_of(case: dict[str, Any]) -> str:
    """The one alert that a case is about."""
    (name,) = {test["alertname"] for test in case["alert_rule_test"]}
    return str(name)


def began(case: dict[str, Any]) -> float | None:
    """When the trouble of a case begins, in seconds; None where it is one without."""
    found = re.search(r" from (\w+) on$", case["name"])
    return (0.0 if found[1] == "0s" else seconds(found[1])) if found else None


def fired(case: dict[str, Any]) -> float:
    """When its alert fires, in seconds from the beginning of the trouble."""
    first = next(test for test in case["alert_rule_test"] if test["exp_alerts"])
    at = 0.0 if first["eval_time"] == "0s" else seconds(first["eval_time"])
    return at - (began(case) or 0.0)


def test_what_the_files_say_of_themselves_is_so() -> None:
    assert [file.name for file in FILES] == ["tests-slow.yml", "tests.yml"]
    for case in every_case():
        assert case["name"].startswith(alerts_of(case))
        fires = any(test["exp_alerts"] for test in case["alert_rule_test"])
        assert fires == (began(case) is not None), case["name"]


@pytest.mark.timeout(600)
def test_promtool_finds_every_alert_as_expected(tmp_path: Path) -> None:
    """A case is played to the rule that it is about alone: with all rules it takes several times as long."""
    rules = yaml.safe_load((PROMETHEUS / "rules.yml").read_text("utf-8"))["groups"]
    parts = []
    for whole in (yaml.safe_load(file.read_text("utf-8")) for file in FILES):
        assert whole["rule_files"] == ["rules.yml"]
        for name in dict.fromkeys(map(alerts_of, whole["tests"])):
            folder = tmp_path / f"{len(parts)}-{name}"
            folder.mkdir()
            mine = [case for case in whole["tests"] if alerts_of(case) == name]
            (folder / "tests.yml").write_text(yaml.safe_dump({**whole, "tests": mine}), "utf-8")
            (folder / "rules.yml").write_text(yaml.safe_dump({"groups": only(name, rules)}), "utf-8")
            parts.append(folder / "tests.yml")
    done = subprocess.run([require("promtool"), "test", "rules", *parts], capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[:5_000]
    assert done.stdout.count("SUCCESS") == len(parts) == len(ALERTS)


def only(name: str, groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The group of one alert, with no other rule in it."""
    kept = [{**group, "rules": [r for r in group["rules"] if r.get("alert") == name]} for group in groups]
    return [group for group in kept if group["rules"]]


@pytest.mark.parametrize("name", ALERTS)
def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_is_quiet(name: str) -> None:
    mine = [case for case in every_case() if alerts_of(case) == name]
    assert any(began(case) is not None for case in mine)
    assert any(began(case) is None for case in mine)


def test_an_alert_is_quiet_one_evaluation_before_it_fires() -> None:
    """So that what is said of its speed is exact."""
    for case in every_case():
        tests = case["alert_rule_test"]
        first = next((i for i, test in enumerate(tests) if test["exp_alerts"]), None)
        if not first:
            continue  # the watchdog fires from the beginning
        step = seconds(case["interval"])
        assert seconds(tests[first]["eval_time"]) - seconds(tests[first - 1]["eval_time"]) == step


def test_two_roomwatch_give_one_alert() -> None:
    """Every page is also tried with two that watch the same; what they see alike is one alert.

    But for the one that is about one of them.
    """
    tried = set()
    for case in every_case():
        instances = {i for s in case["input_series"] for i in re.findall(r'instance="(\w)', s["series"])}
        of_one = "instance" in ALERTS[alerts_of(case)].labels
        if instances == {"a", "b"} and began(case) is not None and not of_one:
            tried.add(alerts_of(case))
            for test in case["alert_rule_test"]:
                labels = [tuple(sorted(alert["exp_labels"].items())) for alert in test["exp_alerts"]]
                assert len(labels) == len(set(labels))
                assert all("instance" not in alert["exp_labels"] for alert in test["exp_alerts"])
    pages = {name for name, alert in ALERTS.items() if alert.severity is Severity.PAGE}
    assert tried >= pages - {"RoomsFewFollowed"}


def test_somebody_is_woken_within_a_minute_of_the_first_failing_second() -> None:
    speeds = {
        case["name"]: fired(case) for case in every_case() if "joins fail" in case["name"] and began(case)
    }
    launch = {name: speed for name, speed in speeds.items() if name.startswith("RoomsJoinsFailing")}
    assert any("half" in name for name in launch)
    assert any("30%" in name for name in launch)
    assert max(launch.values()) <= WITHIN - 10, "a scrape and an evaluation may each come 5 s late"


def test_what_the_alerts_say_is_finished_text() -> None:
    """No template is left over, every address is whole, and `at` is the moment of the evaluation."""
    for case in every_case():
        for test in case["alert_rule_test"]:
            for alert in test["exp_alerts"]:
                said = alert["exp_annotations"]
                ours = " ".join(said.values())
                for value in alert["exp_labels"].values():
                    ours = ours.replace(value, "it")
                assert not re.search(r"\{\{|%!|<error|no value|\s\s", ours)
                at = 0 if test["eval_time"] == "0s" else seconds(test["eval_time"])
                assert re.search(r"/\?at=(\d+)", said["dashboard_url"])[1] == f"{at:.0f}"  # type: ignore[index]


def words(length: float) -> str:
    if length <= 180:
        return f"{length:.0f} s"
    return f"{length / 60:.0f} min" if length < 7200 else f"{length / 3600:.1f} h"


def test_the_readme_has_every_alert_as_it_is_and_as_fast_as_it_fires() -> None:
    speeds: dict[str, list[float]] = {}
    for case in every_case():
        if began(case) is not None:
            speeds.setdefault(alerts_of(case), []).append(fired(case))
    rows = []
    for name, alert in ALERTS.items():
        ends = dict.fromkeys([words(min(speeds[name])), words(max(speeds[name]))])
        runbook = f"config/runbooks/{name}.md"
        assert (ROOT / runbook).is_file()
        rows.append(
            f"| `{name}` | {alert.meaning} | {alert.severity} | {' to '.join(ends)} | [steps]({runbook}) |"
        )
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "\n".join(rows) in readme
    assert readme.count("| `Room") == len(ALERTS)
    assert "roomwatch rules" in readme
