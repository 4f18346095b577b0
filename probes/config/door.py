"""What is assumed of people who are turned away: the `door:` of a service in the config file."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from probes.config.units import Duration, Settings

LONGEST_RETRY = 300.0
"""The longest `retry_every`: no longer ago are counters remembered for it."""


def _within_memory(every: float) -> float:
    if not 1.0 <= every <= LONGEST_RETRY:
        raise PydanticCustomError("retry_every", "expected a duration from 1s to 5m")
    return every


class DoorSettings(Settings):
    """What no counter tells of those who are turned away, and the number of waiting people hangs on."""

    retry_every: Annotated[Duration, AfterValidator(_within_memory)] = 10.0
    """How long after a failed try a person tries again. Apps that do it by themselves take some
    seconds, people by hand up to half a minute: set what your own clients do."""
    give_up: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """The share of failed tries after which the person does not come back."""
