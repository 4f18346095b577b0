"""A panel as data: the same facts that its picture shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from dashboard.public.facts import Facts, ServiceFacts
from dashboard.public.ready import Ready, ready
from probes.config.embed import PublicPanel


def _state(service: ServiceFacts) -> dict[str, Any]:
    return {"state": service.state, "sentence": service.sentence, "since": service.since}


def _concurrency(service: ServiceFacts) -> dict[str, Any]:
    return {
        "participants": service.participants,
        "peak": service.peak,
        "complete": service.complete,
        "rooms_open": service.rooms_open,
        "rooms": service.rooms,
        "series": {"at": service.series.at, "participants": service.series.participants},
    }


def _joins(service: ServiceFacts) -> dict[str, Any]:
    return {
        "success": service.success,
        "goal": service.goal,
        "waiting": service.waiting,
        "series": {"at": service.series.at, "success": service.series.success},
    }


def _errors(service: ServiceFacts) -> dict[str, Any]:
    return {"success": service.success, "errors": service.errors}


def _relocation(service: ServiceFacts) -> dict[str, Any]:
    return {"moves": service.moves}


def _nodes(service: ServiceFacts) -> dict[str, Any]:
    return {"nodes": service.nodes}


DATA: dict[PublicPanel, Callable[[ServiceFacts], dict[str, Any]]] = {
    PublicPanel.STATE: _state,
    PublicPanel.CONCURRENCY: _concurrency,
    PublicPanel.JOINS: _joins,
    PublicPanel.ERRORS: _errors,
    PublicPanel.RELOCATION: _relocation,
    PublicPanel.NODES: _nodes,
}


def panel_json(panel: PublicPanel, service: ServiceFacts, facts: Facts) -> Ready | None:
    """The data of `panel`, or None for one that has none."""
    if panel not in DATA:
        return None
    body = {
        "panel": panel,
        "label": service.label,
        "at": service.at,
        "observed_at": service.observed_at,
        "alive": facts.alive,
        **DATA[panel](service),
    }
    return ready(msgspec.json.encode(body), "application/json")
