"""The addresses of panels: `<panel>[@<service>][/<theme>][.<format>]`, below `/embed/`.

A theme is in the path and a colour in the fragment, so that a query means nothing:
whatever is asked for behind a `?`, the bytes are the same and a cache holds them once.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from dashboard.public.facts import Facts, ServiceFacts
from probes.config.embed import PublicPanel

_ADDRESS = re.compile(
    r"(?P<panel>[a-z]{1,16})(@(?P<service>[a-z0-9._-]{1,64}?))?(/(?P<theme>light|dark|auto))?(\.(?P<format>svg|png|json))?"
)


class Theme(StrEnum):
    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class Format(StrEnum):
    HTML = "html"
    SVG = "svg"
    PNG = "png"
    JSON = "json"


class Address(NamedTuple):
    """What one address asks for. `service` is empty where it names none: the first is meant."""

    panel: PublicPanel
    service: str = ""
    theme: Theme = Theme.AUTO
    format: Format = Format.HTML


def read(text: str) -> Address | None:
    """The address in `text` (what follows `/embed/`), or None where there is none."""
    found = _ADDRESS.fullmatch(text)
    if found is None or found["panel"] not in tuple(PublicPanel):
        return None
    return Address(
        panel=PublicPanel(found["panel"]),
        service=found["service"] or "",
        theme=Theme(found["theme"] or "auto"),
        format=Format(found["format"] or "html"),
    )


def meant(address: Address, facts: Facts) -> ServiceFacts | None:
    """The service that a panel tells of, or None where the panel or the service is not public."""
    return facts.service(address.service) if address.panel in facts.panels else None
