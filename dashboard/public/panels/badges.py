"""`/badge/<panel>[@<service>].svg` in the shields style, and `.json` in the schema of its endpoint badges.

The schema: https://shields.io/badges/endpoint-badge
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from dashboard.public import address
from dashboard.public.address import Format, Theme
from dashboard.public.facts import Facts, ServiceFacts
from dashboard.public.figures import count, percent
from dashboard.public.panels.badge_svg import COLOURS, Badge, badge_svg
from dashboard.public.panels.parts import Tone
from dashboard.public.panels.tones import TONES, joins_now
from dashboard.public.ready import Ready, ready
from dashboard.public.text import clean
from probes.config.embed import PublicPanel
from probes.model import Cause

PREFIX = "/badge/"


def _state(service: ServiceFacts) -> Badge:
    return Badge(service.sentence, TONES[service.state])


def _concurrency(service: ServiceFacts) -> Badge:
    if service.participants is None:
        return Badge("unknown", Tone.GREY)
    return Badge(f"{count(service.participants)} in the room", Tone.PEOPLE)


def _joins(service: ServiceFacts) -> Badge:
    if service.success is None:
        return Badge("joins unknown", Tone.GREY)
    return Badge(f"{percent(service.success)} get in", TONES[joins_now(service)])


def _errors(service: ServiceFacts) -> Badge:
    if service.success is None:
        return Badge("errors unknown", Tone.GREY)
    worst = next(iter(service.errors.items()), None)
    if worst is None:
        return Badge("no errors", Tone.GOOD)
    return Badge(f"{worst[0]} {percent(worst[1])}", TONES[joins_now(service)])


def _relocation(service: ServiceFacts) -> Badge:
    newest = next((move for move in service.moves if move.cause is not Cause.OVERFLOWED), None)
    if newest is None:
        return Badge("has not moved", Tone.GOOD)
    if newest.to_title is None:
        return Badge("the room has ended", Tone.BAD)
    followed = f" · {percent(newest.carried_over)} have followed" if newest.carried_over is not None else ""
    return Badge(f"moved{followed}", Tone.MOVE)


def _nodes(service: ServiceFacts) -> Badge:
    if not service.nodes:
        return Badge("servers unknown", Tone.GREY)
    well = sum(node.answering for node in service.nodes)
    tone = Tone.GOOD if well == len(service.nodes) else Tone.BAD
    return Badge(f"{well} of {len(service.nodes)} servers answer", tone)


BADGES: dict[PublicPanel, Callable[[ServiceFacts], Badge]] = {
    PublicPanel.STATE: _state,
    PublicPanel.CONCURRENCY: _concurrency,
    PublicPanel.JOINS: _joins,
    PublicPanel.ERRORS: _errors,
    PublicPanel.RELOCATION: _relocation,
    PublicPanel.NODES: _nodes,
}


def answer(path: str, facts: Facts) -> Ready | None:
    """What stands at `path`, or None where nothing public does."""
    asked = address.read(path.removeprefix(PREFIX))
    service = address.meant(asked, facts) if asked else None
    if asked is None or service is None or asked.panel not in BADGES or asked.theme is not Theme.AUTO:
        return None
    badge = BADGES[asked.panel](service)
    if asked.format is Format.SVG:
        return ready(badge_svg(service.label, badge), "image/svg+xml")
    if asked.format is Format.JSON:
        return ready(_endpoint(service.label, badge), "application/json")
    return None


def exists(path: str, facts: Facts) -> bool:
    """Whether a public badge may stand at `path`; told without making it."""
    asked = address.read(path.removeprefix(PREFIX))
    return asked is not None and address.meant(asked, facts) is not None


def _endpoint(label: str, badge: Badge) -> bytes:
    shown = {"label": clean(label) or "rooms", "message": badge.message, "color": COLOURS[badge.tone]}
    return msgspec.json.encode({"schemaVersion": 1, **shown, "cacheSeconds": 300})
