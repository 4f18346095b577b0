"""Joining by one HTTP request: what a client of the service asks first, and what it is told."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote, urljoin

import msgspec
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, Field, JsonValue
from pydantic_core import PydanticCustomError

from probes.config.units import HeaderName, HeaderValue, revealed
from probes.http import Answer, Http
from probes.http.faults import not_json, outcome_of_status
from probes.http.staged import Question
from probes.joins.base import JoinBase, JoinOutcome
from probes.joins.one_request import join_by
from probes.mapping.paths import FieldPath, Path
from probes.model import JoinAttempt, Outcome, plain_text

CODE_BYTES = 64


def _template(path: str) -> str:
    if not path.startswith("/") or {"{", "}"} & set(path.replace("{room}", "")):
        raise PydanticCustomError(
            "join_path",
            "expected a path from the root such as /rooms/{room}/join, with no other braces",
        )
    return path


class HttpJoinSettings(JoinBase):
    """A join of way `http`."""

    via: Literal["http"]
    method: Literal["GET", "POST"] = "POST"
    path: Annotated[str, Field(max_length=1000), AfterValidator(_template)] = "/rooms/{room}/join"
    """Seen from the root of the node's host; `{room}` is the room's id, quoted."""
    body: JsonValue = None
    headers: dict[HeaderName, HeaderValue] = Field(default={})
    expect: list[Annotated[int, Field(ge=100, le=599)]] = Field(default=[200], min_length=1, max_length=64)
    """The statuses that mean: joined."""
    code: FieldPath | None = None
    """Where a JSON answer holds the service's own code."""
    codes: dict[str, JoinOutcome] = Field(default={}, max_length=256)
    """What the service's codes, or statuses, mean; they come before `expect`."""
    verify_tls: bool = True


class HttpJoin:
    """Tries one room by one request, on a new connection each time, as a newcomer would."""

    def __init__(self, settings: HttpJoinSettings) -> None:
        self._settings = settings
        self._headers = revealed(settings.headers)
        self._path = settings.path.replace("{room}", quote(settings.room, safe=""))
        self._code = None if settings.code is None else Path(settings.code)

    async def join(self, base_url: str, http: Http) -> JoinAttempt:
        """One try at the host of `base_url`; any end of it is a JoinAttempt, with the stages it reached."""
        settings = self._settings
        url = urljoin(base_url, self._path)
        question = Question(settings.method, url, self._headers, settings.body)
        tls = http.tls(settings.verify_tls)  # made before the clock starts: the first takes its time
        return await join_by(question, settings, tls, self._meaning)

    def _meaning(self, answer: Answer) -> tuple[Outcome, str, str]:
        """The outcome, the service's own code and a sentence. Raises ProbeFailed (protocol)."""
        expected = answer.status in self._settings.expect
        status = str(answer.status)
        code = self._own_code(answer, expected) or status
        meant = self._settings.codes.get(code) or self._settings.codes.get(status)
        if meant is None:
            meant = Outcome.JOINED if expected else outcome_of_status(answer.status)
        shown = plain_text(code, CODE_BYTES)
        if meant is Outcome.JOINED:
            return meant, shown, ""
        beside = "" if shown == status else f" (status {status})"
        return meant, shown, f"{answer.where} answered the join with {shown}{beside}"

    def _own_code(self, answer: Answer, expected: bool) -> str:
        """The code in the body, or nothing. A body with an expected status must be readable."""
        if self._code is None:
            return ""
        try:
            found: Any = self._code.find(msgspec.json.decode(answer.body))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if expected:
                raise not_json(answer.body, answer.where) from None
            return ""
        except JMESPathError:
            return ""
        return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
