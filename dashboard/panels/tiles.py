"""Five numbers that answer: how many are in, who waits, can people get in, how long till full, did it move."""

from dash import html

from dashboard.panels.base import Panel

PANEL = Panel("At a glance", lambda: html.Section(id="tiles-body", className="tiles", **{"aria-label": "At a glance"}))
