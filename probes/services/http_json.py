"""Any rooms service that answers JSON, by a mapping in the config."""

from __future__ import annotations

from typing import Literal

from probes.http import Http
from probes.model import SnapshotPart
from probes.services.base import Endpoint, ServiceSettings


class HttpJsonSettings(ServiceSettings):
    """A service of kind `http-json`."""

    kind: Literal["http-json"]


class HttpJson:
    """Polls one JSON service."""

    def __init__(self, settings: HttpJsonSettings) -> None:
        self._settings = settings

    async def poll(self, endpoint: Endpoint, http: Http) -> SnapshotPart:
        raise NotImplementedError
