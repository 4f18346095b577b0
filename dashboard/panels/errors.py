"""Which share of the tries to get in failed, one colour a reason."""

from dashboard.panels.base import Panel, chart

PANEL = Panel("Join errors by reason", chart("errors", "Join errors by reason", "share of tries"), figure=True)
