"""Badges: two words on a coloured bar, in the style of shields, as SVG."""

from __future__ import annotations

from html import escape

_WIDE, _NARROW = set("mwMW@%—"), set("ijltf.,:'|! I1()[]r")
_PADDING = 6.0


def badge(label: str, message: str, colour: str) -> str:
    """A badge of two halves. `colour` is that of the right one, dark enough for white text."""
    left, right = _width(label), _width(message)
    whole = left + right
    words = escape(f"{label}: {message}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img"'
        f' aria-label="{words}">'
        f"<title>{words}</title>"
        f'<clipPath id="r"><rect width="{whole}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#3d4452"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{_text(label, left / 2, left)}{_text(message, left + right / 2, right)}</g></svg>\n"
    )


def _text(text: str, middle: float, width: int) -> str:
    fits = f'textLength="{width - 2 * _PADDING:g}" lengthAdjust="spacingAndGlyphs"'
    return f'<text x="{middle:g}" y="14" {fits}>{escape(text)}</text>'


def _width(text: str) -> int:
    """About as wide as the text is in Verdana at 11 pixels; `textLength` makes it fit."""
    letters = sum(10.5 if c in _WIDE else 4.0 if c in _NARROW else 6.9 for c in text)
    return round(letters + 2 * _PADDING)
