"""`/embed/`: a panel by its address, as page, picture and data, and the script for pages of others.

A PNG is not made here: see `pictures`.
"""

from __future__ import annotations

from dashboard.public import address
from dashboard.public.address import Format, Theme
from dashboard.public.facts import Facts, ServiceFacts
from dashboard.public.figures import calendar, clock
from dashboard.public.panels.card_svg import card_svg
from dashboard.public.panels.cards import CARDS
from dashboard.public.panels.page import embed_script, panel_page
from dashboard.public.panels.panel_json import panel_json
from dashboard.public.ready import Ready, ready
from probes.config.embed import PublicPanel

PREFIX = "/embed/"
_SCRIPT = "/embed/embed.js"


def answer(path: str, facts: Facts) -> Ready | None:
    """What stands at `path`, or None where nothing public does."""
    if path == _SCRIPT:
        return embed_script()
    asked = address.read(path.removeprefix(PREFIX))
    service = address.meant(asked, facts) if asked else None
    if asked is None or service is None or asked.panel not in CARDS:
        return None
    if asked.format is Format.JSON:
        return panel_json(asked.panel, service, facts)
    if asked.format is Format.HTML:
        return panel_page(path, CARDS[asked.panel](service), asked.theme, service, facts)
    if asked.format is Format.SVG:
        return ready(_picture(asked.panel, service, asked.theme), "image/svg+xml")
    return None


def exists(path: str, facts: Facts) -> bool:
    """Whether something public may stand at `path`; told without making it."""
    if path == _SCRIPT:
        return True
    asked = address.read(path.removeprefix(PREFIX))
    return asked is not None and address.meant(asked, facts) is not None


def is_picture(path: str) -> bool:
    """Whether `path` is that of a panel in dots, which is made beside all others."""
    return path.startswith(PREFIX) and path.endswith(".png")


def to_paint(path: str, facts: Facts) -> str | None:
    """The SVG of which the PNG at `path` is made, or None; light where its theme is not told."""
    asked = address.read(path.removeprefix(PREFIX))
    service = address.meant(asked, facts) if asked else None
    if asked is None or service is None or asked.panel not in CARDS or asked.format is not Format.PNG:
        return None
    theme = Theme.DARK if asked.theme is Theme.DARK else Theme.LIGHT
    return _picture(asked.panel, service, theme)


def _picture(panel: PublicPanel, service: ServiceFacts, theme: Theme) -> str:
    """The panel as SVG; its minute changes it once a minute, and no more."""
    as_of = "" if service.at is None else f"as of {calendar(service.at)}, {clock(service.at)}"
    return card_svg(CARDS[panel](service), theme, as_of)
