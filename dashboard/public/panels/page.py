"""A panel as a page of its own, for a frame: everything in it, live by asking for the same bytes again."""

from __future__ import annotations

import time
from functools import cache
from urllib.parse import quote

from dashboard.public.address import Theme
from dashboard.public.facts import Facts, ServiceFacts
from dashboard.public.panels.card_html import card_html
from dashboard.public.panels.inline import Inline, asset, enclosed, inline
from dashboard.public.panels.look import page_colours
from dashboard.public.panels.parts import Card
from dashboard.public.ready import Ready, ready
from dashboard.public.text import escaped

_OLD_AFTER = 15.0
"""Seconds after which what is shown says how old it is, on top of a delay that the config asks for."""

_REFRESH = 5
"""Seconds after which a browser without scripts loads the page again."""


_SCRIPT_CACHE = "public, max-age=300, stale-while-revalidate=86400, stale-if-error=86400"


def panel_page(path: str, card: Card, theme: Theme, service: ServiceFacts, facts: Facts) -> Ready:
    """The page at `path`."""
    own = _inline(theme)
    oembed = f"/oembed?format=json&url={quote(path, safe='')}"
    title = escaped(f"{card.title or 'State'} · {service.label}")
    seen = service.observed_at if service.observed_at is not None else facts.at
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{title}</title>'
        f'<link rel="alternate" type="application/json+oembed" href="{escaped(oembed)}" title="{title}">'
        f'<noscript><meta http-equiv="refresh" content="{_REFRESH}"></noscript>'
        f"<style>{own.style}</style></head><body>"
        f'<main data-at="{seen:.1f}" data-late="{_OLD_AFTER + facts.delay:g}" data-made="{own.made}">'
        f'{card_html(card)}</main><p class="age"></p>'
        f'<noscript><p class="as-of">As of {_clock(seen)}</p></noscript>'
        f"<script>{own.script}</script></body></html>"
    )
    return ready(body, "text/html; charset=utf-8", Content_Security_Policy=own.policy)


def _clock(at: float) -> str:
    """What tells how old a page is where no script counts, kept up by a cache too."""
    return time.strftime("%H:%M:%S UTC", time.gmtime(at))


@cache
def _inline(theme: Theme) -> Inline:
    script = enclosed(asset("follow.js"), asset("page.js"))
    return inline(page_colours(theme) + asset("page.css"), script)


@cache
def embed_script() -> Ready:
    """The script for pages of others: the web component and frames as high as what is in them."""
    script = enclosed(asset("follow.js"), asset("embed.js"))
    return ready(script, "text/javascript; charset=utf-8", Cache_Control=_SCRIPT_CACHE)
