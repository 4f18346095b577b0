"""The state of the service in one word, with its reasons, the worst first."""

from dash import html

from dashboard.panels.base import Panel

PANEL = Panel(
    "State",
    lambda: html.Section(id="banner-body", className="banner", **{"aria-live": "polite", "aria-label": "State"}),
)
