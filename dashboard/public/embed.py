"""`/embed/`: a panel by its address."""

from __future__ import annotations

from dashboard.public import address
from dashboard.public.address import Format
from dashboard.public.facts import Facts
from dashboard.public.panel_json import panel_json
from dashboard.public.ready import Ready

PREFIX = "/embed/"


def answer(path: str, facts: Facts) -> Ready | None:
    """What stands at `path`, or None where nothing public does."""
    asked = address.read(path.removeprefix(PREFIX))
    service = address.meant(asked, facts) if asked else None
    if asked is None or service is None:
        return None
    if asked.format is Format.JSON:
        return panel_json(asked.panel, service, facts)
    return None


def exists(path: str, facts: Facts) -> bool:
    """Whether something public may stand at `path`; told without making it."""
    asked = address.read(path.removeprefix(PREFIX))
    return asked is not None and address.meant(asked, facts) is not None
