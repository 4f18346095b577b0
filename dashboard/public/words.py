"""States, outcomes and joins that fail, in the words that the public reads."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.public.figures import percent, rounded_share
from probes.model import Cause, Observation, Outcome, Relocation, State

OUTCOMES: dict[Outcome, str] = {
    Outcome.ROOM_FULL: "room full",
    Outcome.NOT_FOUND: "room not found",
    Outcome.UNAUTHORIZED: "not allowed",
    Outcome.RATE_LIMITED: "too many tries",
    Outcome.UNAVAILABLE: "unavailable",
    Outcome.TIMEOUT: "timeout",
    Outcome.REFUSED: "no connection",
    Outcome.TLS: "no connection",
    Outcome.DNS: "no connection",
    Outcome.PROTOCOL: "fault",
    Outcome.NO_MEDIA: "no sound or picture",
    Outcome.SILENT: "no sound or picture",
    Outcome.ABORTED: "gave up",
    Outcome.OTHER: "other",
}
"""Why people did not get in; several causes of ours are one for them."""

_ALL, _MOST = 0.99, 0.5
"""Shares of those who try: as good as everybody gets in, and most of them do."""

_SHARES = (
    (0.95, "Nearly all tries fail"),
    (0.8, "Most tries fail"),
    (0.6, "About two tries in three fail"),
    (0.42, "About one try in two fails"),
    (0.29, "About one try in three fails"),
    (0.22, "About one try in four fails"),
    (0.15, "About one try in six fails"),
    (0.08, "About one try in ten fails"),
    (0.03, "About one try in twenty fails"),
    (0.0, "A few tries in a hundred fail"),
)
_MOST_CAUSES = 4


def sentence(observation: Observation, moves: tuple[Relocation, ...], success: float | None) -> str:
    """The state of a service in a few plain words, made of numbers and closed words alone.

    `success` is the share of joins as the public is told it: words and numbers say the same.
    """
    if observation.state is State.UNKNOWN:
        return "We cannot see how it is"
    if observation.state is State.OK:
        return "All is well"
    return _ended(moves) or who_cannot_get_in(success) or _parts(observation)


def _ended(moves: tuple[Relocation, ...]) -> str:
    newest = moves[0] if moves else None
    if newest is None or newest.settled:
        return ""
    if newest.cause is Cause.ENDED:
        return "The room has ended"
    if newest.cause is not Cause.OVERFLOWED:
        return "The room moved"
    return ""


def who_cannot_get_in(success: float | None) -> str:
    """How joins go by the share that succeeds; nothing where all get in, or nobody knows."""
    if success is None or success >= _ALL:
        return ""
    return "Some people cannot get in" if success >= _MOST else "Most people cannot get in"


def how_bad(state: State) -> str:
    """What is said of a state where there is no more to say."""
    return "There are problems" if state is State.FAILING else "There are small problems"


def _parts(observation: Observation) -> str:
    if any(not node.answering for node in observation.nodes):
        return "Part of it does not answer"
    ratio = observation.headroom.ratio
    if ratio is not None and ratio < 0.05:
        return "It is almost full"
    return how_bad(observation.state)


def tries_that_fail(success: float | None, errors: Mapping[Outcome, float], causes: bool, exact: bool) -> str:
    """A sentence about the joins, or nothing where all get in; with the causes where they are public."""
    if success is None or success >= _ALL:
        return ""
    said = next(words for least, words in _SHARES if 1 - success >= least)
    named: dict[str, float] = {}
    for outcome, share in errors.items():
        word = OUTCOMES.get(outcome, "other")
        named[word] = named.get(word, 0.0) + share
    largest = sorted(named.items(), key=lambda item: -item[1])[:_MOST_CAUSES]
    told = [f"{word} {percent(rounded_share(share, exact))}" for word, share in largest if share >= 0.005]
    return f"{said}: {', '.join(told)}." if causes and told else f"{said}."
