"""Prometheus' rules, made from the config: what `roomwatch rules` prints.

The syntax is that of Prometheus 2.42 (`keep_firing_for` is new there), which 3 reads as well.
"""

from __future__ import annotations

from typing import Any

import yaml

from probes.alerting.expressions import EXPRESSIONS
from probes.alerting.recording import RECORDED
from probes.alerting.table import ALERTS, Alert
from probes.alerting.texts import Text, texts
from probes.config.units import duration_text
from probes.settings import Config

SLOW_EVERY = 30.0
"""Seconds between two evaluations of what looks back for hours, which costs the most."""

_SLOW = "RoomsJoinBudgetBurning"
_NOW = '{{ with query "time()" }}{{ . | first | value | printf "%.0f" }}{{ end }}'
_HEAD = "# Made from the config by `roomwatch rules`: change that, and make this again.\n"


class _Dumper(yaml.SafeDumper):
    """Writes PromQL of several lines as it is."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def rules(config: Config) -> str:
    """The rules as YAML. Groups are evaluated beside each other, the rules of one in order."""
    groups = [
        {"name": "roomwatch-recorded", "rules": [{"record": n, "expr": e} for n, e in RECORDED.items()]},
        {"name": "roomwatch-alerts", "rules": _alerts(config, [n for n in ALERTS if n != _SLOW])},
        {
            "name": "roomwatch-slow",
            "interval": duration_text(SLOW_EVERY),
            "rules": _alerts(config, [_SLOW]),
        },
    ]
    return _HEAD + yaml.dump(
        {"groups": groups}, Dumper=_Dumper, sort_keys=False, width=1_000_000, allow_unicode=True
    )


def _alerts(config: Config, names: list[str]) -> list[dict[str, Any]]:
    said = texts(config)
    return [_alert(ALERTS[name], config, said[name]) for name in names]


def _alert(alert: Alert, config: Config, text: Text) -> dict[str, Any]:
    rule: dict[str, Any] = {"alert": alert.name, "expr": EXPRESSIONS[alert.name](config)}
    if alert.hold:
        rule["for"] = duration_text(alert.hold)
    if alert.keep:
        rule["keep_firing_for"] = duration_text(alert.keep)
    rule["labels"] = {"severity": alert.severity.value}
    if "rooms_service" in alert.labels and (event := _event(config)):
        rule["labels"]["rooms_event"] = event
    rule["annotations"] = {
        "summary": text.summary,
        "description": text.description,
        "dashboard_url": _dashboard_url(alert, config),
        "runbook_url": f"{config.alerts.runbooks_address}/{alert.name}",
    }
    return rule


def _event(config: Config) -> str:
    """A template for the events of the service that an alert is about, for receivers to group by."""
    names: dict[str, list[str]] = {}
    for event in config.events:
        names.setdefault(event.service, []).append(event.name)
    return "".join(
        f'{{{{ if eq $labels.rooms_service "{service}" }}}}{",".join(some)}{{{{ end }}}}'
        for service, some in names.items()
    )


def _dashboard_url(alert: Alert, config: Config) -> str:
    """The board at the moment of the evaluation: a template is not told when an alert began."""
    service = "&service={{ $labels.rooms_service | urlquery }}" if "rooms_service" in alert.labels else ""
    return f"{config.alerts.board_address}/?at={_NOW}{service}"
