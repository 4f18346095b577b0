"""What fires and who knows of it, what ended lately, and what people wrote down."""

from dashboard.panels.base import words

PANEL = words("Alerts")
