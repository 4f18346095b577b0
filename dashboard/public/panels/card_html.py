"""A card as HTML: words that wrap and can be read aloud, charts as SVG as wide as the frame.

No style attributes, which a policy of somebody else's page may forbid.
"""

from __future__ import annotations

from dashboard.public.figures import clock, rfc3339
from dashboard.public.panels import chart
from dashboard.public.panels.parts import Banner, Card, Chart, Meter, Note, Number, Part, Passage, Row, Way
from dashboard.public.text import escaped


def card_html(card: Card, heading: str = "h2") -> str:
    """The card as an article. `heading`: the element of its title, by what stands above it."""
    parts = "".join(map(_part, card.parts))
    if not card.title:
        return parts
    beside = f'<bdi class="beside cut">{escaped(card.beside)}</bdi>' if card.beside else ""
    return (
        f'<article class="card"><header><{heading} class="title">{escaped(card.title)}</{heading}>'
        f"{beside}</header>{parts}</article>"
    )


def _part(part: Part) -> str:
    match part:
        case Banner():
            return _banner(part)
        case Number():
            tone = f" {part.tone}" if part.tone else ""
            beside = f' <span class="note">{escaped(part.beside)}</span>' if part.beside else ""
            return f'<p class="number"><b class="figure{tone}">{escaped(part.text)}</b>{beside}</p>'
        case Chart():
            return _chart(part)
        case Note():
            return f'<p class="note">{escaped(part.text)}</p>'
        case Row():
            return (
                f'<p class="row"><bdi class="word cut">{escaped(part.label)}</bdi>'
                f'<b class="figure">{escaped(part.text)}</b></p>{_bar(part.share or 0.0, part.tone)}'
            )
        case Passage():
            return (
                f'<p class="passage"><bdi>{escaped(part.from_)}</bdi>'
                f' <span class="to" aria-label="to">→</span> <b><bdi>{escaped(part.to)}</bdi></b></p>'
            )
        case Way():
            return (
                f'<p class="way"><a href="{escaped(part.url)}" target="_blank" rel="noopener">'
                f'{escaped(part.text)} <span aria-hidden="true">↗</span></a></p>'
            )
        case Meter():
            return _bar(part.share, part.tone)


def _banner(part: Banner) -> str:
    of = f'<bdi class="of cut">{escaped(part.label)}</bdi>' if part.label else ""
    since = ""
    if part.since is not None:
        since = f'<span class="since">{part.since_when} {moment(part.since)}</span>'
    return (
        f'<article class="banner {part.tone}">{of}'
        f'<p class="sentence"><b>{escaped(part.sentence)}</b>{since}</p></article>'
    )


def moment(at: float) -> str:
    """A time of day, which the page's script puts into the reader's own time zone."""
    return f'<time datetime="{rfc3339(at)}">{clock(at)}</time>'


def _chart(part: Chart) -> str:
    return (
        f'<svg class="chart" viewBox="0 -2 {chart.WIDTH} {chart.HEIGHT + 4}" preserveAspectRatio="none"'
        f' role="img"><title>{escaped(part.told)}</title>{part.drawn}</svg>'
    )


def _bar(share: float, tone: str) -> str:
    return (
        '<svg class="meter" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" width="100" height="1"/>'
        f'<rect class="bar {tone}" width="{share * 100:.1f}" height="1"/></svg>'
    )
