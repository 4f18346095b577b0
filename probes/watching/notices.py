"""What a service tells by itself, as its webhooks do, beside what its answers say. Pure: time comes with it.

A word that a room opened or ended counts at once. A list is allowed to be behind
by `LIST_AGE`: so long what was told by itself stands against it, and nothing
flaps. After that the list counts; a room that it has all the same is in
`contradicted` until it goes.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from probes.model import Outcome, Room, RoomState, SnapshotPart
from probes.notice import Notice, NoticeKind
from probes.watching.roll import Key, key_of

LIST_AGE = 6.0
"""Wall seconds by which a list may be behind: 5 s in LiveKit, and the time that an answer takes."""

MOST_ROOMS = 10_000
MOST_IDS = 50_000


TRIES: Mapping[NoticeKind, Outcome] = {
    NoticeKind.JOINED: Outcome.JOINED,
    NoticeKind.ABORTED: Outcome.ABORTED,
}
"""The words that are ends of somebody's try to join."""


class Heard:
    """The ids of what one service told by itself: each word counts once."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}

    def is_new(self, notice: Notice) -> bool:
        """Whether it was not heard before; one without an id is. Of too many the oldest is forgotten."""
        if not notice.id:
            return True
        if notice.id in self._ids:
            return False
        self._ids[notice.id] = None
        if len(self._ids) > MOST_IDS:
            del self._ids[next(iter(self._ids))]
        return True


class _Word(msgspec.Struct, gc=False):
    """The last word on one room."""

    room: Room
    at: float
    session: str
    ended: bool
    doubted: bool = False

    def agrees(self, listed: Room | None) -> bool:
        """Whether a list says the same, of which `listed` is the open room."""
        if not self.ended:
            return listed is not None
        return listed is None or _another_time(self.room, listed)


class RoomWords:
    """The last words on the rooms of one endpoint."""

    def __init__(self) -> None:
        self._words: dict[Key, _Word] = {}
        self._over: dict[str, None] = {}

    @property
    def contradicted(self) -> dict[Key, float]:
        """Rooms still listed after `LIST_AGE` though the service told that they ended, and when (wall)."""
        return {key: word.at for key, word in self._words.items() if word.doubted}

    def take(self, key: Key, notice: Notice, known: Room | None) -> Room | None:
        """Take in a word that a room opened or ended. Returns its room, or None where it is no news.

        `known`: the room as far as it is open. Words that come late, of a time that the
        room was open before, are no news.
        """
        room = Room(
            id=notice.room,
            node=key[0],
            participants=notice.participants,
            title=notice.title,
            capacity=notice.capacity,
            started_at=notice.started_at,
            hosts=notice.hosts,
        )
        ended = notice.kind is NoticeKind.ROOM_ENDED
        last = self._words.get(key)
        if notice.session:
            if notice.session in self._over:
                return None
            if ended:
                self._remember_end(notice.session)
        if ended and _of_another_time(notice, room, known, last):
            return None
        self._words.pop(key, None)
        self._words[key] = _Word(room=room, at=notice.at, session=notice.session, ended=ended)
        if len(self._words) > MOST_ROOMS:
            del self._words[next(iter(self._words))]
        return room

    def correct(self, part: SnapshotPart, at: float) -> SnapshotPart:
        """An answer that came at wall time `at`, put right where it may be behind the last words."""
        if not self._words:
            return part
        listed = {
            key: room
            for room in part.rooms
            if room.state is RoomState.OPEN and (key := key_of(room)) in self._words
        }
        ended: set[Key] = set()
        opened: list[Room] = []
        for key, word in list(self._words.items()):
            agrees = word.agrees(listed.get(key))
            if at > word.at + LIST_AGE:
                if word.ended and not agrees:
                    word.doubted = True
                else:  # one that opened and is not listed may have ended since
                    del self._words[key]
            elif not agrees and word.ended:
                ended.add(key)
            elif not agrees:
                opened.append(word.room)
        if not ended and not opened:
            return part
        rooms = [
            replace(room, state=RoomState.ENDED) if ended and key_of(room) in ended else room
            for room in part.rooms
        ]
        return replace(part, rooms=[*rooms, *opened])

    def _remember_end(self, session: str) -> None:
        self._over[session] = None
        if len(self._over) > MOST_ROOMS:
            del self._over[next(iter(self._over))]


def _another_time(one: Room, other: Room) -> bool:
    """Whether these are two times that a room was open; where either does not tell, they are one."""
    return one.started_at is not None and other.started_at is not None and one.started_at != other.started_at


def _of_another_time(notice: Notice, room: Room, known: Room | None, last: _Word | None) -> bool:
    """Whether a room's end is that of a time before the one that goes on now."""
    if last is not None and not last.ended and last.session and notice.session:
        return last.session != notice.session
    return known is not None and _another_time(room, known)
