"""Five numbers: how many are in, how many wait, whether they get in, how long till full, what moved."""

from dashboard.panels.base import strip

PANEL = strip("At a glance", "tiles")
