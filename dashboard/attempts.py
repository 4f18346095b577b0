"""Tokens and passwords that were not right, in the log: what was given is never in it."""

from __future__ import annotations

import asyncio
from enum import StrEnum

import structlog

_EVERY = 1.0
_log = structlog.get_logger()


class Attempt(StrEnum):
    """What was given, and why it opened nothing."""

    BEARER = "a wrong token was given"
    BASIC = "a wrong user name or password was given"
    UNCHECKED = "a password was not checked: too many wait"
    SLOWED = "too many wrong tokens or passwords came from one client, which must wait"


class Attempts:
    """At most one line `every` second for each kind of attempt, with a count: no flood fills a disk."""

    def __init__(self, every: float = _EVERY) -> None:
        self._every = every
        self._since: dict[Attempt, int] = {}
        """Attempts since the last line, for each kind that had one lately."""
        self._peers: dict[Attempt, str] = {}

    def note(self, what: Attempt, peer: str) -> None:
        """One attempt from the address `peer`."""
        self._peers[what] = peer
        if what in self._since:
            self._since[what] += 1
        else:
            self._say(what, 1)

    def _say(self, what: Attempt, count: int) -> None:
        _log.warning(what.value, count=count, last_from=self._peers[what])
        self._since[what] = 0
        asyncio.get_running_loop().call_later(self._every, self._look_again, what)

    def _look_again(self, what: Attempt) -> None:
        count = self._since.pop(what)
        if count:
            self._say(what, count)
