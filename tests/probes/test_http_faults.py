"""What statuses and bodies mean, and what is said of them."""

from __future__ import annotations

import pytest

from probes.http.faults import bad_status, failed_exchange, not_json, outcome_of_status, place
from probes.http.waiting import retry_after
from probes.model import Outcome
from tests.probes.asking import failure_of, opened, run
from tests.probes.raw_http import sends, serving


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


DATE = "Wed, 24 May 2023 22:21:00 GMT"


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("12", 12.0),
        (" 0 ", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("1e9", None),
        ("\u0663", None),
        ("9" * 5000, 300.0),
        ("Wed, 24 May 2023 22:22:30 GMT", 90.0),
        ("Wed, 24 May 2023 22:20:00 GMT", None),
        ("Fri, 24 May 2999 22:20:00 GMT", 300.0),
        ("Wed, 99 May 2023 22:20:00 GMT", None),
    ],
)
def test_a_service_says_by_its_own_clock_when_it_wants_to_be_asked_again(
    told: str, seconds: float | None
) -> None:
    assert retry_after({"retry-after": told, "date": DATE}) == seconds


def test_who_is_too_busy_to_answer_may_ask_for_a_wait() -> None:
    wait = {"retry-after": "7"}
    waits = {status: bad_status(status, "a:80", wait).next_in for status in (401, 404, 429, 500, 503)}
    assert waits == {401: None, 404: None, 429: 7.0, 500: None, 503: 7.0}
    assert bad_status(429, "a:80").next_in is None


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


@pytest.mark.parametrize("status", [200, 503])
def test_a_reason_phrase_may_be_in_any_encoding(status: int) -> None:
    raw = f"HTTP/1.1 {status} Nicht verf\u00fcgbar\r\nContent-Length: 2\r\n\r\n{{}}".encode("latin-1")

    async def main() -> None:
        async with serving(sends(raw)) as server, opened() as http:
            got = await http.ask("GET", server.url)
            assert (got.status, got.body) == (status, b"{}")

    run(main())


def test_only_a_host_name_that_cannot_be_written_is_a_matter_of_dns() -> None:
    async def main() -> None:
        failure = await failure_of(f"http://{'a' * 70}.example/")
        assert failure.outcome is Outcome.DNS

    run(main())
    with pytest.raises(UnicodeError) as caught:
        "\udcfc".encode()
    failure = failed_exchange(caught.value, "a:80")
    assert (failure.outcome, failure.detail) == (
        Outcome.PROTOCOL,
        "a:80 answered with something that is not HTTP",
    )
