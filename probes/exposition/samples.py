"""Samples of metrics, and which of them are meant: `join_total{state="ok",kind!="test"}`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_MATCHER = r'[a-zA-Z_][a-zA-Z0-9_]*\s*!?=\s*"(?:[^"\\]|\\.)*"'
_SELECTOR = re.compile(rf"({_NAME})(?:\{{\s*((?:{_MATCHER}\s*,?\s*)*)\}})?", re.ASCII)
_EACH = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)\s*(!?=)\s*"((?:[^"\\]|\\.)*)"', re.ASCII)
_ESCAPED = re.compile(r"\\(.)")


class Sample(NamedTuple):
    """One line. `value` is None where it is no number; `at` are Unix seconds where the line tells them."""

    labels: Mapping[str, str]
    value: float | None
    at: float | None = None

    @property
    def series(self) -> frozenset[tuple[str, str]]:
        """What makes it another sample than one of the same name."""
        return frozenset(self.labels.items())


class Selector:
    """A metric's name, and labels that its samples must have (`=`) or must not have (`!=`)."""

    def __init__(self, text: str) -> None:
        """Raises ValueError where `text` is none."""
        found = _SELECTOR.fullmatch(text)
        if found is None:
            raise ValueError('expected a metric such as rooms_participants or join_total{state="ok"}')
        self.text = text
        self.name = found[1]
        self._matchers = [
            (label, operator == "=", unescaped(value))
            for label, operator, value in _EACH.findall(found[2] or "")
        ]

    def of(self, samples: Iterable[Sample]) -> list[Sample]:
        """Those of `samples`, all of this metric, that are meant. A label that is not there is empty."""
        if not self._matchers:
            return list(samples)
        return [sample for sample in samples if self._fits(sample.labels)]

    def _fits(self, labels: Mapping[str, str]) -> bool:
        return all((labels.get(label, "") == value) is wanted for label, wanted, value in self._matchers)


def unescaped(text: str) -> str:
    """A label's value as it was before it was written between quotes."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], text)
