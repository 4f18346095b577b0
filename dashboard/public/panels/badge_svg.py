"""A badge as SVG: two words on a bar in the shields style, the second on the colour of what it means."""

from __future__ import annotations

from typing import NamedTuple

from dashboard.public.panels.parts import Tone
from dashboard.public.text import escaped, fitted, width

COLOURS = {
    Tone.GOOD: "#137a57",
    Tone.WARN: "#94600f",
    Tone.BAD: "#c22f2f",
    Tone.GREY: "#5b6679",
    Tone.PEOPLE: "#1f6fd6",
    Tone.MOVE: "#7a4fd6",
}
"""Dark enough for white text on any page."""

_SIZE, _HEIGHT, _PAD = 11, 20, 6
_WIDEST = 260


class Badge(NamedTuple):
    message: str
    tone: Tone


def badge_svg(label: str, badge: Badge) -> str:
    """A flat badge 20 high; texts are exactly as wide as was reckoned, whatever the family."""
    left, right = (fitted(text, _SIZE, _WIDEST) for text in (label, badge.message))
    first, second = (width(text, _SIZE) + 2 * _PAD for text in (left, right))
    whole = first + second
    told = escaped(f"{left}: {right}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole:.1f}" height="{_HEIGHT}"'
        f' viewBox="0 0 {whole:.1f} {_HEIGHT}" role="img" aria-label="{told}"><title>{told}</title>'
        f'<clipPath id="r"><rect width="{whole:.1f}" height="{_HEIGHT}" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{whole:.1f}" height="{_HEIGHT}" fill="#3d4351"/>'
        f'<rect x="{first:.1f}" width="{second:.1f}" height="{_HEIGHT}" fill="{COLOURS[badge.tone]}"/></g>'
        f'<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="{_SIZE}">'
        f"{_label(_PAD, left)}{_label(first + _PAD, right)}</g></svg>"
    )


def _label(x: float, text: str) -> str:
    if not text:
        return ""
    return (
        f'<text x="{x:.1f}" y="14" textLength="{width(text, _SIZE):.1f}" lengthAdjust="spacingAndGlyphs"'
        f' unicode-bidi="isolate">{escaped(text)}</text>'
    )
