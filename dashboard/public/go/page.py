"""The page of an event that there is no room to lead to: it waits, and goes on by itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from dashboard.pages import render
from dashboard.public.address import Theme
from dashboard.public.facts import EventFacts, EventState
from dashboard.public.go.words import said, utc
from dashboard.public.panels.inline import Inline, asset, inline
from dashboard.public.panels.look import page_colours

_HERE = Path(__file__).parent


def page(event: EventFacts, spread: int) -> tuple[str, str]:
    """The page, and the policy of what may run on it. `spread`: seconds in which those who wait go on."""
    own = _own()
    words = said(event)
    html = render(
        "go.html",
        name=event.name,
        title=event.title,
        state=event.state,
        words=words,
        last=event.last,
        starts_at=event.starts_at if event.state is EventState.BEFORE else None,
        starts=utc(event.starts_at) if event.starts_at is not None else "",
        spread=spread,
        script=own.script,
        style=own.style,
    )
    return html, own.policy


@cache
def _own() -> Inline:
    style, script = (asset(name, _HERE) for name in ("style.css", "script.js"))
    return inline(page_colours(Theme.AUTO) + style, script, "frame-ancestors 'none'")
