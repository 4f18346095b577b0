"""LiveKit's metrics beside its rooms: nodes, their people, how tries to join ended, and what goes wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from probes.door import Counters
from probes.model import NodeReport, Outcome, SnapshotPart
from probes.services.livekit import LiveKit
from tests.livekit import listed, metrics, room
from tests.probes.asking import opened, run
from tests.probes.raw_http import Exchange, RawServer, answer, serving
from tests.probes.services.test_livekit import settings


class Fake:
    """A LiveKit server: answers ListRooms, and its metrics at /metrics; both can be changed."""

    def __init__(self, rooms: object, told: str | bytes = b"") -> None:
        self.rooms = rooms
        self.told = told
        self.status = 200

    async def __call__(self, exchange: Exchange) -> bool:
        if exchange.target == "/metrics":
            told = self.told if isinstance(self.told, bytes) else self.told.encode()
            exchange.writer.write(answer(told, self.status))
        else:
            exchange.writer.write(answer(json.dumps(self.rooms).encode()))
        return True


class TestMetrics:
    JOINS: Mapping[str, int] = {
        "signal_connected": 90,
        "signal_validation_failed": 7,
        "signal_failed": 2,
        "rtc_init": 90,
        "rtc_connected": 88,
        "rtc_active": 84,
        "rtc_success": 80,
        "rtc_failure": 5,
        "rtc_canceled": 4,
    }

    def polls(self, *told: str | bytes | int, more: Mapping[str, Any] | None = None) -> list[SnapshotPart]:
        """Polls one after the other; a number is the status that the metrics answer with."""
        parts: list[SnapshotPart] = []

        async def main() -> None:
            fake = Fake(listed(room("a", 3)))
            async with serving(fake) as server, opened() as http:
                service = settings(server.url, metrics_url=f"{server.url}/metrics", **(more or {}))
                adapter = LiveKit(service)
                for one in told:
                    fake.told, fake.status = ("", one) if isinstance(one, int) else (one, 200)
                    parts.append(await adapter.poll(service.endpoints[0], http))

        run(main())
        return parts

    def test_nodes_and_their_people(self) -> None:
        (part,) = self.polls(metrics("ND_b", 5, {}) + metrics("ND_a", 7, {}))
        assert part.nodes == [
            NodeReport("ND_a", participants=7, in_rooms=True),
            NodeReport("ND_b", participants=5, in_rooms=True),
        ]

    def test_each_end_of_a_try_is_an_outcome_and_steps_on_the_way_are_none(self) -> None:
        _, part = self.polls(metrics("ND_a", 7, {}), metrics("ND_a", 7, dict(self.JOINS)))
        assert {o: n for o, n in part.joins.items() if n} == {
            Outcome.JOINED: 80,
            Outcome.OTHER: 7,
            Outcome.UNAVAILABLE: 2,
            Outcome.NO_MEDIA: 5,
            Outcome.ABORTED: 4,
        }

    def test_an_older_livekit_counts_those_who_got_in_as_active(self) -> None:
        told = metrics("ND_a", 7, {"rtc_active": 84, "rtc_canceled": 4})
        _, part = self.polls(metrics("ND_a", 7, {}), told)
        assert part.joins[Outcome.JOINED] == 84

    def test_a_server_that_starts_anew_does_not_count_its_people_again(self) -> None:
        before = metrics("ND_a", 7, {"rtc_success": 1000}) + metrics("ND_b", 7, {"rtc_success": 500})
        after = metrics("ND_a", 7, {"rtc_success": 1010}) + metrics("ND_c", 0, {"rtc_success": 2})
        later = metrics("ND_a", 7, {"rtc_success": 1010}) + metrics("ND_c", 0, {"rtc_success": 12})
        parts = self.polls(before, after, later)
        assert [part.joins[Outcome.JOINED] for part in parts] == [0, 10, 20]

    def test_after_a_reload_nothing_is_counted_again(self) -> None:
        """The reader starts afresh, and what it tells falls to 0: for the door that is a start from 0."""
        before = metrics("ND_a", 7, {"rtc_success": 1000}) + metrics("ND_b", 7, {"rtc_success": 500})
        after = metrics("ND_a", 7, {"rtc_success": 1000})
        door = Counters()
        for number, part in enumerate([*self.polls(before, before), *self.polls(after, after)]):
            door.take(part.joins, float(number))
        assert door.totals.total() == 0

    def test_the_same_server_counting_from_0_again(self) -> None:
        parts = self.polls(
            *(metrics("n", 1, {"rtc_success": count, "rtc_failure": 1}) for count in (100, 3, 9))
        )
        assert [part.joins[Outcome.JOINED] for part in parts] == [0, 3, 9]

    @pytest.mark.parametrize(
        ("told", "why"),
        [
            (503, "status 503"),
            (b"<html>", "none of LiveKit's metrics"),
            (b"", "none of LiveKit's metrics"),
            (b'livekit_participant_total{node_id="a" 5\n', "cannot be read"),
            (b"livekit_participant_total{} many\n", "cannot be read"),
            (b"x" * 9_000_000, "more than 8 MB"),
        ],
    )
    def test_metrics_that_cannot_be_had_leave_the_rooms(self, told: bytes | int, why: str) -> None:
        good = metrics("ND_a", 7, {"rtc_success": 5})
        later = metrics("ND_a", 7, {"rtc_success": 9})
        _, part, again = self.polls(good, told, later)
        assert (len(part.rooms), part.complete) == (1, True)
        assert (part.joins, part.nodes) == ({}, [])
        assert part.note.startswith("no metrics: ")
        assert why in part.note
        assert again.joins[Outcome.JOINED] == 4

    def test_metrics_that_do_not_come_do_not_keep_the_rooms(self) -> None:
        async def handler(exchange: Exchange) -> bool:
            if exchange.target == "/metrics":
                await asyncio.Event().wait()
            exchange.writer.write(answer(json.dumps(listed(room("a"))).encode()))
            return True

        async def main() -> None:
            async with serving(handler) as server, opened() as http:
                service = settings(server.url, metrics_url=[f"{server.url}/metrics"], timeout="400ms")
                part = await LiveKit(service).poll(service.endpoints[0], http)
            assert len(part.rooms) == 1
            assert part.note == f"no metrics: 127.0.0.1:{server.port} did not send them within 0.1 s"

        run(main())

    def test_hostile_metrics_are_bounded(self) -> None:
        text = "".join(
            f'livekit_participant_total{{node_id="{node}"}} {value}\n'
            for node, value in [("\x1b[2J", "1"), ("x" * 5000, "1e300"), ("y", "NaN"), ("z", "-5")]
        )
        (part,) = self.polls(text + "".join(metrics(f"n{i}", 1, {"rtc_active": 1}) for i in range(200)))
        assert len(part.nodes) == 64
        assert all(node.id.isprintable() and len(node.id) < 300 for node in part.nodes)
        assert all(0 <= (node.participants or 0) <= 2**32 for node in part.nodes)

    def test_they_get_headers_of_their_own(self) -> None:
        seen: list[RawServer] = []

        async def main() -> None:
            async with serving(Fake(listed(), metrics("a", 1, {}))) as server, opened() as http:
                service = settings(
                    server.url,
                    metrics_url=f"{server.url}/metrics",
                    headers={"X-Rooms": "r"},
                    metrics_headers={"Authorization": "Basic eA=="},
                )
                await LiveKit(service).poll(service.endpoints[0], http)
                seen.append(server)

        run(main())
        rooms, told = seen[0].requests
        assert "x-rooms" in rooms.headers
        assert "x-rooms" not in told.headers
        assert told.headers["authorization"] == "Basic eA=="

    def test_they_are_of_one_cluster(self) -> None:
        nodes = {"url": None, "nodes": ["http://a:1", "http://b:1"], "metrics_url": "http://a:6789/metrics"}
        with pytest.raises(ValidationError, match="make each cluster a service of its own"):
            settings(**nodes)
