"""Every query of the Grafana dashboard has data: a real Prometheus is asked while two events are played.

What is rare (a relocation, a page, a room that fills) is asked for until the event has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import seeds
from dashboard.demo import demo_config
from tests.grafana import Query, queries
from tests.product import PATIENCE, TOKEN, seeds_service, up_with
from tests.prometheus import RULES, Prometheus, scrape_of
from tests.servers import wait_until

EVENTS = ("spaces-2023-05-24", "clubhouse-2021-02-01")
SPEED = 60.0
PLAYED = 1_700 / SPEED
"""Seconds until all has happened: a room that fills, one that ends, another that opens."""

pytestmark = pytest.mark.timeout(300)


def config_of(urls: dict[str, str], folder: Path) -> str:
    """One config that watches both events."""
    configs = [
        yaml.safe_load(demo_config(seeds.load(name), url, SPEED, folder, TOKEN).text)
        for name, url in urls.items()
    ]
    services = [service for config in configs for service in config["services"]]
    return yaml.safe_dump({**configs[0], "services": services, "events": [], "embed": {}}, allow_unicode=True)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("grafana")
    with (
        seeds_service(EVENTS[0], SPEED) as spaces,
        seeds_service(EVENTS[1], SPEED) as rooms,
        up_with(folder, config_of(dict(zip(EVENTS, (spaces, rooms), strict=True)), folder)) as roomwatch,
        Prometheus(scrape_of([roomwatch.port]), RULES.read_text("utf-8")) as found,
    ):
        yield found


def test_every_query_has_data(running: Prometheus) -> None:
    missing: dict[str, Query] = {query.where: query for query in queries()}
    assert len(missing) > 50

    def none_missing() -> bool:
        for query in list(missing.values()):
            if running.query(query.with_all()):
                del missing[query.where]
        return not missing

    try:
        wait_until(none_missing, PLAYED + PATIENCE, "data")
    except TimeoutError:
        pytest.fail(f"no data for {[query.with_all() for query in missing.values()]}")
