"""What real Prometheus makes of a story: its rules are evaluated by promtool over what was scraped."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from pathlib import Path

import yaml

from probes.alerting.firing import Subject
from probes.alerting.rules import rules
from probes.settings import Config
from tests.servers import require

EVERY = 5
"""Seconds between two scrapes, and between two evaluations."""

_ASKED = 'ALERTS{alertstate="firing"}'
_LABELS = {
    "alert": "alertname",
    "service": "rooms_service",
    "node": "rooms_node",
    "room": "room",
    "lineage": "lineage",
    "probe": "probe",
    "what": "what",
}
_STALE, _NONE = "stale", "_"


class Scraped:
    """The texts of all scrapes, as the series that promtool reads: it writes them as they do."""

    def __init__(self) -> None:
        self._scrapes = 0
        self._series: dict[str, list[str]] = defaultdict(list)

    def take(self, text: bytes) -> None:
        for line in text.decode().splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                values = self._series[name]
                values += [_NONE] * (self._scrapes - len(values))
                values.append(value)
        self._scrapes += 1
        for values in self._series.values():
            if len(values) < self._scrapes:
                values.append(_NONE if values[-1] in (_STALE, _NONE) else _STALE)

    def firing(self, config: Config, folder: Path) -> list[set[Subject]]:
        """What fires at each evaluation."""
        (folder / "rules.yml").write_text(rules(config), "utf-8")
        times = (f"{EVERY * n}s" for n in range(self._scrapes))
        test = {
            "rule_files": ["rules.yml"],
            "evaluation_interval": f"{EVERY}s",
            "tests": [
                {
                    "interval": f"{EVERY}s",
                    "input_series": [
                        {"series": name, "values": " ".join(values)} for name, values in self._series.items()
                    ],
                    "promql_expr_test": [
                        {"expr": _ASKED, "eval_time": time, "exp_samples": []} for time in times
                    ],
                }
            ],
        }
        path = folder / "test.yml"
        path.write_text(yaml.dump(test, Dumper=yaml.CSafeDumper, width=10_000_000), "utf-8")
        done = subprocess.run([require("promtool"), "test", "rules", path], capture_output=True, text=True)
        return self._read(done.stdout + done.stderr)

    def _read(self, told: str) -> list[set[Subject]]:
        """promtool tells what it got wherever that is not nothing, as was expected."""
        found: list[set[Subject]] = [set() for _ in range(self._scrapes)]
        for time, got in re.findall(r"time: (\S+),\s*exp:[^\n]*\n\s*got:([^\n]*)", told):
            for labels in re.findall(r"\{([^}]*)\}", got):
                has = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels))
                about = {name: has.get(label, "") for name, label in _LABELS.items()}
                found[_seconds(time) // EVERY].add(Subject(**about))
        return found


def _seconds(text: str) -> int:
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(int(n) * units[unit] for n, unit in re.findall(r"(\d+)([hms])", text))
