"""What a service tells by itself, without being asked, as its webhooks do."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class NoticeKind(StrEnum):
    """What a service tells by itself, without being asked."""

    ROOM_OPENED = "room_opened"
    ROOM_ENDED = "room_ended"
    JOINED = "joined"  # somebody got into a room
    ABORTED = "aborted"  # somebody gave up, or the connection never came about


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a service told by itself, as its webhooks do; never who took part.

    `at` is the wall time at which it came, `id` the service's own, by which a
    repetition is known. `session` tells apart the times that one room was open.
    """

    id: str
    kind: NoticeKind
    room: str
    at: float
    session: str = ""
    title: str = ""
    participants: int | None = None
    capacity: int | None = None
    started_at: float | None = None
    hosts: tuple[str, ...] = ()
