"""How the last run of each probe ended, with its sentence, and how its recent runs went."""

from dashboard.panels.base import Panel, words

PANEL = Panel("Probes", words("probes", "Probes"))
