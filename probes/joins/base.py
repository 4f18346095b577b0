"""What every way of joining has in common."""

from __future__ import annotations

from typing import Annotated, Protocol

from pydantic import Field

from probes.config.units import Duration, Interval, RoomId, Settings, one_of
from probes.http import Http
from probes.model import JOIN_OUTCOMES, JoinAttempt, Outcome

JoinOutcome = Annotated[Outcome, one_of(JOIN_OUTCOMES)]
"""An outcome of a join as the config writes it."""


class JoinBase(Settings):
    """The keys that every way of joining has; a way adds its own in its own file."""

    via: str
    every: Interval = 10.0
    timeout: Duration = 5.0
    room: RoomId
    nodes: list[Annotated[str, Field(min_length=1, max_length=128)]] = Field(default=[], max_length=64)
    """The ids of the nodes where it is tried; all where none is named."""


class Joiner(Protocol):
    """One way of joining. `join` is one attempt at one node, undone before it returns."""

    async def join(self, base_url: str, http: Http) -> JoinAttempt:
        """Try to get in. A refusal is a JoinAttempt; ProbeFailed says that no outcome could be had."""
        ...
