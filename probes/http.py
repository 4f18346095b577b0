"""One bounded HTTP exchange. Filled in beside its tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Limits:
    max_body: int = 64_000_000
    follow_redirects: bool = False
    verify_tls: bool = True


class Http:
    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        content: bytes | None = None,
        limits: Limits = Limits(),
    ) -> Answer:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError
