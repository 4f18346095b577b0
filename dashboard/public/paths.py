"""The paths that everyone may ask for, and what answers at each: a table, by how they begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from dashboard.public.facts import Facts
from dashboard.public.go import answers as go
from dashboard.public.panels import badges, embed, oembed
from dashboard.public.ready import Ready
from dashboard.public.status import answers as status


class Answering(NamedTuple):
    """`answer` makes what stands at a path, or None; `exists` tells whether something may, at no cost."""

    answer: Callable[[str, Facts], Ready | None]
    exists: Callable[[str, Facts], bool]


ANSWERS: dict[str, Answering] = {
    embed.PREFIX: Answering(embed.answer, embed.exists),
    badges.PREFIX: Answering(badges.answer, badges.exists),
    status.PREFIX: Answering(status.answer, status.exists),
    status.SUMMARY: Answering(status.answer, status.exists),
    go.PREFIX: Answering(go.answer, go.exists),
}


def is_public(path: str) -> bool:
    """Whether `path` is one of those that are answered for everyone, public or not there."""
    return path.startswith(tuple(ANSWERS)) or path == oembed.PATH


def answer(path: str, facts: Facts) -> Ready | None:
    """What stands at `path`, made now; None where nothing public does."""
    found = _answering(path)
    return found.answer(path, facts) if found else None


def may_exist(path: str, facts: Facts) -> bool:
    """Whether something may stand at `path`; told without making it."""
    found = _answering(path)
    return path == oembed.PATH or (found is not None and found.exists(path, facts))


def _answering(path: str) -> Answering | None:
    return next((found for beginning, found in ANSWERS.items() if path.startswith(beginning)), None)
