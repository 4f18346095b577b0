"""Alertmanager's webhook and its API, as of version 0.25: what they tell of alerts, and how to be silent.

A webhook holds a group, with all of its alerts at every message: those that fire and, once, those
that have ended. The zero time stands for an end that is not known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

import msgspec

from probes.alerting.firing import Subject
from probes.alerting.table import ALERTS, Severity
from probes.model import plain_text
from probes.timeline.words import Heard, Listed

MOST_ALERTS = 500
MOST_LABEL_BYTES = 4_000
"""Of the labels of one alert: with more there can be no silence for it."""

_NAME = 128
_TEXT = 400
_URL = 1_000

_SEVERITIES = {
    "page": Severity.PAGE,
    "critical": Severity.PAGE,
    "none": Severity.NONE,
}
"""Ours, and those that most rules of others have; any other word is a ticket."""

WATCHDOGS = ("RoomwatchWatchdog", "Watchdog")
"""Signs of life: ours, and the one of most collections of rules."""


class Unreadable(Exception):
    """What is no webhook of Alertmanager's, as one sentence."""


class _Alert(msgspec.Struct, rename="camel"):
    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    starts_at: datetime
    ends_at: datetime
    annotations: dict[str, str] = {}
    generator_url: str = msgspec.field(default="", name="generatorURL")
    fingerprint: str = ""


class _Webhook(msgspec.Struct, rename="camel"):
    version: str
    alerts: list[_Alert]


class _Listed(msgspec.Struct, rename="camel"):
    fingerprint: str
    starts_at: datetime


class _Made(msgspec.Struct):
    silence: str = msgspec.field(name="silenceID")


_webhook = msgspec.json.Decoder(_Webhook)
_listed = msgspec.json.Decoder(list[_Listed])
_made = msgspec.json.Decoder(_Made)


def read_webhook(body: bytes) -> tuple[Heard, ...]:
    """The alerts of one webhook. Raises Unreadable."""
    try:
        told = _webhook.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        why = plain_text(str(error), 200)
        raise Unreadable(f"expected a webhook of Alertmanager's as JSON: {why}") from None
    if told.version != "4":
        found = plain_text(told.version, 20)
        raise Unreadable(f"expected a webhook of version 4, found {found}; use Alertmanager 0.16 or later")
    if len(told.alerts) > MOST_ALERTS:
        raise Unreadable(
            f"expected at most {MOST_ALERTS} alerts in a webhook; set `max_alerts` of the receiver"
        )
    return tuple(_heard(alert) for alert in told.alerts)


def _heard(alert: _Alert) -> Heard:
    labels, notes = alert.labels, alert.annotations
    name = labels.get("alertname", "")
    if not name:
        raise Unreadable("expected the label alertname in each alert of a webhook")

    def label(key: str) -> str:
        return plain_text(labels.get(key, ""))

    ends = _seconds(alert.ends_at)
    since = _seconds(alert.starts_at)
    return Heard(
        fingerprint=_fingerprint(alert),
        subject=Subject(
            alert=plain_text(name),
            service=label("rooms_service"),
            node=label("rooms_node"),
            room=label("room"),
            lineage=label("lineage"),
            probe=label("probe"),
            what=label("what"),
        ),
        severity=_severity(name, labels.get("severity", "")),
        since=since,
        ended=None if alert.status == "firing" else max(ends, since),
        summary=plain_text(notes.get("summary", "") or notes.get("message", ""), _TEXT),
        description=plain_text(notes.get("description", ""), _TEXT),
        runbook_url=safe_link(notes.get("runbook_url", "")),
        generator_url=safe_link(alert.generator_url),
        dashboard_url=safe_link(notes.get("dashboard_url", "")),
        labels=_whole(labels),
    )


def _severity(name: str, told: str) -> Severity:
    if name in WATCHDOGS:
        return Severity.NONE
    if name in ALERTS and not told:
        return ALERTS[name].severity
    return _SEVERITIES.get(told, Severity.TICKET)


def _fingerprint(alert: _Alert) -> str:
    if 0 < len(alert.fingerprint) <= 64:
        return plain_text(alert.fingerprint)
    return hashlib.sha256(repr(sorted(alert.labels.items())).encode("utf-8", "replace")).hexdigest()[:16]


def _seconds(time: datetime) -> float:
    """Unix seconds; 0 where it stands for no time."""
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return max(aware.timestamp(), 0.0)


def _whole(labels: Mapping[str, str]) -> dict[str, str]:
    """All labels, or none where they are too many to be kept: some of them would match other alerts too."""
    size = sum(len(name) + len(value) for name, value in labels.items())
    return dict(labels) if size <= MOST_LABEL_BYTES else {}


def safe_link(text: str) -> str:
    """`text` where it is an http or https address that a browser may be given, else nothing."""
    fits = len(text) <= _URL and text.isprintable() and not any(c in text for c in " \"'<>`\\")
    return text if fits and text.lower().startswith(("http://", "https://")) else ""


def read_listed(body: bytes, asked: float) -> Listed:
    """The answer of `GET /api/v2/alerts`. Raises Unreadable."""
    try:
        alerts = _listed.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Unreadable("its answer is not the list of alerts of Alertmanager's API v2") from None
    return Listed({alert.fingerprint[:64]: _seconds(alert.starts_at) for alert in alerts}, asked)


def silence_request(labels: Mapping[str, str], by: str, comment: str, start: float, end: float) -> object:
    """The body of `POST /api/v2/silences`: an alert with exactly these labels, and those that add others."""
    return {
        "matchers": [
            {"name": name, "value": value, "isRegex": False, "isEqual": True}
            for name, value in sorted(labels.items())
            if value
        ],
        "createdBy": by,
        "comment": comment,
        "startsAt": datetime.fromtimestamp(start, UTC).isoformat(),
        "endsAt": datetime.fromtimestamp(end, UTC).isoformat(),
    }


def read_silence(body: bytes) -> str:
    """The id of the silence that was made. Raises Unreadable."""
    try:
        return plain_text(_made.decode(body).silence, 64)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Unreadable("its answer names no silence") from None
