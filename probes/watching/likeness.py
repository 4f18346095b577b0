"""Whether two rooms are of the same people: what their hosts, speakers and titles say.

Each piece of evidence has a weight in log-odds, so that pieces add up. The weights
were set by hand and are held to account by `python -m tests.bench lineage`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from probes.model import Room

SAME_HOSTS = 3.5
OTHER_HOSTS = -2.0
SAME_SPEAKERS = 2.0
SAME_NAME = 3.0
LIKE_NAME = 2.0
OTHER_NAME = -0.75

LIKE = 0.75
UNLIKE = 0.35
"""Likeness of two names from which on they are alike, and up to which they are not: 0 to 1."""

_AGAIN = re.compile(
    r"\b(again|attempt|backup|continued?|cont|extra|live|new|now|overflow|part|pt|reloaded|restart(ed)?|"
    r"room|round|second|space|take|third|two|try|v|the|a|of|and|with|on|in|for|our)\b|\d+"
)
"""What people add to a name when they open a room once more, and what tells nothing."""

_NO_WORDS = re.compile(r"[\W\d_]+|[0-9a-f-]{16,}|[a-z]{0,3}[\W\d_]*")
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for or against, in log-odds, and the words for what speaks for it."""

    weight: float
    words: tuple[str, ...] = ()

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(self.weight + other.weight, self.words + other.words)


NOTHING = Evidence(0.0)


def same_people(before: Room, after: Room) -> Evidence:
    """What the hosts and speakers of two rooms say; nothing where either is not told."""
    if not before.hosts or not after.hosts:
        return _same_speakers(before, after)
    shared = len(set(before.hosts) & set(after.hosts))
    if shared:
        return Evidence(SAME_HOSTS, ("same host" if shared == 1 else f"{shared} of the same hosts",))
    spoke = _same_speakers(before, after)
    return spoke if spoke.weight else Evidence(OTHER_HOSTS)


def _same_speakers(before: Room, after: Room) -> Evidence:
    shared = {*before.hosts, *before.speakers} & {*after.hosts, *after.speakers}
    if not shared:
        return NOTHING
    return Evidence(
        SAME_SPEAKERS, ("a same speaker" if len(shared) == 1 else f"{len(shared)} of the same speakers",)
    )


def same_name(before: Room, after: Room, common: Collection[str]) -> Evidence:
    """What the names of two rooms say. Names in `common`, as `core` gives them, are those of many rooms."""
    likeness = likeness_of(name_of(before), name_of(after))
    if likeness is None or core(name_of(before)) in common:
        return NOTHING
    if likeness >= LIKE:
        weight = SAME_NAME if likeness == 1.0 else LIKE_NAME
        return Evidence(weight, ("same title" if likeness == 1.0 else f"title {likeness:.2f}",))
    if likeness <= UNLIKE:
        return Evidence(OTHER_NAME)
    share = (likeness - UNLIKE) / (LIKE - UNLIKE)
    return Evidence(LIKE_NAME * share, (f"title {likeness:.2f}",) if share > 0.5 else ())


def name_of(room: Room) -> str:
    """What people call a room: its title, or its id where it has none."""
    return room.title or room.id


@lru_cache(_REMEMBERED)
def core(name: str) -> str:
    """`name` without what people add when they open a room again; empty where it has no words."""
    plain = unicodedata.normalize("NFKD", name[:200]).casefold()
    if _NO_WORDS.fullmatch(plain):
        return ""
    words = re.sub(r"[\W_]+", " ", plain)
    return " ".join(_AGAIN.sub(" ", words).split()) or " ".join(words.split())


@lru_cache(_REMEMBERED)
def likeness_of(one: str, other: str) -> float | None:
    """How alike two names are, 0 to 1; 1 where they differ only in what is added for another room.

    None where either is a number or a code, which tells nothing.
    """
    first, second = core(one), core(other)
    if not first or not second:
        return None
    if first == second:
        return 1.0
    words, others = set(first.split()), set(second.split())
    shared = len(words & others) / min(len(words), len(others)) if min(len(words), len(others)) > 1 else 0.0
    letters = SequenceMatcher(None, first, second, autojunk=False).ratio()
    return round(max(letters, 0.95 * shared), 2)
