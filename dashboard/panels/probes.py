"""How the last run of each probe ended, with its sentence, and how its recent runs went."""

from dashboard.panels.base import words

PANEL = words("Probes")
