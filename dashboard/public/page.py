"""A panel as a page of its own, for a frame: everything in it, live by asking for the same bytes again."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from dashboard import __version__
from dashboard.conditional import digest
from dashboard.public.address import Theme
from dashboard.public.card_html import card_html
from dashboard.public.facts import Facts, ServiceFacts
from dashboard.public.look import page_colours
from dashboard.public.parts import Card
from dashboard.public.ready import Ready, ready
from dashboard.public.text import escaped

_ASSETS = Path(__file__).parent / "assets"
_OLD_AFTER = 15.0
"""Seconds after which what is shown says how old it is, on top of a delay that the config asks for."""

_REFRESH = 5
"""Seconds after which a browser without scripts loads the page again."""


_SCRIPT_CACHE = "public, max-age=300, stale-while-revalidate=86400, stale-if-error=86400"


class _Frame(NamedTuple):
    """What all pages of a theme share."""

    style: str
    script: str
    policy: str
    made: str


def panel_page(path: str, card: Card, theme: Theme, service: ServiceFacts, facts: Facts) -> Ready:
    """The page at `path`."""
    frame = _frame(theme)
    oembed = f"/oembed?format=json&url={quote(path, safe='')}"
    title = escaped(f"{card.title or 'State'} · {service.label}")
    seen = service.observed_at if service.observed_at is not None else facts.at
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{title}</title>'
        f'<link rel="alternate" type="application/json+oembed" href="{escaped(oembed)}" title="{title}">'
        f'<noscript><meta http-equiv="refresh" content="{_REFRESH}"></noscript>'
        f"<style>{frame.style}</style></head><body>"
        f'<main data-at="{seen:.1f}" data-late="{_OLD_AFTER + facts.delay:g}" data-made="{frame.made}">'
        f'{card_html(card)}</main><p class="age"></p>'
        f"<script>{frame.script}</script></body></html>"
    )
    return ready(body, "text/html; charset=utf-8", Content_Security_Policy=frame.policy)


@cache
def _frame(theme: Theme) -> _Frame:
    style = page_colours(theme) + _asset("page.css")
    script = _enclosed("page.js")
    policy = (
        f"default-src 'none'; script-src {_hashed(script)}; style-src {_hashed(style)}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'"
    )
    return _Frame(style, script, policy, digest(f"{__version__}{style}{script}".encode()))


@cache
def embed_script() -> Ready:
    """The script for pages of others: the web component and frames as high as what is in them."""
    return ready(_enclosed("embed.js"), "text/javascript; charset=utf-8", Cache_Control=_SCRIPT_CACHE)


def _enclosed(name: str) -> str:
    """A script with what all of them need, out of the way of the page's own names."""
    return f'(()=>{{"use strict";\n{_asset("follow.js")}{_asset(name)}}})()'


def _asset(name: str) -> str:
    """An asset without the comments and indentation that are for its authors."""
    lines = (line.strip() for line in (_ASSETS / name).read_text("utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
