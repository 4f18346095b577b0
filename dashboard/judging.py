"""The operator's word on where rooms went, over the API."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException as StarletteHTTPException

from dashboard.api import known
from dashboard.document import problems
from dashboard.hub import Hub
from dashboard.supervisor import ProberAway, Supervisor
from probes.model import Place
from probes.watching.rulings import Ruling, Verdict


class Where(BaseModel):
    """A room by its id; `node` may be left out where the id is of one room only."""

    model_config = ConfigDict(extra="forbid")

    room: Annotated[str, Field(min_length=1, max_length=300)]
    node: Annotated[str, Field(max_length=300)] = ""

    def place(self) -> Place:
        return Place(room=self.room, node=self.node)


class Word(BaseModel):
    """What an operator says of a relocation."""

    model_config = ConfigDict(extra="forbid")

    service: Annotated[str, Field(max_length=64)]
    verdict: Verdict
    relocation: Annotated[str, Field(max_length=64)] = ""
    room: Where | None = None
    to: Where | None = None

    def ruling(self, by: str) -> Ruling:
        return Ruling(
            verdict=self.verdict,
            by=by,
            relocation=self.relocation,
            room=self.room.place() if self.room else None,
            to=self.to.place() if self.to else None,
        )


def make_judging(hub: Hub, supervisor: Supervisor) -> APIRouter:
    """`POST /api/v1/relocations`; the guard lets only tokens through that may operate."""
    api = APIRouter(prefix="/api/v1", tags=["v1"])

    @api.post("/relocations", status_code=204, response_class=Response, responses=problems(404, 503))
    async def judge_relocation(request: Request, word: Word) -> Response:
        """Confirm or reject a relocation, or name a successor by hand; needs `may: operate`.

        It is about `relocation`, an id, or about `room`, one that went. `to` is the room that it goes on in.
        """
        known(hub, word.service)
        try:
            error = await supervisor.rule(word.service, word.ruling(getattr(request.state, "by", "")))
        except ProberAway as away:
            raise HTTPException(503, f"{away}".capitalize() + ".") from None
        if error:
            raise HTTPException(422, error[:1].upper() + error[1:] + ".")
        return Response(status_code=204)

    return api


_SAID = {"model_attributes_type": "Expected a JSON object, with Content-Type: application/json"}
"""What pydantic says in words that are its own."""


async def say_what_is_wrong(_request: Request, error: Exception) -> Response:
    """Where a request is wrong and why, without what it held: that may be no text that can be sent."""
    wrong = error.errors() if isinstance(error, RequestValidationError) else []
    detail = [
        {"loc": each["loc"], "msg": _SAID.get(each["type"], each["msg"]), "type": each["type"]}
        for each in wrong
    ]
    body = json.dumps({"detail": detail}).encode("ascii")  # escapes whatever is no UTF-8
    return Response(body, 422, media_type="application/json")


async def say_it_is_no_text(request: Request, error: Exception) -> Response:
    """FastAPI says 400 and no more where a body is not even text; else as it says."""
    problem = error if isinstance(error, StarletteHTTPException) else StarletteHTTPException(500)
    if problem.status_code == 400:
        problem = StarletteHTTPException(422, "The body cannot be read; expected JSON in UTF-8.")
    return await http_exception_handler(request, problem)
