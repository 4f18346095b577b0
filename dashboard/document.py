"""The OpenAPI document: what answers look like, made of the types that they are encoded from."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI

from dashboard.frames import Frame
from dashboard.rights import READS, needed
from probes.config.auth import Role
from probes.model import Outcome, Relocation, RoomView, State
from probes.timeline.entries import AlertView, Note, Silence

JSON = "application/json"
TEXT = "text/plain"
_SCHEMAS = "#/components/schemas/"


class Line(msgspec.Struct):
    """The people of one room at each tick of the columns that it is in."""

    id: str
    node: str
    title: str
    participants: list[int | None]


class Columns(msgspec.Struct):
    """Ticks of one service as columns, all of one length. `at` is wall time, `time` the service's own."""

    seq: list[int]
    at: list[float]
    time: list[float]
    state: list[State]
    participants: list[int | None]
    complete: list[bool]
    tries: list[float | None]
    success: list[float | None]
    errors: dict[Outcome, list[float | None]]
    rooms: list[Line]


class ColumnsOfService(Columns, kw_only=True):
    """The same of a service that is named."""

    service: str


class Window(msgspec.Struct):
    """The newest frame, or that of a moment, and the ticks before it by service."""

    seq: int
    tick: float
    frame: Frame | None
    services: dict[str, Columns]


class Page(msgspec.Struct):
    """Some of a service's rooms. `next` is what `after` takes for those that follow, empty at the end."""

    service: str
    total: int
    rooms: list[RoomView]
    next: str


class RelocationsOfService(msgspec.Struct):
    service: str
    relocations: list[Relocation]


class Relocations(msgspec.Struct):
    services: list[RelocationsOfService]


class Timeline(msgspec.Struct):
    alerts: list[AlertView]
    notes: list[Note]


class Silenced(msgspec.Struct):
    silence: Silence | None


class Mistake(msgspec.Struct):
    """Where a request is wrong, and why."""

    loc: list[str | int]
    msg: str
    type: str


class Problem(msgspec.Struct):
    """Why there is no answer: a sentence, or what is wrong with the request."""

    detail: str | list[Mistake]


BODIES: tuple[type[msgspec.Struct], ...] = (
    Frame,
    Window,
    ColumnsOfService,
    Page,
    Relocations,
    Timeline,
    Silenced,
    Problem,
)
"""What answers of the API hold."""

_REFUSALS = {
    401: "A token or a password is needed, or the one given is wrong.",
    403: "This token may not, or nobody may from there.",
    421: "The host name is not known here.",
    429: "Too often; `Retry-After` says when to ask again.",
}


def body(kind: type[msgspec.Struct], says: str = "The answer.") -> dict[str, Any]:
    """What a route's `responses` say of an answer that holds `kind`, one of `BODIES`."""
    return {"description": says, "content": {JSON: {"schema": {"$ref": _SCHEMAS + kind.__name__}}}}


def text(says: str) -> dict[str, Any]:
    """The same of a plain text."""
    return {"description": says, "content": {TEXT: {"schema": {"type": "string"}}}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What may go wrong with a request, 422 always."""
    return {status: body(Problem, "A sentence that says why.") for status in (422, *statuses)}


NOT_CHANGED: dict[str, Any] = {"description": "The asker has these bytes, as `If-None-Match` says."}


class Documented(FastAPI):
    """FastAPI whose document knows what our answers hold, and who may ask."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas |= msgspec.json.schema_components(BODIES, ref_template=_SCHEMAS + "{name}")[1]
            document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    _say_who_may(operation, needed(method.upper(), path), method.upper() in READS)
        return self.openapi_schema or {}


def _say_who_may(operation: dict[str, Any], role: Role, reads: bool) -> None:
    operation["description"] = f"{operation.get('description', '')}\n\nNeeds `may: {role}`."
    operation["security"] = [{"token": []}, *([{}] if reads else [])]
    refusals = _REFUSALS if reads else {**_REFUSALS, 411: "No length is told.", 413: "It is too long."}
    for status, says in refusals.items():
        operation["responses"].setdefault(str(status), text(says))
