"""What stands on the timeline: alerts with their start, end and acknowledgement, and notes by hand."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec
from msgspec.structs import replace

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

    `heard_at`: when it was last said that it fires. `said_at`: of when the numbers of `summary` are, as
    far as known. All text is plain, all links are http or https.
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
    said_at: float | None = None
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


class Said(msgspec.Struct, frozen=True, array_like=True):
    """The summary of an alert as a board told it, and of when its numbers are."""

    summary: str
    at: float | None


WORDS_SECONDS = 15.0
"""An alert is told anew at each tick; what only its words tell is news so rarely, where it is kept."""


def is_news(kept: Entry | Note | None, now: Entry | Note) -> bool:
    """Whether there is more to keep of an alert or a note than what is kept already."""
    if kept == now:
        return False
    if not isinstance(kept, Entry) or not isinstance(now, Entry):
        return True
    words = {"summary": kept.view.summary, "said_at": kept.view.said_at, "heard_at": kept.view.heard_at}
    if replace(now, view=replace(now.view, **words)) != kept:
        return True
    return _told_at(now.view) - _told_at(kept.view) >= WORDS_SECONDS


def _told_at(view: AlertView) -> float:
    return max(view.heard_at, view.said_at or 0.0)


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """What the timeline holds of a stretch of time: in the order of their start, the oldest first."""

    alerts: tuple[Entry, ...] = ()
    notes: tuple[Note, ...] = ()
