"""The way `livekit-validate`: what LiveKit says to a newcomer, and what a proxy before it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jwt
import pytest
from pydantic import TypeAdapter

from probes.joins import JoinSettings
from probes.joins.livekit_validate import LiveKitValidate, LiveKitValidateSettings
from probes.model import JoinAttempt, Outcome
from tests.livekit import KEY, SECRET
from tests.probes.asking import opened, run
from tests.probes.raw_http import Exchange, RawServer, answer, sends, serving


def tried(handler: Any, path: str = "", **more: Any) -> tuple[JoinAttempt, RawServer]:
    document = {"via": "livekit-validate", "room": "town hall", "api_key": KEY, "api_secret": SECRET, **more}
    settings: LiveKitValidateSettings = TypeAdapter(JoinSettings).validate_python(
        document, context={"folder": Path()}
    )
    got: list[tuple[JoinAttempt, RawServer]] = []

    async def main() -> None:
        async with serving(handler) as server, opened() as http:
            got.append((await LiveKitValidate(settings).join(server.url + path, http), server))

    run(main())
    return got[0]


@pytest.mark.parametrize("path", ["", "/", "/rooms"])
def test_the_question_holds_the_token_in_a_header_and_never_in_the_url(path: str) -> None:
    attempt, server = tried(sends(answer(b"success")), path)
    assert (attempt.outcome, attempt.code, attempt.detail) == (Outcome.JOINED, "200", "")
    (asked,) = server.requests
    assert (asked.method, asked.target) == ("GET", f"{path.rstrip('/')}/rtc/validate")
    token = asked.headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], issuer=KEY)
    assert (claims["video"]["roomJoin"], claims["video"]["room"]) == (True, "town hall")
    assert claims["sub"] == "roomwatch-probe"
    assert "roomList" not in claims["video"]
    assert list(attempt.stages) == ["connect", "first_byte", "total"]


@pytest.mark.parametrize(
    ("status", "said", "outcome", "told"),
    [
        (401, "permissions denied", Outcome.UNAUTHORIZED, "a pair from LiveKit's `keys`"),
        (401, "invalid API key", Outcome.UNAUTHORIZED, "401: invalid API key"),
        (400, "room name exceeds limits: max length 256", Outcome.OTHER, "a name that this LiveKit allows"),
        (404, "requested room does not exist", Outcome.NOT_FOUND, "404: requested room does not exist"),
        (404, "404 page not found", Outcome.PROTOCOL, "no LiveKit API at this path"),
        (503, "node has exceeded its configured limit", Outcome.ROOM_FULL, "503: node has exceeded"),
        (503, "no healthy upstream", Outcome.UNAVAILABLE, "503: no healthy upstream"),
        (500, "could not read from redis", Outcome.UNAVAILABLE, "500: could not read from redis"),
        (429, "", Outcome.RATE_LIMITED, "answered the join with 429"),
        (302, "", Outcome.PROTOCOL, "answered the join with 302"),
    ],
)
def test_what_livekit_says_is_an_outcome_and_a_sentence(
    status: int, said: str, outcome: Outcome, told: str
) -> None:
    attempt, _ = tried(sends(answer(said.encode(), status)))
    assert (attempt.outcome, attempt.code) == (outcome, str(status))
    assert told in attempt.detail


def test_secrets_and_control_characters_that_a_server_sends_are_not_shown() -> None:
    async def echoes(exchange: Exchange) -> None:
        token = exchange.headers["authorization"].removeprefix("Bearer ")
        exchange.writer.write(answer(f"\x1b[2J{SECRET} {KEY} {token}".encode(), 401))

    attempt, _ = tried(echoes)
    assert attempt.detail.isprintable()
    assert SECRET not in attempt.detail
    assert KEY not in attempt.detail
    assert "eyJ" not in attempt.detail
