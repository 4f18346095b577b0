"""One alert that fires for one subject."""

from __future__ import annotations

import msgspec


class Firing(msgspec.Struct, frozen=True, kw_only=True):
    """An alert of `ALERTS` that holds for one subject, whoever found it. `since` is wall time.

    What does not name the subject is empty. `summary` is plain text with the numbers in it;
    it may hold the title of a room, so whoever shows it makes it inert there.
    """

    alert: str
    since: float
    summary: str
    service: str = ""
    node: str = ""
    room: str = ""
    lineage: str = ""
    probe: str = ""
    what: str = ""
