"""Passwords: hashed with argon2, verified once, remembered, and never on the event loop.

A slow hash a request on the loop stops a whole server, so a right password is
verified once in a thread and remembered by a keyed digest.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import secrets
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

if TYPE_CHECKING:
    from probes.config.auth import BasicUser

_REMEMBERED = 1024
_WAITING = 16


class Verdict(Enum):
    RIGHT = "right"
    WRONG = "wrong"
    BUSY = "busy"  # too many passwords wait to be checked


def user_named(users: Sequence[BasicUser], authorization: str) -> str:
    """Which of `users` a header's value names, whatever the password; empty where it names none."""
    given = _decode(authorization)
    return given[0] if given and given[0] in {user.user for user in users} else ""


class Passwords:
    """Remembers which pairs of user and password were right. Others are hashed, one at a time."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._right: dict[bytes, None] = {}
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0

    async def check(self, users: Sequence[BasicUser], authorization: str) -> Verdict:
        """Whether `authorization` (a header's value) names one of `users` with the right password."""
        given = _decode(authorization)
        known = {user.user: user.password_hash.reveal() for user in users}
        if given is None or given[0] not in known:
            return Verdict.WRONG
        user, password = given
        digest = hmac.digest(self._key, f"{known[user]}\0{user}\0{password}".encode(), "sha256")
        if digest in self._right:
            return Verdict.RIGHT
        if self._waiting >= _WAITING:
            return Verdict.BUSY
        if not await self._verify(known[user], password):
            return Verdict.WRONG
        self._remember(digest)
        return Verdict.RIGHT

    async def _verify(self, hashed: str, password: str) -> bool:
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                return await asyncio.to_thread(_matches, hashed, password)
        finally:
            self._waiting -= 1

    def _remember(self, digest: bytes) -> None:
        if len(self._right) >= _REMEMBERED:
            del self._right[next(iter(self._right))]
        self._right[digest] = None


def hash_password(password: str) -> str:
    """The argon2 hash to put into `auth.basic`."""
    return PasswordHasher().hash(password)


def _matches(hashed: str, password: str) -> bool:
    try:
        return PasswordHasher().verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def _decode(authorization: str) -> tuple[str, str] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None
