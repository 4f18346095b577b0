"""Text that comes from others, made harmless and made to fit."""

from __future__ import annotations

import html
import re
import unicodedata

# What a title may not hold: controls, what turns the direction of writing, and what XML has no place for.
_FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_LONGEST = 640
"""Characters of what anyone calls a thing, or tells the public: longer is cut."""

# Widths of the printable ASCII characters from the space on, in hundredths of the size, in the widest
# of the families that a text may be shown in.
_WIDTHS = (
    *(32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34),
    *(64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53),
    *(100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79),
    *(60, 79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50),
    *(50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61),
    *(63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84),
)
_BOLD = 1.12


def clean(text: str) -> str:
    """`text` on one line, without what could turn, hide or break what stands around it."""
    return " ".join(_FORBIDDEN.sub(" ", text[:_LONGEST]).split())


def escaped(text: str) -> str:
    """`text` inert in HTML, in SVG, and in their attributes."""
    return html.escape(clean(text))


def width(text: str, size: float, bold: bool = False) -> float:
    """About how wide `text` is at most, in the units of `size`."""
    return sum(map(_width, text)) / 100 * size * (_BOLD if bold else 1.0)


def _width(char: str) -> float:
    code = ord(char)
    if 32 <= code < 127:
        return _WIDTHS[code - 32]
    if unicodedata.combining(char):
        return 0
    return 100 if unicodedata.east_asian_width(char) in "WF" else 70


def fitted(text: str, size: float, room: float, bold: bool = False) -> str:
    """`text`, cleaned, with its end cut off where it would be wider than `room`."""
    text = clean(text)
    if width(text, size, bold) <= room:
        return text
    left = room - width("…", size, bold)
    kept = 0
    for char in text:
        left -= width(char, size, bold)
        if left < 0:
            break
        kept += 1
    return text[:kept].rstrip("\u200d\ufe0f ") + "…"
