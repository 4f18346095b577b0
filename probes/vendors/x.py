"""The X API as far as Spaces need it: one question, its answer or its refusal, and what may still be asked.

Shapes from the vendor's OpenAPI document (xdevplatform/xdk, specs/openapi.json: Space, SearchSpacesResponse,
ResourceNotFoundProblem) and docs.x.com/x-api/fundamentals/response-codes-and-errors: what could not be found
stands in `errors` of a 200, and an empty list leaves `data` out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from probes.config.units import Secret
from probes.failure import ProbeFailed
from probes.http import Answer, Http, Limits
from probes.http.budgets import Budget
from probes.http.faults import BUSY, outcome_of_status, place
from probes.http.waiting import retry_after, service_now
from probes.mapping import Columns, Document, Reading, Table
from probes.mapping.paths import COUNT, ID, NAMES, TEXT, WHEN
from probes.mapping.rows import read_rooms
from probes.model import Outcome, Room, RoomState, plain_text

FIELDS = "participant_count,state,started_at,host_ids,creator_id,speaker_ids,title"

STATES: Mapping[str, RoomState] = {
    "live": RoomState.OPEN,
    "scheduled": RoomState.SCHEDULED,
    "ended": RoomState.ENDED,
    "canceled": RoomState.ENDED,
}

ASK_AGAIN = 15.0
"""Seconds to wait after a 429 that does not say until when, such as one for two requests in one second."""

_NOT_FOUND = "/resource-not-found"
_FEW = 3
_SAID_BYTES = 120
_HINTS = {
    Outcome.UNAUTHORIZED: "; check `token`, and whether its app may read Spaces",
    Outcome.NOT_FOUND: "; check `url`",
}


class Question(NamedTuple):
    """One request. `path` is also what the API counts by: each has a limit of its own."""

    path: str
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What one answer told. `gone` are the ids of Spaces that the API does not have (any more)."""

    rooms: list[Room]
    gone: frozenset[str] = frozenset()
    complete: bool = True
    notes: tuple[str, ...] = ()


class XApi:
    """Asks as the app that `token` belongs to. `headers` go with each request."""

    def __init__(self, token: Secret, headers: Mapping[str, str], limits: Limits) -> None:
        self._token = token
        self._headers = {**headers, "Authorization": f"Bearer {token.reveal()}"}
        self._limits = limits
        self._document = _document()

    def budget(self, url: str, path: str, http: Http) -> Budget:
        """What may still be asked at `path`, by all who have this token."""
        return http.budgets.of(place(url), path, self._token)

    async def ask(self, question: Question, url: str, node: str, http: Http) -> Reply:
        """Put one question to the API at `url`, if it may be put. Raises ProbeFailed."""
        budget = self.budget(url, question.path, http)
        wait = budget.wait(time.monotonic())
        if wait is not None:
            raise ProbeFailed(
                Outcome.RATE_LIMITED,
                f"{place(url)} is not asked for {question.path}: {budget.words()}",
                next_in=wait,
            )
        query = urlencode({**question.query, "space.fields": FIELDS}, safe=",")
        budget.spend()
        answer = await http.ask(
            "GET",
            f"{url.rstrip('/')}{question.path}?{query}",
            headers=self._headers,
            limits=self._limits,
        )
        budget.told(answer.headers, time.monotonic())
        if not 200 <= answer.status < 300:
            raise self._refused(answer, budget)
        return self.read(answer.body, node, answer.where)

    def read(self, body: bytes, node: str, where: str) -> Reply:
        """What `body`, an answer with status 200, tells. Raises ProbeFailed (protocol)."""
        reading = self._document.read(body, where)
        problems = _problems(reading)
        columns = reading.tables.get("rooms")
        if columns is None:
            if not problems and reading.values.get("count") != 0:
                raise ProbeFailed(
                    Outcome.PROTOCOL,
                    f"{where} answered with JSON that has no list `data` and does not say why; check `url`",
                )
            columns = Columns([], {})
        elif not columns and "rooms" in reading.left_out:
            raise ProbeFailed(Outcome.PROTOCOL, f"{where}: {reading.notes[0]}")
        known, strange = _of_known_state(columns)
        rooms, notes = read_rooms(known, node, STATES) if len(known) else ([], [])
        gone, unexplained, said = _meaning(problems)
        return Reply(
            rooms=rooms,
            gone=gone,
            complete=not (reading.left_out or strange or unexplained),
            notes=(*reading.notes, *strange, *said, *notes),
        )

    def _refused(self, answer: Answer, budget: Budget) -> ProbeFailed:
        """The failure of an answer with another status, and nothing more asked where it wants a wait."""
        now = time.monotonic()
        wait = budget.wait(now)
        if wait is None and answer.status in BUSY:
            wait = retry_after(answer.headers) or (ASK_AGAIN if answer.status == 429 else None)
            if wait is not None:
                budget.close(wait, service_now(answer.headers) + wait, now)
        outcome = outcome_of_status(answer.status)
        said = self._said(answer.body)
        until = f"; {budget.words()}" if wait is not None else ""
        return ProbeFailed(
            outcome,
            f"{answer.where} answered with status {answer.status}{said}{until}{_HINTS.get(outcome, '')}",
            str(answer.status),
            wait,
        )

    def _said(self, body: bytes) -> str:
        """The API's own words for a refusal, in brackets, without our token."""
        try:
            problem = msgspec.json.decode(body, type=dict[str, Any])
        except (ValueError, RecursionError):
            return ""
        words = problem.get("detail") or problem.get("title")
        if not isinstance(words, str):
            return ""
        shown = plain_text(words.replace(self._token.reveal(), "***"), _SAID_BYTES)
        return f" ({shown})" if shown else ""


def _document() -> Document:
    rooms = {
        "id": ("id", ID),
        "participants": ("participant_count", COUNT),
        "title": ("title", TEXT),
        "state": ("state", TEXT),
        "started_at": ("started_at", WHEN),
        "hosts": ("host_ids", NAMES),
        "creator": ("creator_id", TEXT),
        "speakers": ("speaker_ids", NAMES),
    }
    problems = {name: (name, TEXT) for name in _Problem._fields}
    tables = {"rooms": Table("data", rooms), "problems": Table("errors", problems)}
    return Document(tables, {"count": ("meta.result_count", COUNT)})


class _Problem(NamedTuple):
    """One of `errors`. `value` is what was asked for, `resource_id` the same where it is an id."""

    type: str | int | None
    title: str | int | None
    detail: str | int | None
    parameter: str | int | None
    resource_type: str | int | None
    resource_id: str | int | None
    value: str | int | None


def _problems(reading: Reading) -> list[_Problem]:
    columns = reading.tables.get("problems")
    if columns is None:
        return []
    return [_Problem(*values) for values in zip(*(columns[name] for name in _Problem._fields), strict=True)]


def _of_known_state(columns: Columns) -> tuple[Columns, list[str]]:
    """The Spaces whose state can be told, with all who host them; and a note on the others."""
    if not len(columns):
        return columns, []
    known = [row for row, state in zip(columns.rows, columns["state"], strict=True) if state in STATES]
    strange = [state for state in columns["state"] if state not in STATES]
    notes = []
    if strange:
        told = "missing" if strange[0] is None else f'"{plain_text(str(strange[0]), 40)}"'
        notes = [
            f"{len(strange)} of {len(columns)} rooms could not be read: state is {told}"
            f" where one of {', '.join(STATES)} was expected"
        ]
    return Columns(known, {**columns.getters, "hosts": _all_hosts(columns.getters)}), notes


def _all_hosts(getters: Mapping[str, Callable[[Any], Any]]) -> Callable[[Any], tuple[str | int, ...]]:
    """The hosts of a row; who made a Space hosts it too."""
    hosts, creator = getters["hosts"], getters["creator"]
    return lambda row: tuple(dict.fromkeys((*(hosts(row) or ()), *((creator(row),) if creator(row) else ()))))


def _meaning(problems: Iterable[_Problem]) -> tuple[frozenset[str], int, list[str]]:
    """The ids of the Spaces that are gone, how many problems are of another kind, and notes on the first."""
    gone: set[str] = set()
    others: list[_Problem] = []
    users: list[_Problem] = []
    for problem in problems:
        if not str(problem.type).endswith(_NOT_FOUND):
            others.append(problem)
        elif "user" in (problem.resource_type, str(problem.parameter).split("_")[0]):
            users.append(problem)
        else:
            gone.add(str(problem.resource_id or problem.value))
    notes = [f"X knows no user {_named(user)}; check `creators`" for user in users[:_FEW]]
    notes += [f"X says of {_named(p)}: {_words(p)}" for p in others[:_FEW]]
    return frozenset(gone), len(others), notes


def _named(problem: _Problem) -> str:
    return plain_text(str(problem.resource_id or problem.value or "something"), 40)


def _words(problem: _Problem) -> str:
    return plain_text(str(problem.detail or problem.title or "an error"), _SAID_BYTES)
