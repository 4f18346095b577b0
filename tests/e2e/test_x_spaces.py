"""`roomwatch up` and X Spaces: a server that speaks the X API's shapes, with its limits."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.probes.raw_http import Exchange, answer
from tests.product import PATIENCE, Product, answering, service, up
from tests.servers import wait_until
from tests.x_api import CREATOR, OTHER_CREATOR, TOKEN, XApi, space

PLENTY = 1_000_000
WATCHED = {"creators": [CREATOR, OTHER_CREATOR], "every": "200ms"}


def spaces(url: str, **keys: Any) -> dict[str, Any]:
    return {"name": "spaces", "kind": "x-spaces", "token": TOKEN, "url": url, **WATCHED, **keys}


def late(board: Product) -> float:
    return board.metrics("roomwatch_probe_missed_total") + board.metrics("roomwatch_probe_overruns_total")


def test_a_space_ends_vanishes_and_another_opens(tmp_path: Path) -> None:
    api = XApi(space("1st", 668_000, title="Launch"), limit=PLENTY)
    with answering(api) as server, up(tmp_path, spaces(server.url)) as board:
        first = board.wait(lambda f: f["spaces"]["participants"] == 668_000, "first Space")["spaces"]
        assert (first["state"], first["complete"], first["relocations"]) == ("ok", True, [])
        assert [node["id"] for node in first["nodes"]] == [f"127.0.0.1:{server.port}"]
        api.spaces["1st"]["state"] = "ended"
        ended = board.wait(lambda f: f["spaces"]["relocations"], "end")["spaces"]
        (relocation,) = ended["relocations"]
        assert relocation["from"]["room"] == "1st"
        assert relocation["participants_before"] == 668_000
        del api.spaces["1st"]
        api.spaces["2nd"] = space("2nd", 168_000, creator_id=OTHER_CREATOR, host_ids=[CREATOR])
        second = board.wait(lambda f: f["spaces"]["participants"] == 168_000, "second Space")["spaces"]
        assert [room["id"] for room in second["rooms"] if room["state"] == "open"] == ["2nd"]
        assert second["complete"]
        assert TOKEN not in board.log


def test_it_slows_down_before_the_limit_and_says_so(tmp_path: Path) -> None:
    """Twenty requests in ten seconds: on the way through two windows none is refused."""
    api = XApi(space("1st", 50), limit=20, window=10.0)
    with answering(api) as server, up(tmp_path, spaces(server.url)) as board:
        slow = board.wait(lambda f: "instead of 0.2 s" in " ".join(f["spaces"]["reasons"]), "slower pace")
        seen = slow["spaces"]
        assert (seen["state"], seen["participants"]) == ("ok", 50)
        assert seen["poll_interval"] > 0.2
        assert seen["reasons"][0] == f"Node 127.0.0.1:{server.port} answers"
        assert "left until" in seen["reasons"][1]
        assert "its numbers are up to" in seen["reasons"][1]
        assert "polls every" in seen["probes"][0]["detail"]
        wait_until(lambda: api.asked.total() > 25, PATIENCE, "second window")
        assert api.refused == 0


def test_after_a_refusal_nothing_is_asked_until_the_reset(tmp_path: Path) -> None:
    api = XApi(space("1st", 50), limit=0, window=3600.0)
    with answering(api) as server, up(tmp_path, spaces(server.url)) as board:
        seen = board.wait(lambda f: f["spaces"]["probes"], "first poll")["spaces"]
        assert seen["state"] == "unknown"
        (probe,) = seen["probes"]
        assert (probe["outcome"], probe["code"]) == ("rate_limited", "429")
        assert "0 requests left until" in seen["reasons"][0]
        assert "asked again in 15 min" in seen["reasons"][0]
        before = late(board)
        time.sleep(1.5)  # seven polls and more, were they made
        assert api.asked.total() == 1
        assert late(board) == before, "a poll that is put off is neither late nor missed"


def test_retry_after_is_honoured_for_any_service(tmp_path: Path) -> None:
    asked = []

    async def busy(exchange: Exchange) -> bool:
        asked.append(time.monotonic())
        exchange.writer.write(answer(b"{}", 503, {"Retry-After": "60"}))
        return True

    with answering(busy) as server, up(tmp_path, service("stage", server.url)) as board:
        seen = board.wait(lambda f: f["stage"]["probes"], "first poll")["stage"]
        assert seen["probes"][0]["detail"].endswith("answered with status 503; asked again in 60 s")
        before = late(board)
        time.sleep(1.5)
        assert len(asked) == 1
        assert late(board) == before
