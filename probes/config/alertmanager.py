"""How Alertmanager is asked and what is known of it: the `alertmanager:` of the config file."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from probes.config.units import Duration, HeaderName, HeaderValue, Settings, Url

LONGEST_SILENCE = 86400.0


def _bounded(length: float) -> float:
    if not 60 <= length <= LONGEST_SILENCE:
        raise PydanticCustomError("silence", "expected a duration from 1m to 1d")
    return length


class AlertmanagerSettings(Settings):
    """Where Alertmanager is, for silences and for the end of what is silenced; its webhook needs no key."""

    url: Url | None = None
    """Its address, without `/api/v2`."""
    headers: dict[HeaderName, HeaderValue] = Field(default={})
    """Sent with each request, such as `Authorization`."""
    silence: Annotated[Duration, AfterValidator(_bounded)] = 3600.0
    """How long it is to be silent about an alert that somebody acknowledged; less where it ends before."""
    repeats: Duration = 4 * 3600.0
    """The longest `repeat_interval` of the routes that lead here: what still fires is told again by then."""
    watchdog: Duration = 300.0
    """After how long without a word of it a watchdog is missing."""
