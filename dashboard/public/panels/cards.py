"""What each panel says: its card, made of the facts."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.public.facts import Move, ServiceFacts
from dashboard.public.figures import count, lasting, percent
from dashboard.public.panels import chart
from dashboard.public.panels.parts import (
    Banner,
    Card,
    Chart,
    Meter,
    Note,
    Number,
    Part,
    Passage,
    Row,
    Tone,
    Way,
)
from dashboard.public.panels.tones import TONES, joins_now
from probes.config.embed import PublicPanel
from probes.model import Cause, State

_MOST_ROWS = 6
_UNSEEN = (Number("–"), Note("This is not known."))


def _state(service: ServiceFacts) -> Card:
    banner = Banner(service.label, service.sentence, TONES[service.state], service.since)
    return Card("", "", (banner,), f"{service.label}: {service.sentence}")


def _concurrency(service: ServiceFacts) -> Card:
    if not any(known is not None for known in (service.participants, *service.series.participants)):
        return Card("In the room", service.label, _UNSEEN, "How many people are in the room is not known")
    told = f"{count(service.participants)} people in the room"
    if service.participants is None:
        told = "How many people are in the room is not known"
    beside = "" if service.complete or service.participants is None else "at least"
    if service.rooms_open and service.rooms_open > 1:
        beside = f"{beside} in {count(service.rooms_open)} rooms".strip()
    shown = chart.span(service.series)
    note = f"last {shown.minutes} min"
    if service.peak:
        note += f" · most {count(service.peak)}"
    moved = [move for move in service.moves if move.cause is not Cause.OVERFLOWED]
    dark = next((move.dark_seconds for move in moved if move.at >= shown.start), None)
    if dark:
        note += f" · dark for {lasting(dark)}"
    moves = [move.at for move in moved]
    drawn = Chart(chart.people(service.series, moves), f"People in the room, {note}")
    parts = (Number(count(service.participants), beside=beside), drawn, Note(note))
    return Card("In the room", service.label, parts, f"{told}; {note}")


def _joins(service: ServiceFacts) -> Card:
    if not any(known is not None for known in (service.success, *service.series.success)):
        return Card("Joins that got in", service.label, _UNSEEN, "How many joins get in is not known")
    tone = TONES[joins_now(service)]
    note = f"goal {percent(service.goal)} · last {chart.span(service.series).minutes} min"
    told = f"{percent(service.success)} of joins get in"
    if service.success is None:
        told = "How many joins get in is not known"
    waiting = f"about {count(service.waiting)} at the door" if service.waiting else ""
    drawn = Chart(chart.shares(service.series, service.goal, tone), f"Joins that got in, {note}")
    parts = (Number(percent(service.success), tone, waiting), drawn, Note(note))
    return Card("Joins that got in", service.label, parts, f"{told}; {note}")


def _errors(service: ServiceFacts) -> Card:
    title = "Why people do not get in"
    if service.success is None:
        return Card(title, service.label, (Note("Nobody knows: no joins were seen."),), f"{title}: not known")
    if not service.errors:
        note = "Everyone who tries gets in."
        return Card(title, service.label, (Note(note),), note)
    # Equal ones keep their places from tick to tick.
    shown = sorted(service.errors.items(), key=lambda error: (-error[1], error[0]))[:_MOST_ROWS]
    rows = tuple(Row(word, percent(share), share, Tone.BAD) for word, share in shown)
    told = ", ".join(f"{row.label} {row.text}" for row in rows)
    return Card(title, service.label, (*rows, Note("of all who try")), f"{title}: {told} of all who try")


def _relocation(service: ServiceFacts) -> Card:
    told = [move for move in service.moves if move.cause is not Cause.OVERFLOWED] or list(service.moves)
    if not told:
        if service.state is State.UNKNOWN:
            note = "Whether the room moved is not known"
            return Card("Where the room is", service.label, (Note("This is not known."),), note)
        title = "The room has not moved"
        return Card(title, service.label, (Note("It is where it was."),), title)
    newest = told[0]
    title, saying = _MOVED[newest.cause]
    parts: list[Part] = [Number(f"{len(told)}×"), *_passage(newest)]
    if newest.carried_over is not None and newest.to_title is not None:
        parts.append(Meter(min(newest.carried_over, 1.0), Tone.MOVE))
    note = " · ".join(_followed(newest)) or saying
    parts.append(Note(note))
    if service.way:
        parts.append(
            Way("join the new room" if newest.to_title is not None else "wait for the new room", service.way)
        )
    return Card(title, service.label, tuple(parts), f"{saying} {note}".strip())


_MOVED = {
    Cause.MOVED: ("The room moved", "The room moved."),
    Cause.SUCCEEDED: ("The room moved", "The room ended and another one follows it."),
    Cause.REPORTED: ("The room moved", "The room moved."),
    Cause.OVERFLOWED: ("More rooms opened", "The room is full; more rooms opened."),
    Cause.ENDED: ("The room ended", "The room has ended. No new room is known yet."),
}


def _passage(move: Move) -> list[Part]:
    if move.to_title is None:
        return [Passage(move.from_title or "the room", "no new room yet")]
    return [Passage(move.from_title or "the room", move.to_title or "the new room")]


def _followed(move: Move) -> list[str]:
    said = []
    if move.carried_over is not None and move.to_title is not None:
        followed = "followed" if move.settled else "have followed"
        said.append(f"{percent(move.carried_over)} {followed}")
    if move.to_title is None and move.before:
        said.append(f"{count(move.before)} people were in")
    if move.dark_seconds:
        said.append(f"dark for {lasting(move.dark_seconds)}")
    return said


def _nodes(service: ServiceFacts) -> Card:
    if not service.nodes:
        return Card("Servers", service.label, (Note("No servers are known."),), "No servers are known")
    most = max((node.participants or 0 for node in service.nodes), default=0) or 1
    parts: list[Part] = [
        Row(node.label, count(node.participants), (node.participants or 0) / most, Tone.PEOPLE)
        if node.answering
        else Row(node.label, "no answer", None, Tone.BAD)
        for node in service.nodes[:_MOST_ROWS]
    ]
    left = len(service.nodes) - _MOST_ROWS
    if left > 0:
        parts.append(Note(f"and {left} more"))
    silent = sum(not node.answering for node in service.nodes)
    told = f"{len(service.nodes)} servers, {silent} of them do not answer"
    return Card("Servers", service.label, tuple(parts), told)


CARDS: dict[PublicPanel, Callable[[ServiceFacts], Card]] = {
    PublicPanel.STATE: _state,
    PublicPanel.CONCURRENCY: _concurrency,
    PublicPanel.JOINS: _joins,
    PublicPanel.ERRORS: _errors,
    PublicPanel.RELOCATION: _relocation,
    PublicPanel.NODES: _nodes,
}
"""How each panel is made; the page of all of them is none."""
