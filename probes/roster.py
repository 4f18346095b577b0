"""From the config to the probes that it asks for: one poll and, where wanted, one join for each endpoint."""

from __future__ import annotations

from functools import partial

from probes.http import Http
from probes.joins import JOINS
from probes.model import JOIN, POLL
from probes.runner import Probe
from probes.services import SERVICES
from probes.services.base import RoomsService, ServiceSettings
from probes.settings import Config

CLEAN_UP_SECONDS = 1.0
"""What a join may take beyond its own timeout to leave the room again."""


Opened = dict[str, tuple[ServiceSettings, RoomsService]]
"""The services that are open, by name, each with the settings it was opened with."""


def roster(config: Config, http: Http, opened: Opened | None = None) -> list[Probe]:
    """All probes of `config`, asking through `http`.

    `opened` is brought up to date. A service whose settings are as they were is not opened again:
    what it knows (where a room on several nodes was placed, which counters started again) holds on.
    """
    before = opened if opened is not None else {}
    now: Opened = {}
    for service in config.services:
        settings, rooms_service = before.get(service.name, (None, None))
        if rooms_service is None or settings != service:
            rooms_service = SERVICES[service.kind].open(service)
        now[service.name] = service, rooms_service
    before.clear()
    before.update(now)
    return [probe for service, one in now.values() for probe in _probes_of(service, one, http)]


def _probes_of(service: ServiceSettings, rooms_service: RoomsService, http: Http) -> list[Probe]:
    probes = [
        Probe(
            service=service.name,
            node=endpoint.id,
            name=POLL,
            every=service.every,
            deadline=service.timeout,
            call=partial(rooms_service.poll, endpoint, http),
        )
        for endpoint in service.endpoints
    ]
    if service.join is None:
        return probes
    joiner = JOINS[service.join.via].open(service.join)
    return probes + [
        Probe(
            service=service.name,
            node=endpoint.id,
            name=JOIN,
            every=service.join.every,
            deadline=service.join.timeout + CLEAN_UP_SECONDS,
            call=partial(joiner.join, endpoint.join_url or endpoint.url, http),
        )
        for endpoint in service.joined_endpoints
    ]
