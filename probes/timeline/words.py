"""What the timeline is told: by Alertmanager's webhook, by its list of alerts, by people."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from probes.alerting.firing import Subject
from probes.alerting.table import Severity
from probes.timeline.entries import NoteKind, Silence


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as Alertmanager tells it. Times are wall time; `ended` is None while it fires."""

    fingerprint: str
    subject: Subject
    severity: Severity
    since: float
    ended: float | None = None
    summary: str = ""
    description: str = ""
    runbook_url: str = ""
    generator_url: str = ""
    dashboard_url: str = ""
    labels: Mapping[str, str] = {}


class Told(msgspec.Struct, tag=True, frozen=True):
    """What one webhook holds."""

    alerts: tuple[Heard, ...]


class Listed(msgspec.Struct, tag=True, frozen=True):
    """All that Alertmanager has firing, silenced ones too: the start of each by its fingerprint.

    `asked` is the wall time before it was asked.
    """

    since: Mapping[str, float]
    asked: float


class Acknowledge(msgspec.Struct, tag=True, frozen=True):
    """`by` knows of the alert with the id `alert`."""

    alert: str
    by: str
    note: str = ""


class Silenced(msgspec.Struct, tag=True, frozen=True):
    """What became of a silence for an alert that was acknowledged."""

    alert: str
    silence: Silence


class Write(msgspec.Struct, tag=True, frozen=True):
    """`by` writes a note; `service` is empty for all."""

    by: str
    text: str
    kind: NoteKind = NoteKind.NOTE
    service: str = ""


Word = Told | Listed | Acknowledge | Silenced | Write
