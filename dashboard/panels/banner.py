"""The state of the service in one word, with its reasons, the worst first."""

from dashboard.panels.base import strip

PANEL = strip("State", "banner", **{"aria-live": "polite"})
