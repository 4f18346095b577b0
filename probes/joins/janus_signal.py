"""Joining a Janus room by signalling alone: session, attach, join, and away again. No sound is heard."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal
from urllib.parse import urlencode

from probes.config.units import Secret
from probes.failure import ProbeFailed
from probes.http import Answer, Http, Limits
from probes.joins.base import JoinBase
from probes.model import JoinAttempt, Outcome
from probes.vendors.janus import (
    INVALID_ELEMENT,
    PROBE_DISPLAY,
    Hints,
    Plugin,
    plugin_name,
    read_envelope,
    read_id,
    read_plugin,
)

CLEAN_UP_SECONDS = 0.8
"""What leaving may take at most, within the second that the schedule leaves for it.
A session that stays behind all the same is ended by Janus after its `session_timeout` (60 s)."""

_WRONG_PIN = "set `pin` to the room's"
_WRONG_ACCESS = "set `api_secret` or `token` as in Janus"
_WRONG_PATH = "a node's join_url must be the API that people join through, such as http://10.0.0.5:8088/janus"


class JanusSignalSettings(JoinBase):
    """A join of way `janus-signal`.

    In VideoRoom it enters as a publisher that publishes nothing: a subscriber
    can only enter where somebody publishes.
    """

    via: Literal["janus-signal"]
    plugin: Plugin = "audiobridge"
    pin: Secret | None = None
    api_secret: Secret | None = None
    token: Secret | None = None
    verify_tls: bool = True


class JanusSignal:
    """Tries one room of a Janus node."""

    def __init__(self, settings: JanusSignalSettings) -> None:
        self._settings = settings
        self._leaving: set[asyncio.Task[None]] = set()

    async def join(self, base_url: str, http: Http) -> JoinAttempt:
        """Enter the room at `base_url` (…/janus) and leave it again, whatever happens in between."""
        visit = Visit(self._settings, base_url, http)
        outcome, detail, code = Outcome.JOINED, "", ""
        try:
            async with asyncio.timeout(self._settings.timeout):
                await visit.open_session()
                await visit.attach()
                await visit.enter()
        except TimeoutError:
            outcome = Outcome.TIMEOUT
            detail = f"not in within {self._settings.timeout:g} s: {visit.missing} did not come"
        except ProbeFailed as failure:
            outcome, detail, code = failure.outcome, failure.detail, failure.code
        finally:
            visit.over()
            await self._leave(visit)
        return JoinAttempt(
            room=self._settings.room, outcome=outcome, stages=visit.stages, code=code, detail=detail
        )

    async def _leave(self, visit: Visit) -> None:
        """Leave even while being cancelled: the task, kept from the collector, goes on until it is done."""
        task = asyncio.create_task(visit.leave())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
        await asyncio.shield(task)


class Visit:
    """One visit to one room, step by step. A way of joining that also hears sound takes the same steps.

    `stages`: seconds from the start to the end of each step that succeeded, and to the end of the try.
    """

    def __init__(self, settings: JanusSignalSettings, base_url: str, http: Http) -> None:
        self.stages: dict[str, float] = {}
        self._settings = settings
        self._base_url = base_url.rstrip("/")
        self._http = http
        self._started = time.perf_counter()
        # We choose the session's id, so that it can be ended also when Janus's answer never came.
        self._limits = Limits(verify_tls=settings.verify_tls)
        self._session = secrets.randbelow(2**52) + 1
        self._handle: int | None = None
        self._sent = 0
        name = plugin_name(settings.plugin)
        self._hints: Hints = {
            403: _WRONG_ACCESS,
            404: _WRONG_PATH,
            405: f"allow the token to use {name}",
            457: _WRONG_PATH,
            460: f"load the plugin {name} in Janus, or set `plugin`",
            **dict.fromkeys((430, 484), "set `room` to the id of a room of this node"),
            **dict.fromkeys((429, 433, 483, 489), _WRONG_PIN),
        }

    @property
    def missing(self) -> str:
        """What would have come next, for a sentence."""
        expected = {
            "session": "a session",
            "attach": "the plugin's handle",
            "ack": "the acknowledgement",
            "joined": "the answer to joining",
        }
        return next(words for stage, words in expected.items() if stage not in self.stages)

    async def open_session(self) -> None:
        """Create our session. Raises ProbeFailed, like every step."""
        await self._post("", {"janus": "create", "id": self._session})
        self._reached("session")

    async def attach(self) -> None:
        """Attach to the plugin, which gives us a handle."""
        message = {"janus": "attach", "plugin": plugin_name(self._settings.plugin)}
        answer, envelope = await self._post(f"/{self._session}", message)
        self._handle = read_id(envelope, "handle", answer.where)
        self._reached("attach")

    async def enter(self) -> None:
        """Join the room. An id of digits is tried as a number, then as text: a node has one or the other."""
        room = self._settings.room
        if not _is_number(room):
            return await self._enter(room)
        try:
            return await self._enter(int(room))
        except ProbeFailed as failure:
            if failure.code not in INVALID_ELEMENT:
                raise
        return await self._enter(room)

    def over(self) -> None:
        """The try is over, well or not; what follows is leaving."""
        self._reached("total")

    async def leave(self) -> None:
        """Leave, detach and end the session, as far as each came about. Never raises, nor outlasts
        CLEAN_UP_SECONDS."""
        steps: list[tuple[str, dict[str, Any]]] = [(f"/{self._session}", {"janus": "destroy"})]
        if self._handle is not None:
            handle = f"/{self._session}/{self._handle}"
            steps.insert(0, (handle, {"janus": "detach"}))
            if "ack" in self.stages:
                steps.insert(0, (handle, {"janus": "message", "body": {"request": "leave"}}))
        with suppress(TimeoutError):
            async with asyncio.timeout(CLEAN_UP_SECONDS):
                for path, message in steps:
                    with suppress(ProbeFailed):
                        await self._post(path, message)

    async def _enter(self, room: int | str) -> None:
        body = {"request": "join", "room": room, "display": PROBE_DISPLAY, "ptype": "publisher"}
        if self._settings.pin is not None:
            body["pin"] = self._settings.pin.reveal()
        transaction = await self._send(body)
        self._reached("ack")
        where, data = await self._event(transaction)
        said = read_plugin(data, self._settings.plugin, where, self._hints)[self._settings.plugin]
        if said != "joined":
            raise ProbeFailed(
                Outcome.PROTOCOL, f"Janus at {where} answered the join with something else than `joined`"
            )
        self._reached("joined")

    async def _send(self, body: Mapping[str, Any]) -> str:
        """Send `body` to the plugin, which acknowledges it; the transaction by which its event is known."""
        answer, envelope = await self._post(
            f"/{self._session}/{self._handle}", {"janus": "message", "body": body}
        )
        transaction = envelope.get("transaction")
        if envelope["janus"] != "ack" or not isinstance(transaction, str):
            raise ProbeFailed(Outcome.PROTOCOL, f"Janus at {answer.where} did not acknowledge the message")
        return transaction

    async def _event(self, transaction: str) -> tuple[str, object]:
        """Wait on the long-poll for the event of `transaction`: its origin and what the plugin said."""
        query = urlencode({"maxev": 1, **self._credentials()})
        while True:
            answer = await self._http.ask(
                "GET", f"{self._base_url}/{self._session}?{query}", limits=self._limits
            )
            if answer.status == 404:
                raise ProbeFailed(
                    Outcome.UNAVAILABLE,
                    f"Janus at {answer.where} lost our session: it was started anew",
                    "404",
                )
            envelope = read_envelope(answer, self._hints)
            if envelope.get("transaction") == transaction:
                plugin_data = envelope.get("plugindata")
                return answer.where, plugin_data.get("data") if isinstance(plugin_data, dict) else None

    async def _post(self, path: str, message: Mapping[str, Any]) -> tuple[Answer, dict[str, Any]]:
        self._sent += 1
        content = {**message, "transaction": f"{self._session}-{self._sent}", **self._credentials()}
        answer = await self._http.ask("POST", self._base_url + path, json=content, limits=self._limits)
        return answer, read_envelope(answer, self._hints)

    def _credentials(self) -> dict[str, str]:
        secrets_ = {"apisecret": self._settings.api_secret, "token": self._settings.token}
        return {name: secret.reveal() for name, secret in secrets_.items() if secret is not None}

    def _reached(self, stage: str) -> None:
        self.stages[stage] = time.perf_counter() - self._started


def _is_number(room: str) -> bool:
    """Whether a room's id may be one of Janus's numbers, which are up to 64 bits without leading zeros."""
    return room.isascii() and room.isdecimal() and (room == "0" or room[0] != "0") and len(room) <= 18
