"""Where a room went when it moved or ended, and how much of its audience followed."""

from dashboard.panels.base import words

PANEL = words("Relocations")
