"""How well relocations are found: precision and recall by cause over random histories with known truth."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from probes.config.objectives import Objectives
from probes.model import Cause, Observation, Relocation, Status
from probes.services.base import Endpoint, ServiceSettings
from probes.watch import Watch
from tests.bench.histories import AUDIENCE, EVERY, LENGTH, History, Truth, history

HISTORIES = 2_000
JUDGED = (Cause.MOVED, Cause.SUCCEEDED, Cause.OVERFLOWED)


@dataclass
class Score:
    """Relocations found, missed and made up, by cause."""

    right: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    invented: int = 0
    """Relocations of rooms that were open all the while: failed or partial polls taken for an end."""
    examples: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        for mine, theirs in (
            (self.right, other.right),
            (self.missed, other.missed),
            (self.wrong, other.wrong),
        ):
            mine.update(theirs)
        self.invented += other.invented
        self.examples += other.examples

    def summary(self) -> dict[str, object]:
        return {
            cause.value: {
                "true": self.right[cause] + self.missed[cause],
                "precision": _share(self.right[cause], self.wrong[cause]),
                "recall": _share(self.right[cause], self.missed[cause]),
            }
            for cause in JUDGED
        } | {"invented_from_failed_or_partial_polls": self.invented}


def _share(good: int, bad: int) -> float | None:
    return round(good / (good + bad), 4) if good + bad else None


def measure() -> dict[str, object]:
    """All histories from number 0 on."""
    total = Score()
    with ProcessPoolExecutor(2) as pool:
        for score in pool.map(score_of, range(HISTORIES), chunksize=50):
            total.add(score)
    return {"histories": HISTORIES, **total.summary()}


def score_of(number: int) -> Score:
    """How one history was understood."""
    told = history(number)
    score = Score()
    found: dict[Truth, Relocation] = {}
    for relocation in observe(told).relocations:
        if relocation.status not in (Status.STANDING, Status.CONFIRMED):
            continue
        if _invented(told, relocation):
            score.invented += 1
            score.examples.append(
                f"{number}: invented {relocation.cause} of {relocation.from_} at {relocation.at}"
            )
        if relocation.to is not None:
            found[_as_truth(relocation)] = relocation
    for truth in told.truths & found.keys():
        score.right[truth[0]] += 1
    for truth in told.truths - found.keys():
        score.missed[truth[0]] += 1
        score.examples.append(f"{number}: missed {truth}")
    for truth in found.keys() - told.truths:
        score.wrong[truth[0]] += 1
        score.examples.append(f"{number}: wrong {truth} {found[truth].confidence} {found[truth].evidence}")
    return score


def observe(told: History) -> Observation:
    """What a watch makes of a history, at its end."""
    watch = Watch(settings(told), Objectives())
    for result in told.results:
        watch.observe(result)
    return watch.observation(LENGTH)


def settings(told: History) -> ServiceSettings:
    endpoints = [Endpoint(url=f"http://10.0.0.1/{node}", id=node) for node in told.nodes]
    known = ServiceSettings(name="spaces", kind="http-json", nodes=endpoints, audience=AUDIENCE)
    return known.model_copy(update={"every": EVERY})


def _as_truth(relocation: Relocation) -> Truth:
    to = relocation.to
    assert to is not None
    return relocation.cause, relocation.from_.room, relocation.from_.node, to.room, to.node


def _invented(told: History, relocation: Relocation) -> bool:
    """Whether the room that is said to have gone had not: it neither ended, restarted nor emptied before
    the first whole answer that does not have it."""
    if relocation.cause is Cause.OVERFLOWED or (relocation.to and _as_truth(relocation) in told.truths):
        return False
    place, end = relocation.from_, relocation.at - (relocation.dark_seconds or 0.0)
    answers = [
        r.at for r in told.results if r.node == place.node and r.part and r.part.complete and r.at > end
    ]
    first = min(answers, default=LENGTH)
    same = [room for room in told.rooms if (room.id, room.node) == (place.room, place.node)]
    breaks = [moment for room in same for moment in (room.ends, *(start for start, _ in room.gaps))]
    emptied = any(
        room.curve(end + after) <= 0.6 * max(room.curve(end - before) for before in range(0, 90, 10))
        for room in same
        for after in (0.0, EVERY, 2 * EVERY)
    )
    return not emptied and not any(end - 1 <= moment <= first for moment in breaks)
