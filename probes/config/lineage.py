"""How rooms are followed: the part of a service's config that says when a successor is one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from probes.config.units import Duration, Settings


class LineageSettings(Settings):
    """For how long rooms are followed, and how sure a successor must be."""

    window: Duration = 600.0
    """How long after a room's end, or before it, its successor may open."""
    settle: Duration = 900.0
    """How long people are followed to where a room went."""
    stands_at: Annotated[float, Field(gt=0.5, lt=1)] = 0.75
    """The confidence from which on a successor stands; below it is proposed."""
