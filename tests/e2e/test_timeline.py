"""Alertmanager's alerts on the board: from its API to the webhook, to a person, to a silence, to the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext

from tests.alertmanager import Telling, ended, firing
from tests.browser import Watched
from tests.product import AUTH, PATIENCE, TOKEN, WRITER, Product, Rooms, service, up
from tests.servers import wait_until

pytestmark = pytest.mark.timeout(300)

ALERT = firing(
    "RoomsEnded",
    {
        "summary": "<img src=x> ended with 500 people in it",
        "runbook_url": "https://example.org/runbooks#it",
    },
    rooms_service="stage",
    lineage="<b>x</b>",
)
FIRST = "#alerts-body .alert"


@pytest.fixture
def alertmanager() -> Iterator[Telling]:
    with Telling() as made:
        yield made


@pytest.fixture
def product(tmp_path: Path, alertmanager: Telling) -> Iterator[Product]:
    """A service under watch, and the Alertmanager that tells of it and may be asked."""
    auth = {**AUTH, "local_reads": True}
    with (
        Rooms(first=500) as rooms,
        up(tmp_path, service("stage", rooms.url), auth=auth, alertmanager={"url": alertmanager.url}) as made,
    ):
        made.wait(lambda f: f["stage"]["participants"] == 500, "first answer")
        alertmanager.send_to(f"{made.url}/hooks/alertmanager", TOKEN)
        yield made


def alerts(product: Product) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = product.json("/api/v1/frame")["alerts"]
    return found


def wait_for(product: Product, what: str, **wanted: object) -> dict[str, Any]:
    """The first alert on the board once it has these values."""

    def holds() -> bool:
        found = alerts(product)
        return bool(found) and all(found[0][key] == value for key, value in wanted.items())

    wait_until(holds, PATIENCE, what)
    return alerts(product)[0]


def test_an_alert_is_acknowledged_on_the_board_silenced_and_seen_to_its_end(
    product: Product, alertmanager: Telling, context: BrowserContext
) -> None:
    tab = Watched(context)
    tab.open(product.url)
    tab.wait_for_text("#alerts", "none fires")
    alertmanager.post(ALERT)
    tab.wait_for_text(FIRST, "<img src=x> ended with 500 people in it")
    tab.wait_for_text(FIRST, "RoomsEnded · stage · <b>x</b>")
    tab.page.click(f"{FIRST} .unfold")
    tab.wait_for_text(FIRST, "RoomsEnded · stage · <b>x</b> · since ")
    tab.wait_for_text(FIRST, " · runbook · rule")
    assert tab.page.get_attribute(f"{FIRST} a", "href") == "https://example.org/runbooks#it"

    tab.page.get_by_role("button", name="Acknowledge", exact=True).click()
    tab.page.keyboard.type("the platform is called")
    tab.page.keyboard.press("Enter")
    tab.wait("() => document.activeElement?.type === 'password'")
    tab.page.keyboard.type(TOKEN)
    tab.page.keyboard.press("Enter")
    tab.wait_for_text(FIRST, "ops knows since")
    tab.wait_for_text(FIRST, "the platform is called. Alertmanager is silent about it for 60 min more.")
    (silence,) = alertmanager.silences()
    assert {m["name"]: m["value"] for m in silence["matchers"]} == ALERT["labels"]
    assert (silence["createdBy"], silence["comment"]) == ("ops", "the platform is called")

    alertmanager.post(ended(ALERT))  # of which a silenced receiver hears nothing
    tab.wait_for_text("#alerts-body summary", "1 alert ended lately")
    wait_until(lambda: not alertmanager.silences(), PATIENCE, "end of the silence")
    assert wait_for(product, "end", ending="resolved")["acknowledged"]["by"] == "ops"
    assert tab.complaints == []


def test_what_is_on_the_timeline_survives_a_restart(product: Product, alertmanager: Telling) -> None:
    alertmanager.post(ALERT)
    found = wait_for(product, "alert", ended_at=None)
    told = httpx.post(
        f"{product.url}/api/v1/alerts/{found['id']}/acknowledge",
        json={"note": "mine"},
        headers=WRITER,
        trust_env=False,
    )
    assert told.json()["silence"]["said"] == "Alertmanager is silent about it"
    note = {"text": "told everybody", "kind": "announcement"}
    answer = httpx.post(f"{product.url}/api/v1/notes", json=note, headers=WRITER, trust_env=False)
    assert answer.status_code == 204
    wait_until(lambda: bool(product.json("/api/v1/frame")["notes"]), PATIENCE, "note")
    before = product.json("/api/v1/frame")

    product.prober.kill()
    wait_until(lambda: product.metrics("roomwatch_prober_restarts_total") == 1, PATIENCE, "another prober")
    product.wait(lambda f: f["stage"]["participants"] == 500, "answer")
    after = product.json("/api/v1/frame")
    assert after["alerts"][0]["acknowledged"] == before["alerts"][0]["acknowledged"]
    assert after["alerts"][0]["id"] == found["id"]
    assert after["notes"] == before["notes"]
    past = product.json(f"/api/v1/timeline?start={found['since'] - 1}&end={found['since'] + 3600}")
    assert [each["id"] for each in past["alerts"]] == [found["id"]]
    assert [each["text"] for each in past["notes"]] == ["told everybody"]
    assert product.metrics("roomwatch_hooks_total") >= 1
