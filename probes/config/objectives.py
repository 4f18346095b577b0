"""What is promised to people who join: the `objectives:` of the config file."""

from __future__ import annotations

from probes.config.units import Duration, Settings, Share


class Objectives(Settings):
    """What is promised to people who join."""

    join_success: Share = 0.99
    """The share of joins that get in."""
    join_within: Duration = 5.0
    """How long a join may take."""
    first_sound_p95: Duration = 2.0
    """How soon 95 of 100 who joined hear something."""
