"""The cards of a service: how many are in, how many get in, whether the room moved."""

from __future__ import annotations

from html import escape

from dashboard.public.facts import Facts, Move, ServiceFacts
from dashboard.public.figures import count, lasting, percent
from dashboard.public.status import draw
from dashboard.public.tones import joins_now
from probes.config.embed import PublicPanel
from probes.model import Cause


def cards(service: ServiceFacts, facts: Facts) -> str:
    """Those whose panels are public, or nothing."""
    shown = []
    if PublicPanel.CONCURRENCY in facts.panels:
        shown.append(_in_the_room(service))
    if PublicPanel.JOINS in facts.panels:
        shown.append(_joins(service))
    if PublicPanel.RELOCATION in facts.panels:
        shown.append(_moved(service, facts))
    return f'<div class="cards">{"".join(shown)}</div>' if shown else ""


def _card(heading: str, body: str) -> str:
    return f'<section class="card"><h3>{heading}</h3>{body}</section>'


def _in_the_room(service: ServiceFacts) -> str:
    now = count(service.participants)
    partly = " · not all of it answers" if not service.complete and service.participants is not None else ""
    series = service.series
    words = f"People in the room over the last 30 minutes, now {now}"
    curve = draw.line(series.at, series.participants, "people", True, words)
    return _card("In the room", f'<div class="big">{now}</div>{curve}<p class="foot">last 30 min{partly}</p>')


def _joins(service: ServiceFacts) -> str:
    now, state = percent(service.success), joins_now(service)
    series = service.series
    words = f"Joins that got in over the last 30 minutes, now {now}"
    curve = draw.line(series.at, series.success, state, False, words)
    foot = f'<p class="foot">goal {percent(service.goal)}</p>'
    return _card("Joins that got in", f'<div class="big {state}">{now}</div>{curve}{foot}')


def _moved(service: ServiceFacts, facts: Facts) -> str:
    if not service.moves:
        return _card("The room moved", '<div class="big">no</div><p class="foot">It is where it was.</p>')
    newest = service.moves[0]
    times = sum(move.to_title is not None for move in service.moves)
    counted = f'<div class="big">{times}×</div>'
    if newest.to_title is None:
        counted = '<div class="big failing">ended</div>'
    return _card("The room moved", f"{counted}{_way(newest)}{_followed(newest, service, facts)}")


def _way(move: Move) -> str:
    old = escape(move.from_title or "The room")
    if move.to_title is None:
        return f'<p class="way">{old} → <b>not known yet</b></p>'
    return f'<p class="way">{old} → <b>{escape(move.to_title or "another room")}</b></p>'


def _followed(move: Move, service: ServiceFacts, facts: Facts) -> str:
    meter, said = "", []
    if move.to_title is None:
        said.append(f"it ended with {count(move.before)} people" if move.before else "it has ended")
    elif move.carried_over is not None and move.cause is not Cause.OVERFLOWED:
        part = 100 * min(1.0, move.carried_over)
        meter = (
            '<svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
            '<rect class="all" width="100" height="8" rx="2"/>'
            f'<rect class="part" width="{part:.1f}" height="8" rx="2"/></svg>'
        )
        followed = "followed" if move.settled else "have followed"
        said.append(f"{percent(move.carried_over)} {followed}")
    if move.dark_seconds:
        said.append(f"{lasting(move.dark_seconds)} without a room")
    open_to = (event for event in facts.events if event.service == service.name and event.target is not None)
    link = next(open_to, None) if move.to_title is not None else None
    joined = [escape(part) for part in said]
    if link is not None:
        joined.append(f'<a href="/go/{escape(link.name)}">join the new room ↗</a>')
    return f'{meter}<p class="foot">{" · ".join(joined)}</p>' if joined else meter
