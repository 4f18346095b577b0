"""The page of an event that there is no room to lead to: it waits, and goes on by itself."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from dashboard.pages import render
from dashboard.public.facts import EventFacts, EventState
from dashboard.public.go.words import said, utc

_HERE = Path(__file__).parent


def page(event: EventFacts, spread: int) -> tuple[str, str]:
    """The page, and the policy of what may run on it. `spread`: seconds in which those who wait go on."""
    script, style, policy = _own()
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
        script=script,
        style=style,
    )
    return html, policy


@cache
def _own() -> tuple[str, str, str]:
    """The script and the style, and the policy that allows them and nothing else."""
    script, style = ((_HERE / name).read_text("utf-8") for name in ("script.js", "style.css"))
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_digest(script)}'",
            f"style-src '{_digest(style)}'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
    return script, style, policy


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
