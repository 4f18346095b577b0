"""A card as an SVG picture that stands alone: text sized so that it fits, nothing loaded, nothing run."""

from __future__ import annotations

from typing import NamedTuple

from dashboard.public.address import Theme
from dashboard.public.figures import clock
from dashboard.public.panels import chart
from dashboard.public.panels.look import FONT, svg_style
from dashboard.public.panels.parts import Banner, Card, Chart, Meter, Note, Number, Part, Passage, Row, Way
from dashboard.public.text import escaped, fitted, width

WIDTH = 420
_EDGE = 14
_INNER = WIDTH - 2 * _EDGE
_RIGHT = WIDTH - _EDGE
_BANNER = 80


class _Drawn(NamedTuple):
    body: str
    height: float


def card_svg(card: Card, theme: Theme, as_of: str) -> str:
    """The whole picture. `as_of` says of when it is: nobody knows for how long others keep a picture."""
    y, body = (0.0, "") if not card.title else (36.0, _heading(card))
    for part in card.parts:
        drawn = _part(part, y)
        body += drawn.body
        y += drawn.height
    if card.title:
        y += _EDGE
        body += _text(_RIGHT, y + 4, as_of, "beside", 11, _INNER, anchor="end")
    else:
        body += _text(_RIGHT - 4, y - 14, as_of, "on", 12, _INNER / 2, anchor="end")
    height = round(y + (_EDGE if card.title else 0))
    box = (
        f'<rect class="box" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="9.5"/>'
        if card.title
        else ""
    )
    told = escaped(card.told)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        f' viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="t d"'
        f' font-family=\'{FONT}\' font-size="13" style="font-variant-numeric:tabular-nums">'
        f'<title id="t">{escaped(card.title or "State")}</title><desc id="d">{told}</desc>'
        f"<style>{svg_style(theme)}</style>{box}{body}</svg>"
    )


def _heading(card: Card) -> str:
    beside = fitted(card.beside, 12, 170)
    room = _INNER - width(beside, 12) - 12
    return _text(_EDGE, 25, card.title, "title", 13, room, weight=600) + _text(
        _RIGHT, 25, beside, "beside", 12, 170, anchor="end"
    )


def _part(part: Part, y: float) -> _Drawn:
    match part:
        case Banner():
            return _banner(part)
        case Number():
            return _number(part, y)
        case Chart():
            body = f'<g transform="translate({_EDGE} {y + 4:g})">{part.drawn}</g>'
            return _Drawn(body, chart.HEIGHT + 6)
        case Note():
            return _Drawn(_text(_EDGE, y + 17, part.text, "note", 12, _INNER), 21)
        case Row():
            return _row(part, y)
        case Passage():
            return _passage(part, y)
        case Way():
            return _Drawn("", 0)
        case Meter():
            return _Drawn(_bar(_EDGE, y + 6, _INNER, part.share, part.tone), 16)


def _banner(part: Banner) -> _Drawn:
    since = f"{part.since_when} {clock(part.since)}" if part.since is not None else ""
    body = (
        f'<rect class="banner {part.tone}" width="{WIDTH}" height="{_BANNER}" rx="10"/>'
        + _text(_EDGE + 4, 24, part.label, "on", 12, _INNER - 8)
        + _text(_EDGE + 4, 46, part.sentence, "on", 16, _INNER - 8, weight=700)
        + _text(_EDGE + 4, _BANNER - 14, since, "on", 12, _INNER / 2)
    )
    return _Drawn(body, _BANNER)


def _number(part: Number, y: float) -> _Drawn:
    tone = f" {part.tone}" if part.tone else ""
    beside = fitted(part.beside, 13, _INNER - width(part.text, 28, bold=True) - 8)
    body = (
        f'<text x="{_EDGE}" y="{y + 27:g}"><tspan class="figure{tone}" font-size="28" font-weight="700">'
        f'{escaped(part.text)}</tspan><tspan class="note" dx="8">{escaped(beside)}</tspan></text>'
    )
    return _Drawn(body, 38)


def _row(part: Row, y: float) -> _Drawn:
    figure = fitted(part.text, 13, 120, bold=True)
    room = _INNER - width(figure, 13, bold=True) - 12
    body = _text(_EDGE, y + 13, part.label, "word", 13, room) + _text(
        _RIGHT, y + 13, figure, "figure", 13, 120, weight=600, anchor="end"
    )
    return _Drawn(body + _bar(_EDGE, y + 19, _INNER, part.share or 0.0, part.tone, 6), 33)


def _passage(part: Passage, y: float) -> _Drawn:
    body = (
        _text(_EDGE, y + 16, part.from_, "word", 13, _INNER)
        + f'<path class="arrow" d="M{_EDGE} {y + 31.5:g}h13m-4 -4l4 4l-4 4"/>'
        + _text(_EDGE + 21, y + 36, part.to, "word", 13, _INNER - 21, weight=700)
    )
    return _Drawn(body, 43)


def _bar(x: float, y: float, length: float, share: float, tone: str, thick: float = 8) -> str:
    where = f'x="{x:g}" y="{y:g}" height="{thick:g}" rx="{thick / 2:g}"'
    track = f'<rect class="track" {where} width="{length:g}"/>'
    if share <= 0:
        return track
    return f'{track}<rect class="bar {tone}" {where} width="{max(length * share, thick):.1f}"/>'


def _text(
    x: float,
    y: float,
    text: str,
    kind: str,
    size: float,
    room: float,
    weight: int = 400,
    anchor: str = "start",
) -> str:
    """One line of text, cut to `room`, with a direction of writing of its own."""
    if not text:
        return ""
    shown = escaped(fitted(text, size, room, bold=weight > 500))
    bold = f' font-weight="{weight}"' if weight != 400 else ""
    at_end = ' text-anchor="end"' if anchor == "end" else ""
    return (
        f'<text class="{kind}" x="{x:.4g}" y="{y:.4g}" font-size="{size:g}"{bold}{at_end}'
        f' unicode-bidi="isolate">{shown}</text>'
    )
