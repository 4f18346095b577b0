"""The public page of a running Roomwatch: answered before the guard, and the same day after a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.product import AUTH, PATIENCE, WRITER, Product, Rooms, service, up
from tests.servers import wait_until

PUBLIC = {"panels": ["status", "concurrency"], "services": ["stage"], "title": "Stage status"}


def summary(product: Product) -> Any:
    return product.json("/api/v2/summary.json")


def status(product: Product) -> str:
    return str(summary(product)["components"][0]["status"])


def feed(product: Product) -> str:
    return product.ask("/status.rss").text


def test_a_restart_loses_neither_bars_nor_announcements(tmp_path: Path) -> None:
    with Rooms(main=40) as rooms:
        config = {"embed": {"public": PUBLIC}, "auth": AUTH}
        with up(tmp_path, service("stage", rooms.url), **config) as product:
            wait_until(lambda: product.ask("/status").status_code == 200, PATIENCE, "page")
            note = {"text": "Doors are open.", "kind": "announcement"}
            posted = httpx.post(f"{product.url}/api/v1/notes", json=note, headers=WRITER, trust_env=False)
            assert posted.status_code == 204
            wait_until(lambda: "Doors are open." in feed(product), PATIENCE, "announcement")
            before = feed(product)
            product.kill()
            product.start()
            wait_until(lambda: product.ask("/status").status_code == 200, PATIENCE, "page again")
            wait_until(lambda: feed(product) == before, PATIENCE, "the same feed")
            # Until the first answer nobody knows how it is.
            wait_until(lambda: status(product) == "operational", PATIENCE, "it is well again")
            assert product.ask("/").status_code == 401
