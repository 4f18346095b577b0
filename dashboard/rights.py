"""What each write needs. Looking needs `view`, which people with a password and those behind a proxy have."""

from __future__ import annotations

import re

from probes.config.auth import Role

READS = frozenset({"GET", "HEAD", "OPTIONS"})

WRITES: dict[tuple[str, str], Role] = {
    ("POST", "/api/v1/notes"): Role.NOTE,
    ("POST", "/api/v1/alerts/{alert}/acknowledge"): Role.NOTE,
    ("POST", "/hooks/alertmanager"): Role.NOTE,
    ("POST", "/api/v1/relocations"): Role.OPERATE,
    ("POST", "/-/reload"): Role.OPERATE,
}
"""By method and path, as the routes are written. An acknowledgement is a silence only for who may operate."""

_PATTERNS = tuple(
    (method, re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), role) for (method, path), role in WRITES.items()
)


def needed(method: str, path: str) -> Role:
    """What a request needs; for a write that stands nowhere above, the most."""
    if method in READS:
        return Role.VIEW
    return _role(method, path) or Role.OPERATE


def writes(method: str, path: str) -> bool:
    """Whether a request may change something: the others are refused where they lead, at no cost."""
    return _role(method, path) is not None


def _role(method: str, path: str) -> Role | None:
    return next((role for known, at, role in _PATTERNS if known == method and at.fullmatch(path)), None)
