"""`roomwatch up` beside a LiveKit that answers in LiveKit's own types: polls, joins, metrics, webhooks."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
from livekit.protocol.models import Room

from tests.livekit import KEY, SECRET, event, listed, metrics, room, signature, twirp_error, webhook_body
from tests.probes.raw_http import Exchange, answer
from tests.product import PATIENCE, Product, answering, up
from tests.servers import wait_until


class LiveKit:
    """A LiveKit server whose rooms, metrics and door can be changed; it lets in whom its key signed."""

    def __init__(self) -> None:
        self.rooms: list[Room] = []
        self.secret = SECRET
        self.tries: dict[str, int] = {}
        self.door = (200, "success")
        self.polls = 0

    async def __call__(self, exchange: Exchange) -> bool:
        if exchange.target == "/metrics":
            exchange.writer.write(answer(metrics("ND_1", 7, self.tries).encode()))
            return True
        token = exchange.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(token, self.secret, algorithms=["HS256"], issuer=KEY)["video"]
        except jwt.PyJWTError:
            exchange.writer.write(answer(json.dumps(twirp_error("unauthenticated", "no")).encode(), 401))
            return True
        if exchange.target == "/rtc/validate":
            status, said = self.door
            exchange.writer.write(answer(said.encode(), status if claims.get("roomJoin") else 401))
        else:
            assert claims["roomList"]
            self.polls += 1
            exchange.writer.write(answer(json.dumps(listed(*self.rooms)).encode()))
        return True

    def next_polls(self, count: int) -> None:
        """Wait until it was asked so often again."""
        before = self.polls
        wait_until(lambda: self.polls >= before + count, PATIENCE, f"{count} polls more")


@contextlib.contextmanager
def watched(livekit: LiveKit, folder: Path, with_metrics: bool = False) -> Iterator[Product]:
    """A board that watches it, and asks whether a newcomer would get into `launch`."""
    keys = {"api_key": KEY, "api_secret": SECRET}
    with answering(livekit) as server:
        stage: dict[str, Any] = {"name": "stage", "kind": "livekit", "url": server.url, "every": "300ms"}
        if with_metrics:
            stage["metrics_url"] = f"{server.url}/metrics"
        join = {"via": "livekit-validate", "room": "launch", "every": "300ms"}
        with up(folder, {**stage, **keys, "join": {**join, **keys}}, tick="300ms") as product:
            yield product


def post(board: Product, body: bytes, **headers: str) -> httpx.Response:
    named = {"Authorization": signature(body), **headers}
    return httpx.post(
        f"{board.url}/hooks/livekit", content=body, headers=named, timeout=PATIENCE, trust_env=False
    )


def test_rooms_joins_and_what_webhooks_tell(tmp_path: Path) -> None:
    livekit = LiveKit()
    livekit.rooms = [room("launch", 668, max_participants=1000), room("<b>small</b>\x1b[2J", 3)]
    with watched(livekit, tmp_path) as board:
        seen = board.wait(
            lambda f: f["stage"]["participants"] and f["stage"]["door"], "the rooms and a join"
        )["stage"]
        assert (seen["state"], seen["participants"], seen["rooms_open"]) == ("ok", 671, 2)
        assert seen["rooms"][0]["capacity"] == 1000
        assert all(found["id"].isprintable() for found in seen["rooms"])
        assert (seen["door"]["observer"], seen["door"]["success_ratio"]) == ("probe", 1.0)

        # The room ends: the list goes on having it for a while, and nothing flaps.
        ended = webhook_body(event("room_finished", room("launch", 668)))
        assert post(board, ended).text == "taken\n"
        assert post(board, ended).text == "taken\n"
        seen = board.wait(lambda f: f["stage"]["rooms_open"] == 1, "the end")["stage"]
        livekit.next_polls(2)
        livekit.rooms = livekit.rooms[1:]
        livekit.next_polls(3)
        seen = board.wait(lambda f: f["stage"]["relocations"], "the relocation")["stage"]
        (relocation,) = seen["relocations"]
        assert (relocation["cause"], relocation["status"]) == ("ended", "standing")
        assert relocation["participants_before"] == 668
        assert "the service says it ended" in relocation["evidence"]
        assert board.metrics("rooms_relocations_retracted_total") == 0

        # Tries to join, each counted once, become the service's own counts.
        for number in (1, 2, 2, 3):
            body = webhook_body(event("participant_joined", livekit.rooms[0], id=f"EV_{number}"))
            assert post(board, body).status_code == 200
        assert post(board, webhook_body(event("participant_connection_aborted", livekit.rooms[0]))).is_success
        seen = board.wait(lambda f: f["stage"]["door"]["observer"] == "service", "the counts")["stage"]
        board.wait(lambda f: f["stage"]["door"]["totals"] == {"joined": 3, "aborted": 1}, "each try once")
        assert "ann" not in json.dumps(seen).lower()

        # Whoever has no key gets nothing in, and the rules for browsers and host names hold.
        assert post(board, ended, Authorization=signature(ended, secret="x" * 40)).status_code == 401
        assert post(board, ended, Authorization="").status_code == 401
        assert post(board, ended + b" ", Authorization=signature(ended)).status_code == 401
        assert post(board, b"{").status_code == 400
        assert post(board, b"x" * 1_000_001).status_code == 413
        assert post(board, ended, Host="evil.example").status_code == 421
        assert post(board, ended, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert board.ask("/hooks/livekit", "GET").status_code in (404, 405)
        wait_until(
            lambda: board.metrics("roomwatch_hooks_total") == 12, PATIENCE, "the count of all webhooks"
        )
        for secret in (SECRET, KEY, "eyJ"):
            assert secret not in board.log
            assert secret not in board.ask("/metrics").text + board.ask("/api/v1/frame").text
        assert "Traceback" not in board.log


def test_metrics_tell_of_nodes_and_tries_and_a_changed_key_is_one_outcome(tmp_path: Path) -> None:
    livekit = LiveKit()
    livekit.rooms = [room("launch", 7)]
    livekit.tries = {"rtc_success": 900, "rtc_failure": 100}
    livekit.door = (503, "node has exceeded its configured limit")
    with watched(livekit, tmp_path, with_metrics=True) as board:
        seen = board.wait(lambda f: f["stage"]["door"], "the counts")["stage"]
        assert seen["door"]["observer"] == "service"
        assert seen["participants"] == 7
        assert {node["participants"] for node in seen["nodes"]} == {7}
        assert "ND_1" in [node["id"] for node in seen["nodes"]]
        livekit.tries = {"rtc_success": 990, "rtc_failure": 110}
        board.wait(lambda f: f["stage"]["door"]["success_ratio"] == 0.9, "the shares")
        body = webhook_body(event("participant_joined", room("launch")))
        assert post(board, body).text == "ignored\n"

        def joins(frame: dict[str, Any]) -> list[str]:
            return [probe["outcome"] for probe in frame["stage"]["probes"] if probe["name"] == "join"]

        board.wait(lambda f: joins(f) == ["room_full"], "a full node at the join")
        livekit.secret = "another-secret-of-more-than-32-bytes"
        seen = board.wait(lambda f: f["stage"]["state"] == "unknown", "the refusal")["stage"]
        probe = next(probe for probe in seen["probes"] if probe["name"] == "rooms")
        assert (probe["outcome"], probe["code"]) == ("unauthorized", "unauthenticated")
        assert "set `api_key` and `api_secret`" in probe["detail"]
        assert seen["relocations"] == []
