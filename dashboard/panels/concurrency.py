"""How many people are in each room, where a room ended and how long it was dark after that."""

from dashboard.panels.base import chart

PANEL = chart("Concurrency by room", note="people")
