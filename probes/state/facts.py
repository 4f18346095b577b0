"""What the state's rules judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from probes.model import Disagreement, Disputed, Door, Headroom, Outcome, Relocation, State


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """One endpoint as the state's rules see it.

    `silent_for`: seconds since its last good answer; `detail`: what its last failed poll said;
    `pace`: in words, that it is polled less often than configured.
    """

    id: str
    answering: bool
    silent_for: float | None
    why: Outcome | None
    detail: str = ""
    complete: bool = True
    note: str = ""
    pace: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules judge."""

    endpoints: tuple[EndpointStatus, ...]
    participants: int | None
    door: Door | None
    tries: int
    headroom: Headroom
    relocations: tuple[Relocation, ...]
    own: Counter[Outcome] = field(default_factory=Counter)
    """Our own recent joins by outcome."""
    slow: int = 0
    """How many of them got in and took longer than the objective."""
    left_out: bool = False
    """Whether rooms have lately gone that were too many to be followed one by one."""
    disagreements: tuple[Disagreement, ...] = ()
    differing: Mapping[Disputed, float] = field(default_factory=dict)
    """Since when (service time) sources say different things, even if it may be lag or noise."""
    full: tuple[str, ...] = ()
    """Nodes and rooms that are full, in words."""
    held: Mapping[str, State] = field(default_factory=dict)
    """What the rules with a threshold held against the service at the last look."""
