"""What stands on the timeline: alerts with their start, end and acknowledgement, and notes by hand."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from probes.alerting.firing import Subject
from probes.alerting.table import Severity


class Source(StrEnum):
    """Who says that an alert fires."""

    ALERTMANAGER = "alertmanager"
    OWN = "own"  # Roomwatch's own evaluation


class Ending(StrEnum):
    """How it is known that an alert has ended."""

    RESOLVED = "resolved"  # Alertmanager said so, or has it no longer
    OVER = "over"  # it no longer holds, by Roomwatch's own evaluation
    UNHEARD = "unheard"  # no word came for longer than Alertmanager repeats: nobody knows


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the wish that Alertmanager be silent about an alert.

    `id` is Alertmanager's, empty where there is none (any more); `said` is a sentence for the board.
    """

    said: str
    id: str = ""
    until: float | None = None


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody knows of an alert. `by` is the name of a token."""

    by: str
    at: float
    note: str = ""
    silence: Silence | None = None


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """One time that an alert fired for one subject, as the board shows it. Times are wall time.

    `heard_at`: when it was last said that it fires. All text is plain, all links are http or https.
    """

    id: str
    subject: Subject
    severity: Severity
    source: Source
    since: float
    heard_at: float
    ended_at: float | None = None
    ending: Ending | None = None
    summary: str = ""
    description: str = ""
    runbook_url: str = ""
    generator_url: str = ""
    dashboard_url: str = ""
    acknowledged: Acknowledgement | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True, tag="alert"):
    """An alert with what Alertmanager knows it by, and what history is to know of it.

    `labels` are empty where they are not its own to the letter: a silence must not match more than it.
    `acknowledgements`: each with the wall time since when it was so, its silence included.
    """

    view: AlertView
    acknowledgements: tuple[tuple[float, Acknowledgement], ...] = ()
    fingerprint: str = ""
    labels: Mapping[str, str] = {}


class NoteKind(StrEnum):
    NOTE = "note"
    ANNOUNCEMENT = "announcement"  # what the public was told


class Note(msgspec.Struct, frozen=True, kw_only=True, tag="note"):
    """What somebody wrote down. `service` is empty where it is about all of them."""

    id: str
    at: float
    by: str
    text: str
    kind: NoteKind = NoteKind.NOTE
    service: str = ""


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """What the timeline holds of a stretch of time: in the order of their start, the oldest first."""

    alerts: tuple[Entry, ...] = ()
    notes: tuple[Note, ...] = ()
