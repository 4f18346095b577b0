"""What is promised to people who join: the `objectives:` of the config file."""

from __future__ import annotations

from probes.units import Duration, Settings, Share


class Objectives(Settings):
    """What is promised to people who join."""

    join_success: Share = 0.99
    join_within: Duration = 5.0
    first_sound_p95: Duration = 2.0
