"""From the config to the probes that it asks for: one poll and, where wanted, one join for each endpoint."""

from __future__ import annotations

from functools import partial

from probes.http import Http
from probes.joins import JOINS
from probes.runner import JOIN, POLL, Probe
from probes.services import SERVICES
from probes.services.base import ServiceSettings
from probes.settings import Config

CLEAN_UP_SECONDS = 1.0
"""What a join may take beyond its own timeout to leave the room again."""


def roster(config: Config, http: Http) -> list[Probe]:
    """All probes of `config`, asking through `http`."""
    return [probe for service in config.services for probe in _probes_of(service, http)]


def _probes_of(service: ServiceSettings, http: Http) -> list[Probe]:
    rooms_service = SERVICES[service.kind].open(service)
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
