"""The panels of the board. Adding one: a file here and its script in assets/panels, and a line in PANELS."""

from __future__ import annotations

from dashboard.panels import alerts, banner, concurrency, door, errors, nodes, probes, relocations, tiles
from dashboard.panels.base import Panel

__all__ = ["PANELS", "Panel"]

PANELS: dict[str, Panel] = {
    "banner": banner.PANEL,
    "tiles": tiles.PANEL,
    "alerts": alerts.PANEL,
    "concurrency": concurrency.PANEL,
    "door": door.PANEL,
    "errors": errors.PANEL,
    "relocations": relocations.PANEL,
    "nodes": nodes.PANEL,
    "probes": probes.PANEL,
}
