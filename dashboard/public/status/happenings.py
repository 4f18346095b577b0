"""What happened: changes of state, rooms that moved, announcements. Pure: the same in, the same out.

A state that comes and goes is one episode as long as it is seen well for less than `PAUSE` seconds
between; a glimpse of the unknown, as at a start, is none. So what is told once is not taken back, and
while Roomwatch was away nothing was well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from dashboard.conditional import digest
from dashboard.public.day import DAY, Episode, Happening, Kind
from dashboard.public.facts import Announcement, Facts
from dashboard.public.figures import lasting
from dashboard.public.seeing import GLIMPSE
from dashboard.public.status.moves import Manner, Moved
from dashboard.public.status.past import BEGIN, Turn
from dashboard.public.words import how_bad, tries_that_fail, who_cannot_get_in
from probes.model import Cause, State

PAUSE = 120.0
"""Seconds in the service's time."""

MOST = 50
_MOST_EPISODES = 25
ONE = 30.0
"""Service seconds around the end of a room in which a change of state is the same happening."""

_RANK = {State.OK: 0, State.UNKNOWN: 1, State.STRAINED: 2, State.FAILING: 3}


def newest_first(told: Iterable[Happening], now: float) -> tuple[Happening, ...]:
    """Those of the last day, `MOST` at most. What was at the same time stays in the order it came in."""
    of_today = [each for each in told if now - DAY <= each.at <= now]
    return tuple(sorted(of_today, key=lambda each: -each.at)[:MOST])


# --- States ---


@dataclass(slots=True)
class Spell:
    """A time that it was not well: its turns, the first in which it was seen well after them, and for how
    many seconds it was.
    """

    ill: list[Turn]
    back: Turn | None = None
    well: float = 0.0

    @property
    def end(self) -> tuple[float, float]:
        """When it was over, in wall time and in the service's: when it was seen well, not seen last."""
        return (self.back.at, self.back.time) if self.back else (self.ill[-1].until, self.ill[-1].ended)


def spells(turns: Sequence[Turn]) -> list[Spell]:
    """Each time that it was not well, the oldest first. `turns` are in the order of time."""
    found: list[Spell] = []
    for turn in _worth_telling(turns):
        last = found[-1] if found else None
        began_anew = last is not None and turn.time < last.ill[-1].ended  # a replay
        if turn.state is State.OK:
            if last is not None and not began_anew:
                last.back = last.back or turn
                last.well += turn.ended - turn.time
        elif last is not None and not began_anew and last.well < PAUSE:
            last.ill.append(turn)
            last.back, last.well = None, 0.0
        else:
            found.append(Spell([turn]))
    return found[-_MOST_EPISODES:]


def _worth_telling(turns: Sequence[Turn]) -> list[Turn]:
    return [t for t in turns if t.state is not State.UNKNOWN or t.until - t.at >= GLIMPSE]


def episode_of(spell: Spell, is_newest: bool, now: Turn, moves: Sequence[Moved], manner: Manner) -> Episode:
    """A time that it was not well as one episode, as of the turn of now; only the newest may go on."""
    first, last, begin = spell.ill[0], spell.ill[-1], _begin(spell.ill)
    is_over = not is_newest or spell.well >= PAUSE or now.ended < last.ended
    return Episode(
        key=_key(manner, first, "episode"),
        service=manner.label,
        at=first.at,
        time=first.time,
        until=spell.end[0] if is_over else None,
        worst=_worst(spell.ill).state,
        title=_title(begin, moves, manner),
        text=_text(begin, manner),
        over=spell.back is not None and not is_over,
    )


def of_states(
    turns: Sequence[Turn], moves: Sequence[Moved], manner: Manner
) -> tuple[list[Happening], list[Episode]]:
    """What is told of a service's states, and the episodes themselves."""
    told: list[Happening] = []
    kept: list[Episode] = []
    known = spells(turns)
    for spell in known:
        episode = episode_of(spell, spell is known[-1], turns[-1], moves, manner)
        kept.append(episode)
        told += _steps(spell.ill, moves, manner)
        if episode.until is not None and spell.back is not None:
            told.append(_well_again(spell, manner))
    return told, kept


def _steps(group: Sequence[Turn], moves: Sequence[Moved], manner: Manner) -> list[Happening]:
    """Its begin, and where it got worse later on."""
    first = group[0]
    later = [turn for turn in group if turn.time - first.time > BEGIN]
    worse = next((turn for turn in later if _RANK[turn.state] > _RANK[first.state]), None)
    if worse is None:
        return _step(group, moves, manner, "begin")
    place = group.index(worse)
    begin = _step(group[:place], moves, manner, "begin")
    then = _step(group[place:], moves, manner, "worse")
    if begin and then and then[0].title == begin[0].title:
        then = [msgspec.structs.replace(then[0], title="It got worse")]
    return begin + then


def _step(group: Sequence[Turn], moves: Sequence[Moved], manner: Manner, what: str) -> list[Happening]:
    """One happening, or none where something else says it already."""
    begin = _begin(group)
    title = _title(begin, moves, manner)
    if not title:
        return []
    return [
        Happening(
            key=_key(manner, group[0], what),
            kind=Kind.STATE,
            at=group[0].at,
            time=group[0].time,
            title=title,
            text=_text(begin, manner),
            live=_comings(group),
            service=manner.label,
            state=begin.state,
        )
    ]


def _well_again(spell: Spell, manner: Manner) -> Happening:
    first = spell.ill[0]
    at, time = spell.end
    lasted = time - first.time
    return Happening(
        key=_key(manner, first, "end"),
        kind=Kind.STATE,
        at=at,
        time=time,
        title="All is well again",
        text=f"After {lasting(lasted)}." if lasted > 0 else "",
        service=manner.label,
        state=State.OK,
    )


def _begin(group: Sequence[Turn]) -> Turn:
    """The worst of its first minute, which stays the same as it goes on."""
    return _worst([turn for turn in group if turn.time - group[0].time <= BEGIN])


def _worst(group: Sequence[Turn]) -> Turn:
    return max(group, key=lambda turn: (_RANK[turn.state], -(1.0 if turn.success is None else turn.success)))


def _title(turn: Turn, moves: Sequence[Moved], manner: Manner) -> str:
    """The turn in a sentence; nothing where a room's end says it already."""
    if turn.state is State.UNKNOWN:
        return "We could not see how it was"
    if manner.joins and (cannot := who_cannot_get_in(turn.success)):
        return cannot
    ends = [moved.move.ended for moved in moves if moved.move.cause is not Cause.OVERFLOWED]
    if any(abs(end - turn.time) < ONE for end in ends):
        return ""
    if turn.silent:
        return "Part of it does not answer"
    return how_bad(turn.state)


def _text(turn: Turn, manner: Manner) -> str:
    if not manner.joins or turn.state is State.UNKNOWN:
        return ""
    return tries_that_fail(turn.success, turn.errors, manner.causes, manner.exact)


def _comings(group: Sequence[Turn]) -> str:
    times = 1 + sum(after.time - before.ended > 0 for before, after in pairwise(group))
    return f"It came and went {times} times." if times > 1 else ""


def _key(manner: Manner, turn: Turn, what: str) -> str:
    return digest(f"{manner.service}\0{what}\0{turn.at:.3f}".encode())


# --- What the public was told ---


def of_announcements(announcements: Iterable[Announcement], facts: Facts) -> list[Happening]:
    """Those about all, or about a service that is public."""
    labels = {"": "", **{service.name: service.label for service in facts.services}}
    return [
        Happening(
            key=each.key,
            kind=Kind.ANNOUNCEMENT,
            at=each.at,
            time=each.at,
            title=each.text,
            service=labels[each.service] if len(facts.services) > 1 else "",
        )
        for each in announcements
        if each.service in labels
    ]
