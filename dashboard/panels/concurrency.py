"""How many people are in each room, where a room ended and how long it was dark after that."""

from dashboard.panels.base import Panel, chart

PANEL = Panel("Concurrency by room", chart("concurrency", "Concurrency by room", "people"), figure=True)
