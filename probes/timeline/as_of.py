"""The timeline as it stood at a moment of the past."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from probes.timeline.alerts import ENDED_SECONDS, MOST_ENDED, MOST_FIRING, urgency
from probes.timeline.entries import AlertView, Entry, Note, Past, Said

LOOKED_AT = 500
"""The most entries of history that one moment is made of; the newest, and of those that fire still all."""


def as_of(
    past: Past, at: float, said: Mapping[str, Said] = {}
) -> tuple[tuple[AlertView, ...], tuple[Note, ...]]:
    """The alerts and notes that were shown at wall time `at`, in the order of a frame.

    Who knew of an alert, and whether Alertmanager was silent about it, is as it was then. `said`: what was
    said then, by the alerts' ids. Of any other alert it is the last that was kept, and its numbers may be of
    later, as `said_at` tells.
    """
    known = [_then(entry, at, said) for entry in past.alerts if entry.view.since <= at]
    fired = sorted((view for view in known if view.ended_at is None), key=urgency)
    ended = [view for view in known if view.ended_at is not None and view.ended_at > at - ENDED_SECONDS]
    ended.sort(key=lambda view: -(view.ended_at or at))
    notes = sorted((note for note in past.notes if note.at <= at), key=lambda note: -note.at)
    return (*fired[:MOST_FIRING], *ended[:MOST_ENDED]), tuple(notes)


def _then(entry: Entry, at: float, said: Mapping[str, Said]) -> AlertView:
    """Without what was not known yet."""
    view = entry.view
    if view.id in said:
        view = replace(view, summary=said[view.id].summary, said_at=said[view.id].at)
    if view.ended_at is not None and view.ended_at > at:
        view = replace(view, ended_at=None, ending=None)
    known = (word for since, word in reversed(entry.acknowledgements) if since <= at)
    return replace(view, heard_at=min(view.heard_at, at), acknowledged=next(known, None))
