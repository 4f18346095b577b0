"""Whether two rooms are of the same people: what their hosts, speakers and titles say.

Each piece of evidence has a weight in log-odds, so that pieces add up. The weights
were set by hand and are held to account by `python -m tests.bench lineage`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from probes.model import Room

SAME_HOSTS = 3.5
OTHER_HOSTS = -2.0
SAME_SPEAKERS = 2.0
SAME_NAME = 3.0
SAME_LONG_NAME = 4.0
LIKE_NAME = 2.0
OTHER_NAME = -1.5
CONTRADICTED = 0.5
"""The share that is left of what speaks against two rooms where something else speaks for them."""

LIKE = 0.85
UNLIKE = 0.65
"""Likeness of two names from which on they are alike, and up to which they are not: 0 to 1."""

_AGAIN = re.compile(
    r"\b(again|attempt|backup|continued?|cont|extra|live|new|now|overflow|part|pt|reloaded|restart(ed)?|"
    r"room|round|second|space|take|third|two|try|v|the|a|of|and|with|on|in|for|our)\b|\d+"
)
"""What people add to a name when they open a room once more, and what tells nothing."""

_NO_WORDS = re.compile(r"[\W\d_]+|[0-9a-f-]{16,}|[a-z]{0,3}[\W\d_]*")
_REMEMBERED = 4096
_READ = 200
"""How many characters of a name are read: comparing takes the square of that, and some stand for many."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for or against, in log-odds, and the words for what speaks for it."""

    weight: float
    words: tuple[str, ...] = ()

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(self.weight + other.weight, self.words + other.words)


NOTHING = Evidence(0.0)


def kinship(before: Room, after: Room, common_name: bool) -> Evidence:
    """What hosts, speakers and names say together. `common_name`: many rooms have the name of `before`.

    People open the next room under another name, or from another account: one of
    the two that differs says little where the other is the same.
    """
    parts = [_people(before, after), NOTHING if common_name else _name(before, after)]
    words = tuple(word for part in parts for word in part.words)
    good = sum(part.weight for part in parts if part.weight > 0)
    bad = sum(part.weight for part in parts if part.weight < 0)
    return Evidence(good + (CONTRADICTED * bad if good else bad), words)


def _people(before: Room, after: Room) -> Evidence:
    """What hosts and speakers say; nothing where either room does not tell them."""
    shared = len(set(before.hosts) & set(after.hosts))
    if shared:
        return Evidence(SAME_HOSTS, ("same host" if shared == 1 else f"{shared} of the same hosts",))
    spoke = len({*before.hosts, *before.speakers} & {*after.hosts, *after.speakers})
    if spoke:
        return Evidence(SAME_SPEAKERS, ("same speaker" if spoke == 1 else f"{spoke} of the same speakers",))
    return Evidence(OTHER_HOSTS) if before.hosts and after.hosts else NOTHING


def _name(before: Room, after: Room) -> Evidence:
    """What the names say; nothing where they are codes."""
    likeness = likeness_of(name_of(before), name_of(after))
    if likeness is None:
        return NOTHING
    if likeness == 1.0:
        several_words = " " in core(name_of(before))
        return Evidence(SAME_LONG_NAME if several_words else SAME_NAME, ("same title",))
    if likeness <= UNLIKE:
        return Evidence(OTHER_NAME)
    share = min(1.0, (likeness - UNLIKE) / (LIKE - UNLIKE))
    return Evidence(LIKE_NAME * share, (f"title {likeness:.2f}",))


def name_of(room: Room) -> str:
    """What people call a room: its title, or its id where it has none."""
    return room.title or room.id


@lru_cache(_REMEMBERED)
def core(name: str) -> str:
    """`name` without what people add when they open a room again; empty where it has no words.

    Accents and vowel signs are left out: where they counted for gaps, words fell into single letters.
    """
    whole = unicodedata.normalize("NFKD", name[:_READ]).casefold()
    plain = "".join(c for c in whole if not unicodedata.category(c).startswith("M"))[:_READ]
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
