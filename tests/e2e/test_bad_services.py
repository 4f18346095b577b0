"""Services that answer badly, all at once beside a good one: one outcome each, and nobody is delayed."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.probes.raw_http import Exchange, Handler, answer, sends
from tests.product import PATIENCE, Product, Rooms, answering, service, up
from tests.servers import refusing_port, wait_until

EVERY = 0.3
POLLS = 15
"""Polls of each over which memory and punctuality are looked at."""

GROWTH = 30e6
"""Bytes of memory that may come and go; the bad answers of that time sum to 200 MB and more."""


def bomb() -> bytes:
    """100 MB as 100 kB of gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    million = b'{"rooms":[' + b" " * 1_000_000
    return b"".join(packer.compress(million) for _ in range(100)) + packer.flush()


async def says_nothing(exchange: Exchange) -> None:
    await asyncio.sleep(600)


async def goes_round(exchange: Exchange) -> bool:
    exchange.writer.write(answer(status=302, headers={"Location": exchange.target}))
    return True


HTML = b"<!doctype html><title>Sign in</title><p>\x1b[31mThis is no JSON</p>"
HUGE = b'{"rooms": [], "filler": "' + b"x" * 11_000_000 + b'"}'

BAD: dict[str, tuple[Handler, str, str]] = {
    "garbage": (sends(b"\x00\xff\x13\x37 garbage \r\n" * 50), "protocol", "something that is not HTTP"),
    "html": (sends(answer(HTML, headers={"Content-Type": "text/html"})), "protocol", "JSON"),
    "huge": (sends(answer(HUGE)), "protocol", "more than 10 MB"),
    "bomb": (sends(answer(bomb(), headers={"Content-Encoding": "gzip"})), "protocol", "more than 10 MB"),
    "loop": (goes_round, "protocol", "redirected more than 5 times"),
    "half": (sends(answer(b'{"rooms": [', length=500)), "unavailable", "sent half an answer"),
    "nothing": (says_nothing, "timeout", "did not answer within 0.5 s"),
}
"""What each answers, the outcome of a poll, and what its sentence says."""

SPECIAL: dict[str, dict[str, Any]] = {"loop": {"follow_redirects": True}, "nothing": {"timeout": "500ms"}}
REFUSED = ("refused", "refused", "refused the connection; is the service running?")
EXPECTED = [*((name, outcome, told) for name, (_, outcome, told) in BAD.items()), REFUSED]


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Watches all bad services and a good one; each was polled a few times."""
    with contextlib.ExitStack() as stack:
        urls = {name: stack.enter_context(answering(handler)).url for name, (handler, _, _) in BAD.items()}
        urls["refused"] = f"http://127.0.0.1:{stack.enter_context(refusing_port())}"
        urls["good"] = stack.enter_context(Rooms(a=100, b=50)).url
        usual = {"every": f"{EVERY}s", "timeout": "20s", "max_body": "10MB"}
        services = [service(name, url, **(usual | SPECIAL.get(name, {}))) for name, url in urls.items()]
        board = stack.enter_context(up(tmp_path_factory.mktemp("bad"), *services, tick="300ms"))
        board.wait(lambda f: f["good"]["participants"], "the good service")
        wait_until(
            lambda: all(sum(runs(board, name).values()) >= 3 for name in urls), PATIENCE, "3 polls of each"
        )
        yield board


def runs(board: Product, name: str) -> dict[str, float]:
    """How often each outcome was met with a service."""
    families = {f.name: f for f in text_string_to_metric_families(board.ask("/metrics").text)}
    return {
        sample.labels["outcome"]: sample.value
        for sample in families["roomwatch_probe_runs"].samples
        if sample.labels["rooms_service"] == name and sample.value
    }


@pytest.mark.parametrize(("name", "outcome", "told"), EXPECTED, ids=[name for name, *_ in EXPECTED])
def test_a_bad_answer_is_one_outcome_with_a_clear_sentence(
    board: Product, name: str, outcome: str, told: str
) -> None:
    seen = board.frame()[name]
    (probe,) = seen["probes"]
    assert (probe["outcome"], probe["success"]) == (outcome, False)
    assert told in probe["detail"]
    assert re.match(r"127\.0\.0\.1:\d+ ", probe["detail"])
    assert probe["detail"].isprintable()
    assert runs(board, name).keys() == {outcome}


@pytest.mark.parametrize("name", [name for name, *_ in EXPECTED])
def test_of_a_bad_service_everything_is_unknown_and_nothing_invented(board: Product, name: str) -> None:
    seen = board.frame()[name]
    assert seen["state"] == "unknown"
    assert seen["reasons"]
    assert (seen["participants"], seen["rooms_open"], seen["observed_at"]) == (None, None, None)
    assert (seen["rooms"], seen["relocations"], seen["door"]) == ([], [], None)
    assert not seen["complete"]
    assert [node["answering"] for node in seen["nodes"]] in ([], [False])


def test_meanwhile_memory_stays_flat_and_the_good_one_is_polled_in_time(board: Product) -> None:
    prober = board.prober
    before, began, size = runs(board, "good")["ok"], time.monotonic(), prober.memory_info().rss
    wait_until(lambda: runs(board, "good")["ok"] >= before + POLLS, PATIENCE, f"{POLLS} good polls")
    took = time.monotonic() - began
    growth = prober.memory_info().rss - size
    print(f"{POLLS} polls every {EVERY} s took {took:.1f} s; the prober grew by {growth / 1e6:.1f} MB")
    assert growth < GROWTH
    assert took < 1.5 * POLLS * EVERY + 2
    good = board.frame()["good"]
    assert (good["state"], good["participants"], good["rooms_open"]) == ("ok", 150, 2)
    assert runs(board, "good").keys() == {"ok"}
    assert board.metrics("rooms_relocations_total") == 0


def test_the_page_and_the_log_hold_no_escape_of_theirs(board: Product) -> None:
    for told in (board.ask("/").text, board.ask("/metrics").text, board.log):
        assert "\x1b" not in told
    assert "Traceback" not in board.log
