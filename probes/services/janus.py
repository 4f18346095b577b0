"""Janus (AudioBridge or VideoRoom), through its admin API: one `list` a poll, no session."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

import msgspec
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from probes.config.units import Secret, revealed
from probes.failure import ProbeFailed
from probes.http import Http
from probes.joins.janus_signal import JanusSignalSettings
from probes.mapping.rows import clean_id
from probes.model import LARGEST_COUNT, Outcome, Room, SnapshotPart, plain_text
from probes.services.base import Endpoint, ServiceSettings
from probes.vendors.janus import (
    LARGEST_ID,
    PROBE_DISPLAY,
    Hints,
    Plugin,
    plugin_name,
    read_envelope,
    read_plugin,
)

SECOND_QUESTION = 0.25
"""The share of `timeout` for asking who is in the joined room; the list's count stands in for an answer that
is late."""

_WRONG_KEY = "set `admin_key` to the plugin's own"
_WRONG_PATH = "a node's url must be the admin API, such as http://10.0.0.5:7088/admin"


class JanusSettings(ServiceSettings):
    """A service of kind `janus`.

    A node's url is its admin API, its `join_url` the API that people join through.

    AudioBridge has no cap on participants and VideoRoom only one on publishers,
    so capacity comes from `capacity` alone.
    """

    kind: Literal["janus"]
    plugin: Plugin = "audiobridge"
    admin_secret: Secret
    admin_key: Secret | None = None
    """The plugin's `admin_key`; with it private rooms are seen too."""

    @model_validator(mode="after")
    def _joins_know_where(self) -> JanusSettings:
        if isinstance(self.join, JanusSignalSettings):
            for endpoint in self.endpoints:
                if endpoint.join_url is None:
                    raise PydanticCustomError(
                        "join_url",
                        "the node {node} has no join_url, where joins go; expected `nodes`, each with a url"
                        " (…/admin) and a join_url such as http://10.0.0.5:8088/janus",
                        {"node": endpoint.id},
                    )
        return self


class _Row(msgspec.Struct):
    """One room of `list`."""

    room: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_ID)] | str
    num_participants: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_COUNT)] | None = None
    description: str | None = None


class _Participant(msgspec.Struct):
    """One of those in a room, of whom only the name is looked at, and never kept."""

    display: str | None = None


class Janus:
    """Polls the rooms of one plugin of Janus."""

    def __init__(self, settings: JanusSettings) -> None:
        self._settings = settings
        self._plugin = settings.plugin
        self._headers = revealed(settings.headers)
        self._limits = settings.limits
        self._joined = _joined_room(settings)
        name = plugin_name(settings.plugin)
        self._hints: Hints = {
            403: "set `admin_secret` to the one in janus.jcfg",
            404: _WRONG_PATH,
            457: _WRONG_PATH,
            460: f"load the plugin {name} in Janus, or set `plugin`",
            433: _WRONG_KEY,
            489: _WRONG_KEY,
        }

    async def poll(self, endpoint: Endpoint, http: Http) -> SnapshotPart:
        """Ask one node for its rooms. Raises ProbeFailed when no usable answer came."""
        request = {"request": "list"}
        if self._settings.admin_key is not None:
            request["admin_key"] = self._settings.admin_key.reveal()
        found = await self._ask(endpoint, http, request, "list")
        rooms, unreadable = [], 0
        for item in found:
            try:
                row = msgspec.convert(item, _Row)
            except msgspec.ValidationError:
                unreadable += 1
                continue
            rooms.append(await self._room(row, endpoint, http))
        note = f"{unreadable} of {len(found)} rooms of {endpoint.id} could not be read" if unreadable else ""
        return SnapshotPart(rooms=rooms, complete=not unreadable, note=note)

    async def _room(self, row: _Row, endpoint: Endpoint, http: Http) -> Room:
        participants = row.num_participants
        if participants and str(row.room) == self._joined:
            participants = await self._without_probe(row, endpoint, http)
        title = plain_text(row.description or "")
        return Room(id=clean_id(row.room), node=endpoint.id, participants=participants, title=title)

    async def _without_probe(self, row: _Row, endpoint: Endpoint, http: Http) -> int | None:
        """How many are in the room that we join, less our own probes."""
        try:
            async with asyncio.timeout(SECOND_QUESTION * self._settings.timeout):
                request = {"request": "listparticipants", "room": row.room}
                inside = await self._ask(endpoint, http, request, "participants")
            people = msgspec.convert(inside, list[_Participant])
        except (ProbeFailed, TimeoutError, msgspec.ValidationError):
            return row.num_participants
        return sum(person.display != PROBE_DISPLAY for person in people)

    async def _ask(self, endpoint: Endpoint, http: Http, request: dict[str, Any], key: str) -> list[Any]:
        """The list that the plugin answers `request` with, under `key`. Raises ProbeFailed."""
        message = {
            "janus": "message_plugin",
            "transaction": "roomwatch",
            "admin_secret": self._settings.admin_secret.reveal(),
            "plugin": plugin_name(self._plugin),
            "request": request,
        }
        answer = await http.ask(
            "POST", endpoint.url, headers=self._headers, json=message, limits=self._limits
        )
        envelope = read_envelope(answer, self._hints)
        data = read_plugin(envelope.get("response"), self._plugin, answer.where, self._hints)
        found = data.get(key)
        if not isinstance(found, list):
            raise ProbeFailed(
                Outcome.PROTOCOL,
                f"Janus at {answer.where} answered {request['request']!r} without a list `{key}`",
            )
        return found


def _joined_room(settings: JanusSettings) -> str | None:
    """The id of the room that our own joins enter, where they enter one of this plugin."""
    join = settings.join
    return join.room if isinstance(join, JanusSignalSettings) and join.plugin == settings.plugin else None
