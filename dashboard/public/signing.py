"""What `roomwatch sign` makes: a link to one panel, checked against the config before it is given away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from pydantic_core import PydanticCustomError

from dashboard.public import address
from dashboard.public.address import Theme
from dashboard.public.links import sign
from probes.config.embed import PublicPanel
from probes.config.units import TOO_LONG, seconds, short_name
from probes.settings import Config

_LONGEST = 366 * 86400.0
_TOO_LONG = "a link is good for 366 days at most"
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
    text = panel.removeprefix("/embed/")
    asked = address.read(text)
    if asked is None or asked.panel not in _PANELS:
        raise CannotSign(_what_there_is_not(text))
    services = [service.name for service in config.services]
    public = [service.name for service in config.embed.public.services]
    service = asked.service or (public or services)[0]
    if service not in services:
        raise CannotSign(f"there is no service {service!r}: expected one of {', '.join(services)}")
    if not asked.service:
        text = text.replace(asked.panel, f"{asked.panel}@{service}", 1)
    try:
        length = seconds(lasts)
        label = short_name(name) if name else ""
    except PydanticCustomError as error:
        raise CannotSign(_TOO_LONG if error.type == TOO_LONG else error.message()) from None
    if length > _LONGEST:
        raise CannotSign(_TOO_LONG)
    made = sign(key.reveal(), asked._replace(service=service), text, now + length, label)
    until = datetime.fromtimestamp(now + length, UTC).strftime("%Y-%m-%d %H:%M UTC")
    # Who is given it may be one of ours, who reaches the board alone.
    base = config.embed.public.address or config.alerts.board_address
    return Given(base + made.path, made.id, until)


def _what_there_is_not(text: str) -> str:
    """Why `text` is no address of a panel that can be signed."""
    before, slash, after = text.partition("/")
    asked, theme = address.read(before), after.partition(".")[0]
    if slash and asked is not None and asked.panel in _PANELS and theme not in tuple(Theme):
        return f"there is no theme {theme!r}: expected one of {', '.join(Theme)}"
    return f"there is no panel {text!r}: expected one of {', '.join(_PANELS)}, as joins@stage"
