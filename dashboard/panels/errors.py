"""Which share of the tries to get in failed, one colour a reason."""

from dashboard.panels.base import chart

PANEL = chart("Join errors by reason", note="share of tries")
