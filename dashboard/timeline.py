"""The timeline over the API: what was on it, an acknowledgement, a note by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

import msgspec
from fastapi import APIRouter, HTTPException, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from dashboard import document
from dashboard.api import WallTime, known
from dashboard.document import JSON, Timeline, body, problems
from dashboard.hub import Hub
from dashboard.past import span_of
from dashboard.silences import Silences
from dashboard.supervisor import ProberAway, Supervisor
from probes.config.auth import Role
from probes.history import Reader
from probes.timeline.entries import NoteKind
from probes.timeline.words import Acknowledge, Silenced, Word, Write

_MOST = 1_000
_encoder = msgspec.json.Encoder()


class Acknowledged(BaseModel):
    """What somebody says who knows of an alert."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=400)] = ""


class Written(BaseModel):
    """A note, or what the public was told. Without a `service` it is about all of them."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=600)]
    kind: NoteKind = NoteKind.NOTE
    service: Annotated[str, Field(max_length=64)] = ""


def make_timeline(
    hub: Hub, supervisor: Supervisor, silences: Silences, history: Callable[[], Reader]
) -> APIRouter:
    """`/api/v1/timeline`, `/alerts/{id}/acknowledge`, `/notes`. `history()` is the reader of now."""
    api = APIRouter(prefix="/api/v1", tags=["v1"])

    async def tell(word: Word) -> None:
        try:
            error = await supervisor.tell(word)
        except ProberAway as away:
            raise HTTPException(503, _sentence(str(away))) from None
        if error:
            unknown = isinstance(word, Acknowledge) and not _on_board(hub, word.alert)
            raise HTTPException(404 if unknown else 422, _sentence(error))

    @api.get("/timeline", responses={200: body(Timeline), **problems()})
    async def timeline(start: WallTime, end: WallTime) -> Response:
        """Alerts that fired between two times, notes and announcements of that time: the newest thousand."""
        past = await asyncio.to_thread(history().timeline, *span_of(start, end), _MOST)
        told = {"alerts": [entry.view for entry in past.alerts], "notes": past.notes}
        return Response(_encoder.encode(told), media_type=JSON)

    @api.post("/alerts/{alert}/acknowledge", responses={200: body(document.Silenced), **problems(404, 503)})
    async def acknowledge(
        request: Request, alert: Annotated[str, Path(max_length=64)], word: Acknowledged
    ) -> Response:
        """Say that somebody knows of an alert; needs `may: note`. Nothing is paused.

        Where `alertmanager.url` is set and the token has `may: operate`, Alertmanager is silent about it
        for a while; `silence` says whether that worked, and is null where nobody was asked.
        """
        by = getattr(request.state, "by", "")
        await tell(Acknowledge(alert=alert, by=by, note=word.note))
        operates = getattr(request.state, "role", None) is Role.OPERATE
        silence = await silences.make(alert, by, word.note) if operates else None
        if silence is not None:
            await tell(Silenced(alert=alert, silence=silence))
        return Response(_encoder.encode({"silence": silence}), media_type=JSON)

    @api.post("/notes", status_code=204, response_class=Response, responses=problems(404, 503))
    async def write_note(request: Request, note: Written) -> Response:
        """Write a note or an announcement; needs `may: note`."""
        if note.service:
            known(hub, note.service)
        await tell(
            Write(by=getattr(request.state, "by", ""), text=note.text, kind=note.kind, service=note.service)
        )
        return Response(status_code=204)

    return api


def _on_board(hub: Hub, alert: str) -> bool:
    return hub.latest is not None and any(view.id == alert for view in hub.latest.frame.alerts)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
