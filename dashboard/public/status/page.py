"""`/status`: the public page. All text in it is escaped here; it is whole without its script."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from dashboard.public.address import Theme
from dashboard.public.day import BAR, DAY, Component, Day, Happening, Kind
from dashboard.public.facts import EventState, Facts, ServiceFacts
from dashboard.public.figures import calendar, lasting, percent
from dashboard.public.panels.badge_svg import badge_svg
from dashboard.public.panels.badges import BADGES
from dashboard.public.panels.card_html import card_html, moment
from dashboard.public.panels.cards import CARDS
from dashboard.public.panels.inline import Inline, asset, enclosed, inline
from dashboard.public.panels.look import LIGHT, page_colours
from dashboard.public.panels.parts import Banner, Card
from dashboard.public.panels.tones import TONES
from dashboard.public.status import draw
from dashboard.public.status.overall import overall
from dashboard.public.text import escaped
from probes.config.embed import PublicPanel

_HERE = Path(__file__).parent

_CARDS = (PublicPanel.CONCURRENCY, PublicPanel.JOINS, PublicPanel.RELOCATION)
"""The panels of a service that stand on the page; the others are in its components and its banner."""

_OLD_AFTER = 60.0
"""Seconds after which what is shown is said in red to be old."""

_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'%3E"
    "%3Ccircle cx='4.5' cy='4.5' r='4' fill='%23{colour}'/%3E%3C/svg%3E"
)


def page(facts: Facts, theme: Theme) -> tuple[str, str]:
    """The whole page, and its policy. What may change is marked: the script puts in the new parts alone."""
    own, now, title = _inline(theme), overall(facts), escaped(facts.title)
    icon = _ICON.format(colour=LIGHT[TONES[now.state]].removeprefix("#"))
    banner = Banner("", now.sentence, TONES[now.state], now.since)
    parts = (
        _part("banner", card_html(Card("", "", (banner,), now.sentence)), more=' role="status"'),
        _part("notices", _notices(facts)),
        _part("services", "".join(_service(service, facts) for service in facts.services)),
        _part("today", _today(facts.day)),
        _part("foot", _foot(facts)),
    )
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escaped(now.sentence)} · {title}</title>"
        f'<link rel="icon" href="{icon}">'
        f'<link rel="alternate" type="application/atom+xml" href="/status.atom" title="{title}">'
        f'<link rel="alternate" type="application/rss+xml" href="/status.rss" title="{title}">'
        f'<link rel="alternate" type="application/json" href="/api/v2/summary.json" title="{title}">'
        f"<style>{own.style}</style></head><body>"
        f'<main data-at="{facts.at:.1f}" data-late="{_OLD_AFTER + facts.delay:g}" data-made="{own.made}">'
        f'<h1>{title}</h1><p class="updated" id="age">As of {moment(facts.at)}</p>'
        f"{''.join(parts)}{_elsewhere(facts)}</main><script>{own.script}</script></body></html>"
    )
    return html, own.policy


@cache
def _inline(theme: Theme) -> Inline:
    style = page_colours(theme) + asset("page.css") + asset("style.css", _HERE)
    script = enclosed(asset("follow.js"), asset("script.js", _HERE))
    return inline(style, script, "img-src data:")


def _part(name: str, html: str, more: str = "") -> str:
    return f'<div data-part="{name}"{more}>{html}</div>'


def _notices(facts: Facts) -> str:
    said = []
    for event in facts.events:
        link = f'<a href="/go/{escaped(event.name)}">'
        name = f" {escaped(event.to_title)}" if event.to_title else ""
        if event.state is EventState.MOVED and event.target is not None:
            said.append(f'<p class="go">The room moved. {link}Join the new room{name} ↗</a></p>')
        elif event.state is EventState.ENDED:
            said.append(f'<p class="go">The room has ended. {link}Wait here for the new one ↗</a></p>')
    said += [
        f'<p class="told">Coming up: <b>{escaped(coming.title)}</b>, '
        f"{calendar(coming.starts_at)}, {moment(coming.starts_at)}</p>"
        for coming in (facts.day.upcoming if facts.day else ())
    ]
    return "".join(said)


def _service(service: ServiceFacts, facts: Facts) -> str:
    unseen = "" if len(facts.services) > 1 else ' class="unseen"'
    heading = f"<h2{unseen}>{escaped(service.label)}</h2>"
    components = [c for c in (facts.day.components if facts.day else ()) if c.service == service.label]
    over = _known_for(facts)
    shown = "".join(_component(each, over) for each in components)
    axis = _AXIS if components else ""
    return f"{heading}{_cards(service, facts)}{shown}{axis}"


def _cards(service: ServiceFacts, facts: Facts) -> str:
    """Without the service's label: they stand below it."""
    made = [CARDS[panel](service) for panel in _CARDS if panel in facts.panels]
    shown = "".join(card_html(replace(card, beside=""), "h3") for card in made)
    return f'<div class="cards">{shown}</div>' if shown else ""


def _known_for(facts: Facts) -> str:
    """Of how long the shares are: of a day, or since Roomwatch is there."""
    since = facts.day.since if facts.day else facts.at
    if facts.at - since > DAY - 2 * BAR:
        return "in 24 h"
    return f"in {lasting(60 * max(1, (facts.at - since) // 60))}"


def _component(component: Component, over: str) -> str:
    share = f"{percent(component.share)} {over}" if component.share is not None else "not known yet"
    state = draw.STATE_WORDS[component.state]
    label = escaped(component.label)
    words = f"The last 24 hours of {component.label}: {share}"
    return (
        f'<section class="component"><header><span><span class="dot {TONES[component.state]}"></span>'
        f"<b>{label}</b>"
        f'<span class="state">{state}</span></span><span class="share">{share}</span></header>'
        f'<div class="clip">{draw.bars(component.bars, words)}</div></section>'
    )


def _today(day: Day | None) -> str:
    happenings = day.happenings if day else ()
    if not happenings:
        return '<h2>Today</h2><p class="none">Nothing happened in the last 24 hours.</p>'
    return f'<h2>Today</h2><ol class="timeline">{"".join(_happening(each) for each in happenings)}</ol>'


def _happening(each: Happening) -> str:
    css = "announcement" if each.kind is Kind.ANNOUNCEMENT else TONES[each.state] if each.state else ""
    tag = f'<span class="tag">{escaped(each.service)}</span>' if each.service else ""
    text = escaped(" ".join(part for part in (each.text, each.live) if part))
    return (
        f'<li class="{css}" id="h-{each.key}">{moment(each.time)} <b>{escaped(each.title)}</b>{tag}'
        f"{f'<p>{text}</p>' if text else ''}</li>"
    )


def _foot(facts: Facts) -> str:
    """The badge that most people ask for."""
    if not facts.services:
        return ""
    first = facts.services[0]
    known = PublicPanel.JOINS in facts.panels and first.success is not None
    badge = BADGES[PublicPanel.JOINS if known else PublicPanel.STATE](first)
    return f"<footer><p>Badge: {badge_svg(first.label, badge)}</p></footer>"


_AXIS = (
    '<div class="axis"><span class="wide">24 h ago</span><span class="narrow">12 h ago</span>'
    "<span>now</span></div>"
)
"""A narrow screen shows the later half of the bars: all of them would be too thin to see."""


def _elsewhere(facts: Facts) -> str:
    """Where else it can be read."""
    return (
        '<footer><p>Follow it: <a href="/status.atom">Atom</a> · <a href="/status.rss">RSS</a> · '
        f'<a href="/api/v2/summary.json">JSON</a></p>{_how_to_embed(facts)}</footer>'
    )


def _how_to_embed(facts: Facts) -> str:
    if PublicPanel.STATE not in facts.panels:
        return ""
    frame = (
        f'<iframe src="{facts.address}/embed/state" title="Status" height="80" '
        'style="border:0;color-scheme:light dark"></iframe>'
    )
    badge = f'<img src="{facts.address}/badge/state.svg" alt="Status">'
    hint = "" if facts.address else "<p>With the address of this site before /embed and /badge.</p>"
    return (
        "<details><summary>Show it on your own page</summary>"
        f"<code>{escaped(frame)}</code><code>{escaped(badge)}</code>{hint}</details>"
    )
