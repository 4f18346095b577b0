"""Joining by one HTTP request."""

from __future__ import annotations

from typing import Literal

from probes.http import Http
from probes.joins.base import JoinBase
from probes.model import JoinAttempt


class HttpJoinSettings(JoinBase):
    """A join of way `http`."""

    via: Literal["http"]


class HttpJoin:
    """Tries one room by one request."""

    def __init__(self, settings: HttpJoinSettings) -> None:
        self._settings = settings

    async def join(self, base_url: str, http: Http) -> JoinAttempt:
        raise NotImplementedError
