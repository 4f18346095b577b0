"""One alert that fires for one subject."""

from __future__ import annotations

import msgspec


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert is about; what does not name it is empty."""

    alert: str
    service: str = ""
    node: str = ""
    room: str = ""
    lineage: str = ""
    probe: str = ""
    what: str = ""


class Firing(msgspec.Struct, frozen=True):
    """An alert of `ALERTS` that holds for one subject, by our own evaluation. `since` is wall time.

    `summary` is plain text with the numbers in it; it may hold the title of a room, so whoever
    shows it makes it inert there.
    """

    subject: Subject
    since: float
    summary: str
