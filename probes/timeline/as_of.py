"""The timeline as it stood at a moment of the past."""

from __future__ import annotations

from msgspec.structs import replace

from probes.timeline.alerts import ENDED_SECONDS, MOST_ENDED, MOST_FIRING, urgency
from probes.timeline.entries import AlertView, Entry, Note, Past

LOOKED_AT = 500
"""The most entries of history that one moment is made of; the newest, and of those that fire still all."""


def as_of(past: Past, at: float) -> tuple[tuple[AlertView, ...], tuple[Note, ...]]:
    """The alerts and notes that were shown at wall time `at`, in the order of a frame.

    Who knew of an alert, and whether Alertmanager was silent about it, is as it was then. Of all else history
    holds the last state alone: a summary may have its numbers from later.
    """
    known = [_then(entry, at) for entry in past.alerts if entry.view.since <= at]
    fired = sorted((view for view in known if view.ended_at is None), key=urgency)
    ended = [view for view in known if view.ended_at is not None and view.ended_at > at - ENDED_SECONDS]
    ended.sort(key=lambda view: -(view.ended_at or at))
    notes = sorted((note for note in past.notes if note.at <= at), key=lambda note: -note.at)
    return (*fired[:MOST_FIRING], *ended[:MOST_ENDED]), tuple(notes)


def _then(entry: Entry, at: float) -> AlertView:
    """Without what was not known yet."""
    view = entry.view
    if view.ended_at is not None and view.ended_at > at:
        view = replace(view, ended_at=None, ending=None)
    known = (said for since, said in reversed(entry.acknowledgements) if since <= at)
    return replace(view, heard_at=min(view.heard_at, at), acknowledged=next(known, None))
