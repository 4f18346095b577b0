"""`/status`: the public page. All text in it is escaped here; it is whole without its script."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from pathlib import Path

from dashboard.public.address import Theme
from dashboard.public.facts import EventState, Facts, ServiceFacts
from dashboard.public.figures import calendar, clock, lasting, percent, rfc3339
from dashboard.public.status import draw
from dashboard.public.status.cards import cards
from dashboard.public.status.day import BAR, DAY, Component, Day, Happening, Kind
from dashboard.public.status.overall import Overall, overall
from probes.config.embed import PublicPanel

_HERE = Path(__file__).parent
STYLE = (_HERE / "style.css").read_text("utf-8")
SCRIPT = (_HERE / "script.js").read_text("utf-8")


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"script-src {_source(SCRIPT)}",
        f"style-src {_source(STYLE)}",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
"""The page runs its own script and no other. Who may frame it is said for all that is public in one place."""

_OLD = 60.0
"""Seconds after which what is shown is said in red to be old."""

_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'%3E"
    "%3Ccircle cx='4.5' cy='4.5' r='4' fill='%23{colour}'/%3E%3C/svg%3E"
)
_COLOURS = {"ok": "168a63", "strained": "b7791f", "failing": "d03636", "unknown": "8b95a7"}


def page(facts: Facts, theme: Theme) -> str:
    """The whole page. Each part that may change is marked, so that a script can put in new ones alone."""
    now = overall(facts)
    title = escape(facts.title)
    parts = (
        _part("banner", _banner(now), css=f"banner {now.state}", more=' role="status"'),
        _part("notices", _notices(facts)),
        _part("services", "".join(_service(service, facts) for service in facts.services)),
        _part("today", _today(facts.day)),
        _part("foot", _foot(facts, now)),
    )
    return (
        f'<!doctype html><html lang="en" data-theme="{theme}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(now.sentence)} · {title}</title>"
        f'<link rel="icon" href="{_ICON.format(colour=_COLOURS[now.state])}">'
        f'<link rel="alternate" type="application/atom+xml" href="/status.atom" title="{title}">'
        f'<link rel="alternate" type="application/rss+xml" href="/status.rss" title="{title}">'
        f'<link rel="alternate" type="application/json" href="/api/v2/summary.json" title="{title}">'
        f"<style>{STYLE}</style></head><body><main><h1>{title}</h1>"
        f'<p class="updated" id="age" data-at="{facts.at:.1f}" '
        f'data-old="{_OLD + facts.delay:g}">As of {moment(facts.at)}</p>'
        f"{''.join(parts)}{_HOW_TO_EMBED}</main><script>{SCRIPT}</script></body></html>"
    )


def _part(name: str, html: str, css: str = "", more: str = "") -> str:
    return f'<div data-part="{name}" class="{css}"{more}>{html}</div>'


def moment(at: float) -> str:
    """A time of day in UTC, which the script says in the reader's own zone."""
    return f'<time datetime="{rfc3339(at)}">{clock(at)}</time>'


def _banner(now: Overall) -> str:
    since = f"<span>since {moment(now.since)}</span>" if now.since is not None else ""
    return f"<b>{escape(now.sentence)}</b>{since}"


def _notices(facts: Facts) -> str:
    said = []
    for event in facts.events:
        link = f'<a href="/go/{escape(event.name)}">'
        name = f" {escape(event.to_title)}" if event.to_title else ""
        if event.state is EventState.MOVED and event.target is not None:
            said.append(f'<p class="go">The room moved. {link}Join the new room{name} ↗</a></p>')
        elif event.state is EventState.ENDED:
            said.append(f'<p class="go">The room has ended. {link}Wait here for the new one ↗</a></p>')
    said += [
        f'<p class="told">Coming up: <b>{escape(coming.title)}</b>, '
        f"{calendar(coming.starts_at)}, {moment(coming.starts_at)}</p>"
        for coming in (facts.day.upcoming if facts.day else ())
    ]
    return "".join(said)


def _service(service: ServiceFacts, facts: Facts) -> str:
    unseen = "" if len(facts.services) > 1 else ' class="unseen"'
    heading = f"<h2{unseen}>{escape(service.label)}</h2>"
    components = [c for c in (facts.day.components if facts.day else ()) if c.service == service.label]
    over = _known_for(facts)
    shown = "".join(_component(each, over) for each in components)
    axis = _AXIS if components else ""
    return f"{heading}{cards(service, facts)}{shown}{axis}"


def _known_for(facts: Facts) -> str:
    """Of how long the shares are: of a day, or since Roomwatch is there."""
    since = facts.day.since if facts.day else facts.at
    if facts.at - since > DAY - 2 * BAR:
        return "in 24 h"
    return f"in {lasting(60 * max(1, (facts.at - since) // 60))}"


def _component(component: Component, over: str) -> str:
    share = f"{percent(component.share)} {over}" if component.share is not None else "not known yet"
    state = draw.STATE_WORDS[component.state]
    label = escape(component.label)
    words = f"The last 24 hours of {component.label}: {share}"
    return (
        f'<section class="component"><header><span><span class="dot {component.state}"></span><b>{label}</b>'
        f'<span class="state">{state}</span></span><span class="share">{share}</span></header>'
        f'<div class="clip">{draw.bars(component.bars, words)}</div></section>'
    )


def _today(day: Day | None) -> str:
    happenings = day.happenings if day else ()
    if not happenings:
        return '<h2>Today</h2><p class="none">Nothing happened in the last 24 hours.</p>'
    return f'<h2>Today</h2><ol class="timeline">{"".join(_happening(each) for each in happenings)}</ol>'


def _happening(each: Happening) -> str:
    css = "announcement" if each.kind is Kind.ANNOUNCEMENT else each.state or ""
    tag = f'<span class="tag">{escape(each.service)}</span>' if each.service else ""
    text = escape(" ".join(part for part in (each.text, each.live) if part))
    return (
        f'<li class="{css}" id="h-{each.key}">{moment(each.time)} <b>{escape(each.title)}</b>{tag}'
        f"{f'<p>{text}</p>' if text else ''}</li>"
    )


def _foot(facts: Facts, now: Overall) -> str:
    first = facts.services[0] if facts.services else None
    shown = PublicPanel.JOINS in facts.panels and first is not None and first.success is not None
    right = f"{percent(first.success)} get in" if shown and first else draw.STATE_WORDS[now.state]
    left = first.label if first else facts.title
    return f"<footer><p>Badge: {draw.badge(left, right, now.state)}</p></footer>"


_AXIS = (
    '<div class="axis"><span class="wide">24 h ago</span><span class="narrow">12 h ago</span>'
    "<span>now</span></div>"
)
"""A narrow screen shows the later half of the bars: all of them would be too thin to see."""

_HOW_TO_EMBED = (
    '<footer><p>Follow it: <a href="/status.atom">Atom</a> · <a href="/status.rss">RSS</a> · '
    '<a href="/api/v2/summary.json">JSON</a></p>'
    "<details><summary>Show it on your own page</summary>"
    "<code>&lt;iframe src=&quot;/embed/state&quot; title=&quot;Status&quot;&gt;&lt;/iframe&gt;</code>"
    "<code>&lt;img src=&quot;/badge/state.svg&quot; alt=&quot;Status&quot;&gt;</code>"
    "<p>With the address of this site before them.</p></details></footer>"
)
