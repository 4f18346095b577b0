"""The colours of public panels, and what they mean, as style sheets for SVG and for HTML."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from dashboard.public.address import Theme

FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif'

LIGHT: dict[str, str] = {
    "card": "#ffffff", "line": "#e3e7ee", "text": "#121722", "muted": "#5b6679", "faint": "#667085",
    "good": "#168a63", "warn": "#b7791f", "bad": "#d03636", "grey": "#667085",
    "good-text": "#0f7452", "warn-text": "#8f5c10", "bad-text": "#c42b2b",
    "people": "#1f6fd6", "move": "#7a4fd6", "track": "#e3e7ee", "on": "#ffffff",
    "page": "#ffffff", "pale": "#c9d0db", "link": "#1b5fbc",
    "good-banner": "#137a57", "warn-banner": "#94600f", "bad-banner": "#d03636", "grey-banner": "#5b6679",
}  # fmt: skip
DARK: dict[str, str] = {
    "card": "#121722", "line": "#1f2736", "text": "#e8edf6", "muted": "#8a96ab", "faint": "#8a96ab",
    "good": "#3fb68b", "warn": "#e8a33d", "bad": "#ef5b5b", "grey": "#8592aa",
    "good-text": "#3fb68b", "warn-text": "#e8a33d", "bad-text": "#f26d6d",
    "people": "#5aa7ff", "move": "#b18cff", "track": "#262f40", "on": "#ffffff",
    "page": "#0b0e14", "pale": "#39445a", "link": "#8cc0ff",
    "good-banner": "#137a57", "warn-banner": "#94600f", "bad-banner": "#c22f2f", "grey-banner": "#475164",
}  # fmt: skip

_RULES = {
    ".title": "fill:{muted}",
    ".beside": "fill:{faint}",
    ".figure": "fill:{text}",
    ".word": "fill:{text}",
    ".note": "fill:{faint}",
    ".figure.good": "fill:{good-text}",
    ".figure.warn": "fill:{warn-text}",
    ".figure.bad": "fill:{bad-text}",
    ".box": "fill:{card};stroke:{line}",
    ".track": "fill:{track}",
    ".on": "fill:{on}",
    ".bar.good": "fill:{good}",
    ".bar.warn": "fill:{warn}",
    ".bar.bad": "fill:{bad}",
    ".bar.grey": "fill:{grey}",
    ".bar.pale": "fill:{pale}",
    ".bar.people": "fill:{people}",
    ".bar.move": "fill:{move}",
    ".banner.good": "fill:{good-banner}",
    ".banner.warn": "fill:{warn-banner}",
    ".banner.bad": "fill:{bad-banner}",
    ".banner.grey": "fill:{grey-banner}",
    ".axis": "fill:none;stroke:{line}",
    ".goal": "fill:none;stroke:{faint};stroke-dasharray:3 4",
    ".dark": "fill:{grey};fill-opacity:.16",
    ".line": "fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round",
    ".line.good": "stroke:{good}",
    ".line.warn": "stroke:{warn}",
    ".line.bad": "stroke:{bad}",
    ".line.grey": "stroke:{grey}",
    ".line.people": "stroke:{people}",
    ".line.move": "stroke:{move}",
    ".area": "fill-opacity:.15",
    ".area.people": "fill:{people}",
    ".area.move": "fill:{move}",
    ".arrow": "fill:none;stroke:{muted};stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round",
}
"""What each class of the drawings looks like."""


def _rules(colours: Mapping[str, str]) -> str:
    return "".join(f"{name}{{{_filled(rule, colours)}}}" for name, rule in _RULES.items())


def _filled(rule: str, colours: Mapping[str, str]) -> str:
    for name, colour in colours.items():
        rule = rule.replace(f"{{{name}}}", colour)
    return rule


@cache
def svg_style(theme: Theme) -> str:
    """A style sheet with the colours themselves, for pictures that stand alone."""
    if theme is Theme.AUTO:
        return f"{_rules(LIGHT)}@media(prefers-color-scheme:dark){{{_rules(DARK)}}}"
    return _rules(DARK if theme is Theme.DARK else LIGHT)


@cache
def page_colours(theme: Theme) -> str:
    """The colours as custom properties, for a page or a shadow tree, and the rules that use them."""
    light = f":root,:host{{color-scheme:light;{_properties(LIGHT)}}}"
    dark = f":root,:host{{color-scheme:dark;{_properties(DARK)}}}"
    chosen = {Theme.LIGHT: light, Theme.DARK: dark}.get(
        theme, f"{light}@media(prefers-color-scheme:dark){{{dark}}}"
    )
    return chosen + _rules({name: f"var(--{name})" for name in LIGHT})


def _properties(colours: Mapping[str, str]) -> str:
    return ";".join(f"--{name}:{colour}" for name, colour in colours.items())
