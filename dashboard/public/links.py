"""Signed links: one panel of one service for whoever holds the link, until it expires or is revoked."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import NamedTuple

from dashboard.public import address
from dashboard.public.address import Address

PREFIX = "/embed/~"
LONGEST_TOKEN = 1_024
_MOST_OPENED = 1_024
_ALGORITHM = "HS256"
_AUDIENCE = "roomwatch-embed"
_NEEDED = ["aud", "exp", "jti", "sub"]

NOT_OURS = "This link is not valid. Ask for a new one."
EXPIRED = "This link has expired. Ask for a new one."
REVOKED = "This link was taken back."
ELSEWHERE = "This link is for another panel."


class Closed(Exception):
    """Why a link opens nothing, in one sentence."""


class Link(NamedTuple):
    """What a link may show: `panel@service`, in every theme and format. `expires` is Unix seconds."""

    id: str
    name: str
    shows: str
    expires: int


class Signed(NamedTuple):
    """A new link: its path, and the id by which it can be revoked."""

    path: str
    id: str


def pinned(asked: Address) -> str:
    """What a link to this address is pinned to."""
    return f"{asked.panel}@{asked.service}"


def sign(key: str, asked: Address, text: str, expires: float, name: str = "") -> Signed:
    """A link to the panel at `text`, which was read as `asked`, that ends at `expires` (Unix seconds)."""
    import jwt

    identity = secrets.token_hex(6)
    claims = {"aud": _AUDIENCE, "jti": identity, "sub": pinned(asked), "exp": int(expires)}
    token = jwt.encode({**claims, **({"name": name} if name else {})}, key, _ALGORITHM)
    return Signed(f"{PREFIX}{token}/{text}", identity)


class Links:
    """Opens links. What was verified once is remembered, for so many links; the rest is asked each time."""

    def __init__(self, key: str, revoked: Sequence[str]) -> None:
        self._key = key
        self._revoked = frozenset(revoked)
        self._opened: dict[str, Link] = {}

    def is_known(self, token: str) -> bool:
        """Whether opening it costs nothing."""
        return token in self._opened

    async def open(self, token: str, text: str, now: float) -> Address:
        """The address `text` where the link may show it. Raises Closed."""
        link = self._opened.get(token)
        if link is None:
            link = await asyncio.to_thread(self._verify, token)
            self._remember(token, link)
        if link.expires <= now:
            raise Closed(EXPIRED)
        if not self._revoked.isdisjoint((link.id, link.name)):
            raise Closed(REVOKED)
        asked = address.read(text)
        if asked is None or pinned(asked) != link.shows:
            raise Closed(ELSEWHERE)
        return asked

    def _remember(self, token: str, link: Link) -> None:
        if len(self._opened) >= _MOST_OPENED:
            del self._opened[next(iter(self._opened))]
        self._opened[token] = link

    def _verify(self, token: str) -> Link:
        """In a thread: pyjwt takes half a second to load, with the first one."""
        if not self._key or len(token) > LONGEST_TOKEN or not token.isascii():
            raise Closed(NOT_OURS)
        import jwt

        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": _NEEDED, "verify_exp": False},
            )
            expires = int(claims["exp"])
            return Link(str(claims["jti"]), str(claims.get("name", "")), str(claims["sub"]), expires)
        except (jwt.InvalidTokenError, TypeError, ValueError):
            raise Closed(NOT_OURS) from None
