"""`/go/<event>`: one link to the room where an event is now, with its page, badge, QR code and data.

Nothing of a request but its path is read, and the path only names an event: where the link leads is
made of the config and of what was observed alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from html import escape
from io import BytesIO

import msgspec

from dashboard.public.facts import EventFacts, Facts
from dashboard.public.go.events import PATH as PREFIX
from dashboard.public.go.page import page
from dashboard.public.go.words import badge_of, said
from dashboard.public.panels.badge_svg import badge_svg
from dashboard.public.ready import Ready, ready

__all__ = ["PREFIX", "answer", "exists"]

Make = Callable[[EventFacts, Facts], Ready]

CACHE = "public, max-age=1, stale-while-revalidate=2, stale-if-error=3600"
"""A second old at most, but for the moment in which a new one is fetched: an old answer leads people into
a room that has ended. While we are down the last known room is better than an error page."""

QR_CACHE = "public, max-age=300"

ARRIVALS = 20_000
"""How many of those who wait on the page go on in one second, so that a room which opens is not run down."""

LONGEST_SPREAD = 20


def answer(path: str, facts: Facts) -> Ready | None:
    """What stands at `path`, or None where no public event does."""
    found = _find(path, facts)
    return found[0](found[1], facts) if found else None


def exists(path: str, facts: Facts) -> bool:
    """Whether something stands at `path`; it costs nothing."""
    return _find(path, facts) is not None


def _find(path: str, facts: Facts) -> tuple[Make, EventFacts] | None:
    rest = path.removeprefix(PREFIX)
    events = {event.name: event for event in facts.events}
    for ending, make in _ANSWERS.items():
        event = events.get(rest.removesuffix(ending)) if rest.endswith(ending) else None
        if event is not None:
            return make, event
    return None


def _lead(event: EventFacts, _facts: Facts) -> Ready:
    if event.target is None:
        html, policy = page(event, _spread(event))
        return ready(html, "text/html; charset=utf-8", Cache_Control=CACHE, Content_Security_Policy=policy)
    url, title = escape(event.target), escape(event.title)
    body = (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title>\n'
        f'<p>{title}: <a href="{url}" rel="noreferrer">the room is here</a></p></html>\n'
    )
    return ready(body, "text/html; charset=utf-8", 302, Cache_Control=CACHE, Location=event.target)


def _data(event: EventFacts, facts: Facts) -> Ready:
    words = said(event)
    body = {
        "event": event.name,
        "title": event.title,
        "address": event.link,
        "state": event.state,
        "url": event.target,
        "rooms": event.targets,
        "last": event.last,
        "heading": words.heading,
        "line": words.line,
        "link": words.link,
        "since": event.since,
        "starts_at": event.starts_at,
        "heard_at": event.heard_at,
        "at": facts.at,
        "alive": facts.alive,
        "people": event.people,
        "from": event.from_title,
        "to": event.to_title,
        "spread_seconds": _spread(event),
    }
    return ready(msgspec.json.encode(body), "application/json", Cache_Control=CACHE)


def _badge(event: EventFacts, _facts: Facts) -> Ready:
    return ready(badge_svg(*badge_of(event)), "image/svg+xml", Cache_Control=CACHE)


def _spread(event: EventFacts) -> int:
    return min(LONGEST_SPREAD, event.crowd // ARRIVALS)


def _qr_svg(event: EventFacts, _facts: Facts) -> Ready:
    return _qr(event.link, "svg", "image/svg+xml")


def _qr_png(event: EventFacts, _facts: Facts) -> Ready:
    return _qr(event.link, "png", "image/png")


@lru_cache(maxsize=64)
def _qr(text: str, kind: str, media_type: str) -> Ready:
    """A QR code, dark on white with its quiet zone whatever is around it, as readers need it."""
    import segno

    out = BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(out, kind=kind, scale=8, border=4, dark="#000", light="#fff")
    return ready(out.getvalue(), media_type, Cache_Control=QR_CACHE)


_ANSWERS: dict[str, Make] = {
    "": _lead,
    ".json": _data,
    ".svg": _badge,
    "/qr.svg": _qr_svg,
    "/qr.png": _qr_png,
}
"""What stands at an event's name with each ending; the name alone comes first, for it may end so itself."""
