"""The timeline over the API: what is told of it, what is handed on, and refusals in sentences."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.types import Receive, Scope, Send

from dashboard.frames import encode
from dashboard.hub import Hub
from dashboard.judging import say_what_is_wrong
from dashboard.silences import Silences
from dashboard.supervisor import ProberAway, Supervisor
from dashboard.timeline import make_timeline
from probes.config.alertmanager import AlertmanagerSettings
from probes.config.auth import Role
from probes.history import Reader
from probes.timeline.entries import NoteKind, Past, Silence
from probes.timeline.words import Acknowledge, Word, Write
from tests.probes.seen import AT, entry, note, observation, tick


class Api:
    """The API with a prober that answers `error`, or is away where it is None."""

    def __init__(self, error: str | None = "") -> None:
        self.words: list[Word] = []
        self.error = error
        self.asked: list[tuple[float, float, int]] = []

    async def tell(self, word: Word) -> str:
        if self.error is None:
            raise ProberAway("the prober is being started; try again in a second")
        self.words.append(word)
        return self.error

    def timeline(self, start: float, end: float, limit: int) -> Past:
        self.asked.append((start, end, limit))
        return Past(alerts=(entry("a", AT),), notes=(note("n", AT),))

    def ask(self, method: str, path: str, body: object = None, role: Role | None = None) -> httpx.Response:
        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            await self._app({**scope, "state": {"role": role}}, receive, send)

        async def main() -> httpx.Response:
            hub = Hub()
            hub.publish(encode(tick(observation("spaces"), alerts=(entry("a1"),)), 1.0, []))
            supervisor = cast("Supervisor", self)
            silences = Silences(AlertmanagerSettings(), self)
            app = self._app = FastAPI()
            app.include_router(make_timeline(hub, supervisor, silences, lambda: cast("Reader", self)))
            app.add_exception_handler(RequestValidationError, say_what_is_wrong)
            transport = httpx.ASGITransport(guarded)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, json=body)

        return asyncio.run(main())


def test_what_was_on_the_timeline_without_what_is_for_silences_alone() -> None:
    api = Api()
    told = api.ask("GET", f"/api/v1/timeline?start=0&end={AT}").json()
    assert [alert["id"] for alert in told["alerts"]] == ["a"]
    assert told["alerts"][0]["subject"]["alert"] == "RoomsEnded"
    assert "labels" not in told["alerts"][0]
    assert [each["text"] for each in told["notes"]] == ["Told everybody where the new room is."]
    assert api.asked == [(0.0, AT, 1000)]


def test_its_times_are_read_as_those_of_the_board_in_the_past() -> None:
    api = Api()
    for start, end in (("0", "1e12"), ("2023-05-24T22:21:05Z", "2023-05-25T00:21:06+02:00")):
        assert api.ask("GET", f"/api/v1/timeline?start={start}&end={end}").status_code == 200
    assert api.asked == [(0.0, 1e12, 1000), (1684966865.0, 1684966866.0, 1000)]


def test_an_acknowledgement_is_handed_on() -> None:
    api = Api()
    answer = api.ask("POST", "/api/v1/alerts/a1/acknowledge", {"note": "on it"})
    assert (answer.status_code, answer.json()) == (200, {"silence": None})
    assert api.words == [Acknowledge(alert="a1", by="", note="on it")]


@pytest.mark.parametrize(("role", "asked"), [(None, []), (Role.NOTE, []), (Role.OPERATE, ["a1"])])
def test_only_who_may_operate_makes_alertmanager_silent(
    monkeypatch: pytest.MonkeyPatch, role: Role | None, asked: list[str]
) -> None:
    made: list[str] = []

    async def make(_: Silences, alert: str, by: str, note: str) -> Silence:
        made.append(alert)
        return Silence(said="Alertmanager is silent about it", id="s1", until=AT)

    monkeypatch.setattr(Silences, "make", make)
    api = Api()
    answer = api.ask("POST", "/api/v1/alerts/a1/acknowledge", {}, role)
    assert (answer.status_code, made) == (200, asked)
    assert (answer.json()["silence"] is not None) is bool(asked)
    assert api.words[0] == Acknowledge(alert="a1", by="", note="")
    refusing = Api("this alert is a sign of life")
    assert refusing.ask("POST", "/api/v1/alerts/a1/acknowledge", {}, role).status_code == 422
    assert made == asked, "nothing is silenced that may not be acknowledged"


def test_a_note_is_handed_on() -> None:
    api = Api()
    body = {"text": "the new room is open", "kind": "announcement", "service": "spaces"}
    assert api.ask("POST", "/api/v1/notes", body).status_code == 204
    assert api.words == [
        Write(by="", text="the new room is open", kind=NoteKind.ANNOUNCEMENT, service="spaces")
    ]


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("/api/v1/notes", {"text": "x", "service": "other"}, 404, "No service has this name"),
        ("/api/v1/notes", {"text": ""}, 422, "at least 1 character"),
        ("/api/v1/notes", {"text": "x" * 601}, 422, "at most 600 characters"),
        ("/api/v1/notes", {"text": "x", "kind": "rumour"}, 422, "'note' or 'announcement'"),
        ("/api/v1/alerts/a1/acknowledge", {"note": "x" * 401}, 422, "at most 400 characters"),
        ("/api/v1/alerts/a1/acknowledge", {"by": "me"}, 422, "Extra inputs are not permitted"),
        (f"/api/v1/alerts/{'x' * 65}/acknowledge", {}, 422, "at most 64 characters"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_handed_on(
    path: str, body: dict[str, Any], status: int, sentence: str
) -> None:
    api = Api()
    answer = api.ask("POST", path, body)
    assert answer.status_code == status
    assert sentence in answer.text
    assert api.words == []


def test_what_the_prober_refuses_or_cannot_take_now_is_said() -> None:
    refused = Api("this alert has ended; write a note instead")
    answer = refused.ask("POST", "/api/v1/alerts/a1/acknowledge", {})
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "This alert has ended; write a note instead.",
    )
    unknown = Api("no alert has the id “a2”")
    answer = unknown.ask("POST", "/api/v1/alerts/a2/acknowledge", {})
    assert (answer.status_code, answer.json()["detail"]) == (404, "No alert has the id “a2”.")
    assert Api(None).ask("POST", "/api/v1/notes", {"text": "x"}).status_code == 503
