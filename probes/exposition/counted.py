"""From samples of a metric that counts people to rooms or nodes, as columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from operator import itemgetter

from probes.exposition.reader import Samples
from probes.exposition.samples import Sample, Selector
from probes.mapping import Columns
from probes.mapping.paths import COUNT
from probes.model import LARGEST_COUNT

Row = tuple[str, int | None, str, str | None, int | None]
"""Of a room: id, participants, title, node, capacity. Of a node the title is its label."""

ROOM = {"id": 0, "participants": 1, "title": 2, "node": 3, "capacity": 4}
NODE = {"id": 0, "participants": 1, "label": 2, "capacity": 4}


class Rows:
    """What could be read, and how much not, with the first complaint."""

    def __init__(self) -> None:
        self.read: list[Row] = []
        self.left_out = 0
        self.unknown = 0
        self.twice = 0
        self._complaint = ""

    def columns(self, fields: Mapping[str, int]) -> Columns:
        """The rows by field. `fields`: ROOM or NODE."""
        return Columns(self.read, {name: itemgetter(index) for name, index in fields.items()})

    def leave_out(self, count: int, complaint: str) -> None:
        self.left_out += count
        self._complaint = self._complaint or complaint

    def notes(self, what: str) -> list[str]:
        """What is to be said of it, the worst first."""
        notes: list[str] = []
        if self.left_out:
            count = len(self.read) + self.left_out
            notes.append(f"{self.left_out} of {count} {what} could not be read: {self._complaint}")
        if self.unknown:
            notes.append(f"{self.unknown} {what} have NaN people, which counts as unknown")
        if self.twice:
            notes.append(f"{self.twice} samples of {what} came twice; the newest or larger was kept")
        return notes


class Counted:
    """A metric that counts the people of rooms or nodes.

    Samples of one room that differ in other labels (a role, a region) are its people in parts, and added up.
    """

    def __init__(
        self, metric: str, capacity: str | None, id_label: str | None, node: str | None, title: str | None
    ) -> None:
        self.metric = Selector(metric)
        self._capacity = Selector(capacity) if capacity else None
        self._id = id_label
        self._node = node
        self._title = title

    @property
    def selectors(self) -> list[Selector]:
        return [self.metric] if self._capacity is None else [self.metric, self._capacity]

    def rows(self, samples: Samples, unnamed: str = "") -> Rows:
        """The rooms or nodes. Where no label is their id, there is one, called `unnamed`."""
        rows = Rows()
        capacities = self._capacities(samples, unnamed)
        for (node, name), group in self._groups(self.metric, samples, unnamed).items():
            if not name:
                rows.leave_out(len(group), f"the label `{self._id}` is missing")
                continue
            labels, value, _ = group[0]
            # One sample with a whole number is what nearly all have, and quickly read.
            people = whole(value, LARGEST_COUNT) if len(group) == 1 else None
            if people is None:
                told = _each_once(group)
                rows.twice += len(group) - len(told)
                values = [sample.value for sample in told]
                if wrong := [v for v in values if whole(v, LARGEST_COUNT) is None and not _is_nan(v)]:
                    rows.leave_out(1, self._complaint(wrong[0]))
                    continue
                people = None if any(map(_is_nan, values)) else sum(int(v or 0) for v in values)
                rows.unknown += people is None
            title = labels.get(self._title, "") if self._title else ""
            capacity = capacities.get((node, name), capacities.get(("", name))) if capacities else None
            rows.read.append((name, people, title, node or None, capacity))
        if lines := samples.unreadable.get(self.metric.name):
            rows.leave_out(lines, f"a line of `{self.metric.name}` is no sample")
        return rows

    def _complaint(self, value: float | None) -> str:
        return f"`{self.metric.name}` is {shown(value)} where {COUNT.expected} was expected"

    def _groups(
        self, selector: Selector, samples: Samples, unnamed: str
    ) -> dict[tuple[str, str], list[Sample]]:
        groups: dict[tuple[str, str], list[Sample]] = {}
        for sample in selector.of(samples.of(selector.name)):
            labels = sample.labels
            node = labels.get(self._node, "") if self._node else ""
            name = labels.get(self._id, "") if self._id else unnamed
            groups.setdefault((node, name), []).append(sample)
        return groups

    def _capacities(self, samples: Samples, unnamed: str) -> dict[tuple[str, str], int]:
        """The largest that is told of each; one that is no number, as +Inf, is no limit."""
        if self._capacity is None:
            return {}
        told: dict[tuple[str, str], int] = {}
        for key, group in self._groups(self._capacity, samples, unnamed).items():
            told[key] = max(whole(sample.value, LARGEST_COUNT) or 0 for sample in group)
        return told


def whole(value: float | None, largest: int) -> int | None:
    """A value as a whole number from 0 to `largest`, None where it is none."""
    if value is None or not 0 <= value <= largest or value % 1:
        return None
    return int(value)


def shown(value: float | None) -> str:
    """A value for a sentence."""
    return "no number" if value is None else f"{value:g}"


def _is_nan(value: float | None) -> bool:
    return value is not None and math.isnan(value)


def _each_once(group: Sequence[Sample]) -> list[Sample]:
    """Each series once: its newest sample, or the larger of two that are as new."""
    kept: dict[frozenset[tuple[str, str]], Sample] = {}
    for sample in sorted(group, key=_age):
        kept[sample.series] = sample
    return list(kept.values())


def _age(sample: Sample) -> tuple[float, float]:
    value = sample.value
    return sample.at or 0.0, -1.0 if value is None or math.isnan(value) else value
