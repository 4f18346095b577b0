"""Weighs what speaks for each room that may continue another, and says which one it is held to be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from probes.model import Room
from probes.watching.likeness import Evidence
from probes.watching.losses import Kind, Loss, Others, sure
from probes.watching.roll import Key, key_of

PROPOSED = 0.35
"""The confidence from which on a successor is proposed."""

SUREST = 0.99
"""The most that a judgement is sure of: an operator, or the service itself, is surer."""

_INERTIA = 0.5
"""How much better (log-odds) another candidate must be than the one that was chosen before."""

_NO_OTHERS = Others(0, [])


@dataclass(frozen=True, slots=True)
class Choice:
    """A successor: the room, when it opened, how sure that is and why."""

    room: Room
    opened: float | None
    dark: float | None
    confidence: float
    evidence: tuple[str, ...]

    @property
    def key(self) -> Key:
        return key_of(self.room)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is held of a lost room now; no `choice` where nothing speaks for any room."""

    loss: Loss
    choice: Choice | None


def successions(
    losses: Mapping[Key, Loss], others: Callable[[Loss], Others], stands_at: float, now: float
) -> Iterator[Judgement]:
    """Each lost room with its best candidate; no room continues two."""
    lost_rooms = [loss for loss in losses.values() if loss.kind is not Kind.FULL]
    weighed: dict[tuple[Key, Key], Evidence] = {}
    for loss in lost_rooms:
        around = others(loss) if loss.candidates else _NO_OTHERS
        for key in loss.candidates:
            weighed[loss.key, key] = loss.judge(key, now, around)

    def rank(pair: tuple[Key, Key]) -> tuple[float, tuple[Key, Key]]:
        """One that was chosen stays unless another is clearly better."""
        lost, key = pair
        return -weighed[pair].weight - (_INERTIA if losses[lost].chosen == key else 0.0), pair

    taken: dict[Key, Key] = {}
    chosen: dict[Key, Key] = {}
    for lost, key in sorted(weighed, key=rank):
        if lost not in chosen and key not in taken:
            chosen[lost], taken[key] = key, lost
    for loss in lost_rooms:
        if loss.key not in chosen:
            loss.chosen = None
            yield Judgement(loss, None)
            continue
        key = chosen[loss.key]
        free = [k for k in loss.candidates if k != key and taken.get(k, loss.key) == loss.key]
        weights = [weighed[loss.key, key].weight, *(weighed[loss.key, k].weight for k in free)]
        yield _chosen(loss, key, sure(weights), weighed[loss.key, key].words, stands_at)


def _chosen(loss: Loss, key: Key, confidence: float, words: tuple[str, ...], stands_at: float) -> Judgement:
    if confidence < PROPOSED:
        loss.chosen = None
        loss.stood = False
        return Judgement(loss, None)
    loss.chosen = key
    loss.stood = confidence >= stands_at
    return Judgement(loss, _choice(loss, key, confidence, words))


def overflows(losses: Iterable[Loss], now: float) -> Iterator[Judgement]:
    """Each room that opened beside a full one of the same people, with the best of the full ones."""
    best: dict[Key, tuple[float, float, Key, Loss, tuple[str, ...]]] = {}
    for loss in losses:
        if loss.kind is not Kind.FULL:
            continue
        for key in loss.candidates:
            evidence = loss.judge(key, now, _NO_OTHERS)
            entry = (-evidence.weight, loss.at, loss.key, loss, evidence.words)
            if key not in best or entry[:3] < best[key][:3]:
                best[key] = entry
    for key, (weight, _, _, loss, words) in sorted(best.items()):
        confidence = sure([-weight])
        if confidence >= PROPOSED:
            yield Judgement(loss, _choice(loss, key, confidence, words))


def _choice(loss: Loss, key: Key, confidence: float, words: tuple[str, ...]) -> Choice:
    candidate = loss.candidates[key]
    return Choice(
        room=candidate.room,
        opened=candidate.opened,
        dark=loss.dark(candidate),
        confidence=min(SUREST, round(confidence, 2)),
        evidence=words,
    )
