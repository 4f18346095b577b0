"""A night on call: real Prometheus and Alertmanager as they are shipped, two Roomwatches that watch the same.

They watch what goes wrong in four ways, each in a service of its own, all at once. A third
Roomwatch of another job is there to be stopped.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

import seeds
from dashboard.demo import demo_config
from probes.alerting.rules import rules
from probes.settings import parse
from tests.alertmanager import Shipped
from tests.probes.raw_http import Exchange, answer
from tests.product import MAPPING, TOKEN, Product, answering, seeds_service, up_with
from tests.prometheus import SHIPPED, Prometheus

MAY = "spaces-2023-05-24"
SPEED = 6.0
START_AT = 1_020
"""Event seconds at which `spaces` begins: four minutes before its room ends."""

TRIES = 20.0
"""Tries a second at `thirty`."""

RESEND = "--rules.alert.resend-delay=5s"
"""Prometheus' alerts outlive it by four of these, its sign of life included."""


class Heard(NamedTuple):
    """One alert as Roomwatch's webhook was told of it."""

    at: float
    alert: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.alert["labels"]["alertname"])

    @property
    def service(self) -> str:
        return str(self.alert["labels"].get("rooms_service", ""))

    @property
    def fires(self) -> bool:
        return bool(self.alert["status"] == "firing")


class Thirty:
    """A service that counts joins: all get in, and from `since` on three of ten do not.

    It is broken, not full: there is no outcome among them that speaks of want of room.
    """

    def __init__(self) -> None:
        self.since: float | None = None
        self._started = time.time()

    async def __call__(self, exchange: Exchange) -> bool:
        now = time.time()
        failed = int(0.3 * TRIES * (now - self.since)) if self.since else 0
        joins = {"joined": int(TRIES * (now - self._started)) - failed, "protocol": failed}
        exchange.writer.write(_json({"rooms": [_room(300)], "joins": joins}))
        return True


@dataclass
class Flapping:
    """A service where every other poll and every other join fails, for each who asks."""

    asked: Counter[str] = field(default_factory=Counter)

    async def __call__(self, exchange: Exchange) -> bool:
        self.asked[exchange.target] += 1
        good = self.asked[exchange.target] % 2
        exchange.writer.write(_json({"rooms": [_room(80)]}, 200 if good else 503))
        return True


@dataclass
class Night:
    """Everything that runs."""

    replicas: tuple[Product, Product]
    spare: Product
    prometheus: Prometheus
    alertmanager: Shipped
    thirty: Thirty
    began: float

    def heard(self, name: str = "", service: str | None = None, fires: bool = True) -> list[Heard]:
        """What Roomwatch's webhook was told of, the oldest first."""
        posts = self.alertmanager.posts("/hooks/alertmanager")
        all_of_it = (Heard(post.at, alert) for post in posts for alert in post.document["alerts"])
        return [
            heard
            for heard in all_of_it
            if heard.fires is fires
            and name in ("", heard.name)
            and (service is None or heard.service == service)
        ]


@contextlib.contextmanager
def night(folder: Path) -> Iterator[Night]:
    thirty = Thirty()
    with (
        seeds_service(MAY, SPEED, START_AT) as spaces,
        seeds_service(MAY) as early,
        answering(thirty) as counting,
        answering(Flapping()) as flapping,
        Shipped() as paging,
        contextlib.ExitStack() as running,
    ):
        configs = [_config(spaces, early, counting.url, f"{flapping.url}/{number}") for number in (1, 2)]
        first, second = (
            running.enter_context(up_with(_folder(folder, f"replica-{number}"), yaml.safe_dump(config)))
            for number, config in enumerate(configs, 1)
        )
        spare_config = _document([_service("spared", f"{counting.url}/rooms")], [])
        spare = running.enter_context(up_with(_folder(folder, "spare"), yaml.safe_dump(spare_config)))
        groups = _rules(configs[0], first.url, "roomwatch")
        for group, of_spare in zip(groups, _rules(spare_config, spare.url, "spare"), strict=True):
            group["rules"] += _about_itself(of_spare)
        scrapes = _scrapes([first, second], [spare], paging.port)
        rule_file = yaml.safe_dump({"groups": groups})
        watching = running.enter_context(Prometheus(scrapes, rule_file, RESEND))
        yield Night((first, second), spare, watching, paging, thirty, time.time())


def _folder(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def _config(spaces: str, early: str, thirty: str, flapping: str) -> dict[str, Any]:
    services = [
        _seeded("spaces", spaces, SPEED),
        _seeded("early", early, 1.0),
        {
            **_service("thirty", f"{thirty}/rooms"),
            "joins": {"joined": "joins.joined", "protocol": "joins.protocol"},
        },
        {
            **_service("flapping", f"{flapping}/rooms"),
            "join": {
                "via": "http",
                "room": "r",
                "path": f"/{flapping[-1]}/rooms/{{room}}/join",
                "every": "5s",
            },
        },
    ]
    launch = {"name": "launch", "title": "Launch", "service": "spaces", "starts_at": "2023-05-24T22:00:00Z"}
    return _document(services, [launch])


def _document(services: list[dict[str, Any]], events: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "services": services,
        "events": events,
        "history": {"path": "history.sqlite"},
        "auth": {"tokens": [{"name": "ops", "token": TOKEN}], "local_reads": True},
    }


def _service(name: str, url: str) -> dict[str, Any]:
    return {"name": name, "kind": "http-json", "url": url, "every": "1s", "timeout": "2s", "rooms": MAPPING}


def _seeded(name: str, url: str, speed: float) -> dict[str, Any]:
    """As the demo watches a seed, but with joins as often as a real event has them."""
    text = demo_config(seeds.load(MAY), url, speed, Path(), TOKEN).text
    (service,) = yaml.safe_load(text)["services"]
    join = {**service["join"], "every": "5s", "timeout": "4s"}
    return {**service, "name": name, "join": join}


def _rules(document: dict[str, Any], board: str, job: str) -> list[dict[str, Any]]:
    """The groups that `roomwatch rules` writes for a config."""
    config = parse(yaml.safe_dump({**document, "alerts": {"board": board, "job": job}}), "night", Path())
    groups: list[dict[str, Any]] = yaml.safe_load(rules(config))["groups"]
    return groups


def _about_itself(group: dict[str, Any]) -> list[dict[str, Any]]:
    """Of the spare's rules those about Roomwatch itself, told apart from the replicas' by a label."""
    own = [
        rule
        for rule in group["rules"]
        if rule.get("alert") in ("RoomwatchDown", "RoomwatchStale", "RoomwatchWatchdog")
    ]
    return [{**rule, "labels": {**rule["labels"], "spare": "yes"}} for rule in own]


def _scrapes(replicas: list[Product], spare: list[Product], alertmanager_port: int) -> dict[str, Any]:
    """The shipped config, with what listens where, and a job for the spare."""
    shipped = yaml.safe_load((SHIPPED / "prometheus.yml").read_text("utf-8"))
    (job,) = shipped["scrape_configs"]
    shipped["scrape_configs"] = [{**job, "static_configs": _targets(replicas)}]
    shipped["scrape_configs"] += [{**job, "job_name": "spare", "static_configs": _targets(spare)}]
    (manager,) = shipped["alerting"]["alertmanagers"]
    manager["static_configs"] = [{"targets": [f"127.0.0.1:{alertmanager_port}"]}]
    return dict(shipped)


def _targets(roomwatches: list[Product]) -> list[dict[str, Any]]:
    return [{"targets": [f"127.0.0.1:{roomwatch.port}" for roomwatch in roomwatches]}]


def _room(people: int) -> dict[str, Any]:
    return {"id": "r", "title": "Room", "node": "n1", "participants": people}


def _json(document: dict[str, Any], status: int = 200) -> bytes:
    return answer(json.dumps(document).encode(), status, {"Content-Type": "application/json"})
