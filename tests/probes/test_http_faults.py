"""What statuses and bodies mean, and what is said of them."""

from __future__ import annotations

import pytest

from probes.http.faults import bad_status, not_json, outcome_of_status, place
from probes.model import Outcome


def test_statuses_map_onto_outcomes() -> None:
    meant = {
        401: "unauthorized",
        403: "unauthorized",
        404: "not_found",
        410: "not_found",
        418: "other",
        429: "rate_limited",
        500: "unavailable",
        503: "unavailable",
        304: "protocol",
    }
    assert {status: str(outcome_of_status(status)) for status in meant} == meant


def test_a_bad_status_keeps_its_code_and_says_what_to_do() -> None:
    failure = bad_status(429, "a:80")
    assert (failure.outcome, failure.code) == (Outcome.RATE_LIMITED, "429")
    assert failure.detail == "a:80 answered with status 429; ask less often with `every`"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"\n <!doctype html><p>hi", "an HTML page"),
        (b"  ", "an empty body"),
        (b"rooms: 1", "something that is not JSON"),
    ],
)
def test_what_came_instead_of_json(body: bytes, what: str) -> None:
    assert not_json(body, "a:80").detail == f"a:80 answered with {what} where JSON was expected"


def test_places() -> None:
    assert place("https://rooms.example/path?key=secret") == "rooms.example:443"
    assert place("http://[::1]:81/") == "[::1]:81"
