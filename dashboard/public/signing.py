"""What `roomwatch sign` makes: a link to one panel, checked against the config before it is given away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from pydantic_core import PydanticCustomError

from dashboard.public import address
from dashboard.public.links import sign
from probes.config.embed import PublicPanel
from probes.config.units import seconds, short_name
from probes.settings import Config

_LONGEST = 366 * 86400.0
_PANELS = tuple(panel for panel in PublicPanel if panel is not PublicPanel.STATUS)


class CannotSign(Exception):
    """Why there is no link, in one sentence."""


class Given(NamedTuple):
    """A link to give away. `until` is when it ends, in words."""

    url: str
    id: str
    until: str


def signed(config: Config, panel: str, lasts: str, name: str, now: float) -> Given:
    """A link to `panel` from `now` (Unix seconds) for `lasts` (`7d`). Raises CannotSign."""
    key = config.embed.key
    if key is None:
        raise CannotSign("a link needs a key: set `embed.key` in the config file, of at least 32 characters")
    asked = address.read(panel.removeprefix("/embed/"))
    if asked is None or asked.panel not in _PANELS:
        raise CannotSign(f"there is no panel {panel!r}: expected one of {', '.join(_PANELS)}, as joins@stage")
    services = [service.name for service in config.services]
    public = [service.name for service in config.embed.public.services]
    service = asked.service or (public or services)[0]
    if service not in services:
        raise CannotSign(f"there is no service {service!r}: expected one of {', '.join(services)}")
    text = panel.removeprefix("/embed/")
    if not asked.service:
        text = text.replace(asked.panel, f"{asked.panel}@{service}", 1)
    try:
        length = seconds(lasts)
        label = short_name(name) if name else ""
    except PydanticCustomError as error:
        raise CannotSign(error.message()) from None
    if length > _LONGEST:
        raise CannotSign("a link is good for 366 days at most")
    made = sign(key.reveal(), asked._replace(service=service), text, now + length, label)
    until = datetime.fromtimestamp(now + length, UTC).strftime("%Y-%m-%d %H:%M UTC")
    # Who is given it may be one of ours, who reaches the board alone.
    base = config.embed.public.address or config.alerts.board_address
    return Given(base + made.path, made.id, until)
