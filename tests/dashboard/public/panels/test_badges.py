"""Badges: the shields style as SVG, and the schema of its endpoint as JSON."""

from __future__ import annotations

import json

import pytest

from dashboard.public.facts import ServiceFacts
from dashboard.public.panels import badges
from probes.model import Cause
from tests.dashboard.public.telling import drawn, facts, move, service, unknown_service


def endpoint(panel: str, told: ServiceFacts) -> dict[str, object]:
    ready = badges.answer(f"/badge/{panel}.json", facts(told))
    assert ready is not None
    found: dict[str, object] = json.loads(ready.body)
    return found


@pytest.mark.parametrize(
    ("panel", "message", "unknown"),
    [
        ("state", "Some people cannot get in", "We cannot see how it is"),
        ("concurrency", "168k in the room", "unknown"),
        ("joins", "94.1% get in", "joins unknown"),
        ("errors", "timeout 4%", "errors unknown"),
        ("relocation", "moved · 25% have followed", "has not moved"),
        ("nodes", "1 of 2 servers answer", "servers unknown"),
    ],
)
def test_a_badge_says_the_panel_in_a_few_words(panel: str, message: str, unknown: str) -> None:
    """In the schema of shields' endpoint badges, and with the same words as a picture."""
    found = endpoint(panel, service())
    assert found == {
        "schemaVersion": 1,
        "label": "Live audio",
        "message": message,
        "color": found["color"],
        "cacheSeconds": 300,
    }
    assert endpoint(panel, unknown_service())["message"] == unknown
    ready = badges.answer(f"/badge/{panel}@spaces.svg", facts())
    assert ready is not None
    assert drawn(ready.body.decode()).get("aria-label") == f"Live audio: {message}"


def test_a_room_that_ended_is_bad_news() -> None:
    ended = service(moves=(move(cause=Cause.ENDED, to_title=None),))
    assert endpoint("relocation", ended)["message"] == "the room has ended"


def test_there_is_no_badge_of_nothing() -> None:
    for path in (
        "/badge/joins",
        "/badge/joins.png",
        "/badge/joins/dark.svg",
        "/badge/x.svg",
        "/badge/status.svg",
    ):
        assert badges.answer(path, facts()) is None
