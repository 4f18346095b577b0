"""LiveKit: one ListRooms a poll, and where wanted its metrics for people by node and for tries to join.

A count of people is up to 5 s old, each room's by itself: LiveKit writes it so often
(`roomUpdateInterval` in `rtc/room.go`). Polling more often finds rooms that open and end sooner, never newer
counts; a sum mixes counts of different moments, a room's curve has steps of 5 s,
and a crowd that came and went in between is not seen. Another source that differs
by what 5 s bring is no disagreement.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Annotated, Literal

import msgspec
from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from probes.config.units import HeaderName, HeaderValue, Secret, Settings, Url, as_list, revealed
from probes.failure import ProbeFailed
from probes.http import Http
from probes.http.faults import bad_status, place
from probes.mapping import Document, Table
from probes.mapping.paths import COUNT, ID, TEXT, WHEN, FieldPath
from probes.mapping.rows import read_rooms
from probes.model import Outcome, SnapshotPart
from probes.services.aside import Aside
from probes.services.base import Endpoint, ServiceSettings, one_note
from probes.vendors.livekit import Tokens, refused
from probes.vendors.livekit_metrics import Scrape, Totals, read_metrics, reports
from probes.vendors.livekit_room import Metadata

LIST_ROOMS = "/twirp/livekit.RoomService/ListRooms"

METRICS_SHARE = 0.25
"""The share of `timeout` for the metrics: the rooms do not wait longer for them."""

METRICS_BODY = 8_000_000


class MetadataMapping(Settings):
    """Where a room's metadata, if it is a JSON object, says more of the room."""

    title: FieldPath | None = None
    """Without it a room's title is its name."""
    hosts: FieldPath | None = None


class LiveKitSettings(ServiceSettings):
    """A service of kind `livekit`. One url speaks for a whole cluster: each server lists the rooms of all."""

    kind: Literal["livekit"]
    api_key: Secret
    api_secret: Secret
    metrics_url: Annotated[
        list[Url],
        BeforeValidator(as_list, json_schema_input_type=Url | list[Url]),
    ] = Field(default=[], max_length=64)
    """Where LiveKit's metrics are (its `prometheus.port`), one url or one for each server."""
    metrics_headers: dict[HeaderName, HeaderValue] = Field(default={})
    metadata: MetadataMapping = MetadataMapping()

    @model_validator(mode="after")
    def _metrics_are_of_one_cluster(self) -> LiveKitSettings:
        if self.metrics_url and len(self.endpoints) > 1:
            raise PydanticCustomError(
                "metrics_url",
                "`metrics_url` goes with one `url`: make each cluster a service of its own",
            )
        return self


_FIELDS = {
    "id": ("name", ID),  # the same name again is the same room again, whatever its `sid`
    "title": ("name", TEXT),
    "participants": ("num_participants", COUNT),
    "capacity": ("max_participants", COUNT),
    "started_at": ("creation_time", WHEN),
    "metadata": ("metadata", TEXT),
}


class LiveKit:
    """Polls the rooms of one LiveKit cluster."""

    def __init__(self, settings: LiveKitSettings) -> None:
        self._settings = settings
        self._headers = revealed(settings.headers)
        self._limits = settings.limits
        self._tokens = Tokens(settings.api_key, settings.api_secret, {"room_list": True})
        self._aside = Aside("watch fewer rooms from here, or make `every` longer")
        self._metadata = Metadata(settings.metadata.title, settings.metadata.hosts)
        self._document = Document({"rooms": Table("rooms", _FIELDS)}, {})
        self._totals = Totals()

    async def poll(self, endpoint: Endpoint, http: Http) -> SnapshotPart:
        """Ask `endpoint` for its rooms. Raises ProbeFailed when no usable answer came.

        Metrics that cannot be had leave out what they tell, with a note.
        """
        self._aside.refuse_while_reading(endpoint)
        answer = await http.ask(
            "POST",
            endpoint.url.rstrip("/") + LIST_ROOMS,
            headers={**self._headers, **self._tokens.headers()},
            json={},
            limits=self._limits,
        )
        if answer.status != 200:
            raise refused(answer, self._tokens.hide)
        read = partial(self.read, answer.body, endpoint.id, answer.where)
        part = await self._aside.read(endpoint, len(answer.body), read)
        return await self._with_metrics(part, http) if self._settings.metrics_url else part

    def read(self, body: bytes, node: str, where: str) -> SnapshotPart:
        """What `body`, an answer to ListRooms, tells; all rooms are on `node`. Raises ProbeFailed."""
        reading = self._document.read(body, where)
        columns = reading.tables.get("rooms")
        if columns is None or (not columns and reading.left_out):
            what = reading.notes[0] if reading.notes else "JSON that has no list `rooms`"
            raise ProbeFailed(Outcome.PROTOCOL, f"{where} does not answer like LiveKit: {what}")
        rooms, notes = read_rooms(self._metadata.add_to(columns), node, {})
        return SnapshotPart(
            rooms=rooms,
            complete="rooms" not in reading.left_out,
            note=one_note([*reading.notes, *notes]),
        )

    async def _with_metrics(self, part: SnapshotPart, http: Http) -> SnapshotPart:
        told = await asyncio.gather(*(self._scrape(url, http) for url in self._settings.metrics_url))
        scrapes = [one for one in told if isinstance(one, Scrape)]
        notes = [part.note, *(one for one in told if isinstance(one, str))]
        self._totals.take(scrapes)
        return msgspec.structs.replace(
            part,
            nodes=reports(scrapes),
            joins=self._totals.joins() if scrapes else {},
            note=one_note(notes),
        )

    async def _scrape(self, url: str, http: Http) -> Scrape | str:
        """The metrics at `url`, or why there are none."""
        headers = revealed(self._settings.metrics_headers)
        limits = replace(self._settings.limits, max_body=METRICS_BODY)
        share = METRICS_SHARE * self._settings.timeout
        try:
            async with asyncio.timeout(share):
                answer = await http.ask(
                    "GET", url, headers={"Accept": "text/plain", **headers}, limits=limits
                )
            if answer.status != 200:
                raise bad_status(answer.status, answer.where)
            return read_metrics(answer.body, answer.where)
        except TimeoutError:
            return f"no metrics: {place(url)} did not send them within {share:g} s"
        except ProbeFailed as failure:
            return f"no metrics: {failure.detail}"
