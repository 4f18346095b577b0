"""How many try to get in, how many do and why the others do not, and who saw it."""

from dashboard.panels.base import chart

PANEL = chart("The door", note="tries per second")
