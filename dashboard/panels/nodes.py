"""How many people each node holds, and which nodes do not answer."""

from dashboard.panels.base import words

PANEL = words("Nodes")
