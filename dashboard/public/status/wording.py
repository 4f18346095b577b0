"""Numbers, shares and lengths of time as the status page says them."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.public.words import OUTCOMES, rounded_share
from probes.model import Outcome

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


def people(count: int | None) -> str:
    """`668k`, `1.2M`; a dash where it is unknown."""
    if count is None:
        return "–"
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            number = count / size
            return f"{number:.0f}{letter}" if number >= 9.95 else f"{number:.1f}{letter}".replace(".0", "")
    return str(count)


def percent(share: float | None) -> str:
    """With as many digits as there are, at most two behind the point; a dash where it is unknown."""
    if share is None:
        return "–"
    return f"{share * 100:.2f}".rstrip("0").rstrip(".") + "%"


def length(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 5 min`."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    if seconds < 600 and round(seconds) % 60:
        return f"{int(seconds // 60)} min {round(seconds) % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min".replace(" 0 min", "")


def tries_that_fail(success: float | None, errors: Mapping[Outcome, float], causes: bool, exact: bool) -> str:
    """A sentence about the joins, or nothing where all get in; with the causes where they are public."""
    if success is None or success >= 0.99:
        return ""
    said = next(words for least, words in _SHARES if 1 - success >= least)
    named: dict[str, float] = {}
    for outcome, share in errors.items():
        word = OUTCOMES.get(outcome, "other")
        named[word] = named.get(word, 0.0) + share
    largest = sorted(named.items(), key=lambda item: -item[1])[:_MOST_CAUSES]
    told = [f"{word} {percent(rounded_share(share, exact))}" for word, share in largest if share >= 0.005]
    return f"{said}: {', '.join(told)}." if causes and told else f"{said}."
