"""A service that has only metrics: what its samples become, and what is said where they are odd."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST
from pydantic import ValidationError

from probes.failure import ProbeFailed
from probes.model import NodeReport, Outcome, Room, SnapshotPart
from probes.services.openmetrics import OpenMetrics, OpenMetricsSettings
from tests.probes.asking import opened
from tests.probes.raw_http import RawServer, answer, sends, serving
from tests.servers import Server, require

TEXT = "text/plain; version=0.0.4; charset=utf-8"
ROOMS = {"metric": "rooms_participants", "id": "room", "node": "node", "title": "title"}


def settings(url: str = "http://a:1/metrics", **more: Any) -> OpenMetricsSettings:
    known = {"name": "rooms", "kind": "openmetrics", "url": url}
    return OpenMetricsSettings.model_validate(known | (more or {"rooms": ROOMS}), context={"folder": Path()})


def read(*texts: str, content_type: str = TEXT, **more: Any) -> list[SnapshotPart]:
    """What each of these answers tells, one after the other."""
    service = OpenMetrics(settings(**more))
    return [service.read(text.encode(), content_type, "n", "a:1") for text in texts]


def failure(text: str, **more: Any) -> tuple[Outcome, str]:
    with pytest.raises(ProbeFailed) as caught:
        read(text, **more)
    return caught.value.outcome, caught.value.detail


class TestAsking:
    def poll(self, raw: bytes, **more: Any) -> tuple[SnapshotPart, RawServer]:
        async def main() -> tuple[SnapshotPart, RawServer]:
            async with asyncio.timeout(60), serving(sends(raw)) as server, opened() as http:
                configured = settings(f"{server.url}/metrics", **more)
                return await OpenMetrics(configured).poll(configured.endpoints[0], http), server

        return asyncio.run(main())

    def test_both_formats_are_asked_for_and_the_answers_type_decides(self) -> None:
        body = b'# TYPE rooms_participants gauge\nrooms_participants{room="a"} 3 1684967250.5\n# EOF\n'
        part, server = self.poll(answer(body, headers={"Content-Type": CONTENT_TYPE_LATEST}))
        assert [room.participants for room in part.rooms] == [3]
        accepted = server.requests[0].headers["accept"]
        assert accepted == "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"

    def test_what_is_accepted_may_be_set(self) -> None:
        body = b'rooms_participants{room="a"} 3\n'
        _, server = self.poll(answer(body), rooms=ROOMS, headers={"Accept": "text/plain"})
        assert server.requests[0].headers["accept"] == "text/plain"


class TestRooms:
    def test_labels_are_rooms_titles_and_nodes(self) -> None:
        text = (
            'rooms_participants{room="a",node="n1",title="The \\"A\\""} 3\n'
            'rooms_participants{room="b",node=""} 0\n'
        )
        (part,) = read(text)
        assert list(part.rooms) == [Room("a", "n1", 3, 'The "A"'), Room("b", "n", 0)]
        assert (part.complete, part.tells_rooms, part.note, part.nodes, part.joins) == (
            True,
            True,
            "",
            [],
            {},
        )

    def test_samples_of_one_room_are_added_and_of_one_id_on_two_nodes_are_not(self) -> None:
        text = (
            'rooms_participants{room="a",node="n1",role="host"} 3\n'
            'rooms_participants{room="a",node="n1",role="listener"} 500\n'
            'rooms_participants{room="a",node="n2",role="host"} 1\n'
        )
        (part,) = read(text)
        assert [(room.node, room.participants) for room in part.rooms] == [("n1", 503), ("n2", 1)]

    def test_a_part_of_the_samples_may_be_meant(self) -> None:
        text = 'rooms_participants{room="a",role="host"} 3\nrooms_participants{room="a",role="bot"} 9\n'
        (part,) = read(text, rooms=ROOMS | {"metric": 'rooms_participants{role!="bot"}'})
        assert [room.participants for room in part.rooms] == [3]

    def test_a_capacity_is_told_by_room_or_by_room_and_node(self) -> None:
        text = (
            'rooms_participants{room="a",node="n1"} 3\nrooms_participants{room="b",node="n1"} 3\n'
            'rooms_participants{room="c",node="n1"} 3\nrooms_participants{room="d",node="n1"} 3\n'
            'room_limit{room="a"} 50\nroom_limit{room="b",node="n1"} 60\nroom_limit{room="c"} +Inf\n'
        )
        (part,) = read(text, rooms=ROOMS | {"capacity_metric": "room_limit"})
        assert [room.capacity for room in part.rooms] == [50, 60, None, None]

    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            ("-1", "-1"),
            ("+Inf", "inf"),
            ("-Inf", "-inf"),
            ("2.5", "2.5"),
            ("5e9", "5e+09"),
            ("many", "no number"),
        ],
    )
    def test_what_is_no_count_leaves_the_room_out_and_is_said(self, value: str, shown: str) -> None:
        text = f'rooms_participants{{room="a"}} 3\nrooms_participants{{room="b"}} {value}\n'
        (part,) = read(text)
        assert ([room.id for room in part.rooms], part.complete) == (["a"], False)
        assert part.note == (
            f"1 of 2 rooms could not be read: `rooms_participants` is {shown} "
            "where a whole number from 0 to 4,294,967,296 was expected"
        )

    def test_nan_is_an_unknown_number_of_people_in_a_room_that_is_there(self) -> None:
        text = 'rooms_participants{room="a"} NaN\nrooms_participants{room="b"} 3\n'
        (part,) = read(text)
        assert [(room.id, room.participants) for room in part.rooms] == [("a", None), ("b", 3)]
        assert (part.complete, part.note) == (True, "1 rooms have NaN people, which counts as unknown")

    def test_a_series_that_comes_twice_counts_once_the_newest_or_the_larger(self) -> None:
        text = (
            'rooms_participants{room="a"} 3\nrooms_participants{room="a"} 2\n'
            'rooms_participants{room="b"} 3 1684967250000\nrooms_participants{room="b"} 2 1684967251000\n'
        )
        (part,) = read(text)
        assert [(room.id, room.participants) for room in part.rooms] == [("a", 3), ("b", 2)]
        assert part.note == "2 samples of rooms came twice; the newest or larger was kept"

    def test_a_sample_without_the_label_is_no_room(self) -> None:
        (part,) = read('rooms_participants{room="a"} 3\nrooms_participants 3\n')
        assert (len(part.rooms), part.complete) == (1, False)
        assert part.note == "1 of 2 rooms could not be read: the label `room` is missing"
        assert failure('rooms_participants{rom="a"} 3\n') == (
            Outcome.PROTOCOL,
            "a:1: 1 of 1 rooms could not be read: the label `room` is missing; check `rooms`",
        )

    def test_a_line_that_is_no_sample(self) -> None:
        (part,) = read('rooms_participants{room="a"} 3\nrooms_participants{room="b} 3\n')
        assert (len(part.rooms), part.complete) == (1, False)
        assert part.note == "1 of 2 rooms could not be read: a line of `rooms_participants` is no sample"


class TestMissing:
    """Many servers leave a metric out while it has no samples."""

    ELSE = "process_start_time_seconds 1\n"

    def test_a_metric_that_is_declared_has_no_rooms(self) -> None:
        (part,) = read("# HELP rooms_participants In\n# TYPE rooms_participants gauge\n")
        assert (list(part.rooms), part.complete, part.note) == ([], True, "")

    def test_one_that_was_never_there_is_a_mistake(self) -> None:
        outcome, told = failure(self.ELSE)
        assert outcome is Outcome.PROTOCOL
        assert told.startswith("a:1 has no metric `rooms_participants`; check `metric`")

    def test_one_that_was_there_has_no_rooms_any_more(self) -> None:
        _, part = read('rooms_participants{room="a"} 3\n', self.ELSE)
        assert (list(part.rooms), part.complete) == ([], True)
        assert part.note == "no samples of `rooms_participants`: nobody is in, or it is misspelt"

    def test_one_beside_others_that_are_there_has_no_rooms_yet(self) -> None:
        (part,) = read("# TYPE joins counter\njoins_total 5\n", rooms=ROOMS, joins={"joined": "joins"})
        assert (list(part.rooms), part.joins) == ([], {Outcome.JOINED: 5})


class TestNodes:
    def test_a_service_may_tell_of_nodes_alone(self) -> None:
        text = (
            'node_people{node="n1",where="EU 1",kind="a"} 3\nnode_people{node="n1",kind="b"} 4\n'
            'node_people{node="n2"} NaN\nnode_people{node="n3"} -1\nnode_limit{node="n1"} 100\n'
        )
        mapping = {"metric": "node_people", "id": "node", "label": "where", "capacity_metric": "node_limit"}
        (part,) = read(text, node_list=mapping)
        assert list(part.nodes) == [NodeReport("n1", "EU 1", 7, 100), NodeReport("n2")]
        assert (list(part.rooms), part.tells_rooms, part.complete) == ([], False, True)
        assert part.note.startswith("1 of 3 nodes could not be read: `node_people` is -1 where")
        assert part.note.endswith("1 nodes have NaN people, which counts as unknown")

    def test_without_a_label_the_endpoint_is_the_node(self) -> None:
        (part,) = read("people 3\n", node_list={"metric": "people"})
        assert list(part.nodes) == [NodeReport("n", "", 3)]


JOINS = {
    "joined": 'join_total{state="ok"}',
    "timeout": ['join_total{state="late"}', "given_up"],
    "room_full": 'join_total{state="full"}',
}


class TestJoins:
    def test_samples_that_are_meant_are_added(self) -> None:
        text = (
            '# TYPE rooms_participants gauge\njoin_total{state="ok",region="eu"} 5\n'
            'join_total{state="ok",region="us"} 6\njoin_total{state="late"} 1\ngiven_up 2\n'
        )
        (part,) = read(text, rooms=ROOMS, joins=JOINS)
        assert part.joins == {Outcome.JOINED: 11, Outcome.TIMEOUT: 3}

    def test_a_source_that_starts_again_or_vanishes_takes_nothing_back(self) -> None:
        def text(eu: int | None, us: int) -> str:
            line = "" if eu is None else f'join_total{{state="ok",region="eu"}} {eu}\n'
            return f'# TYPE rooms_participants gauge\n{line}join_total{{state="ok",region="us"}} {us}\n'

        texts = (text(500, 20), text(3, 21), text(None, 22), text(4, 22))
        parts = read(*texts, rooms=ROOMS, joins=JOINS)
        assert [part.joins[Outcome.JOINED] for part in parts] == [520, 524, 525, 526]

    @pytest.mark.parametrize("value", ["NaN", "-1", "+Inf", "2.5", "many"])
    def test_what_is_no_count_is_left_out_and_said(self, value: str) -> None:
        text = f'# TYPE rooms_participants gauge\njoin_total{{state="ok"}} {value}\ngiven_up 1\n'
        (part,) = read(text, rooms=ROOMS, joins=JOINS)
        assert part.joins == {Outcome.TIMEOUT: 1}
        assert part.note.startswith("a sample of joins.joined is ")

    def test_counters_that_were_made_are_no_counts(self) -> None:
        text = "# TYPE joins counter\njoins_total 3.0\njoins_created 1.6e9\n# TYPE rooms_participants gauge\n"
        end, joins = "# EOF\n", {"joined": "joins"}
        (part,) = read(text + end, content_type=CONTENT_TYPE_LATEST, rooms=ROOMS, joins=joins)
        assert part.joins == {Outcome.JOINED: 3}


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"joins": {"joined": "x"}}, "which metric counts people?"),
        ({"rooms": ROOMS | {"metric": "rooms{"}}, "expected a metric such as rooms_participants"),
        ({"rooms": {"metric": "x"}}, "Field required"),
        ({"rooms": ROOMS | {"id": "no-label"}}, "pattern"),
        ({"rooms": ROOMS, "joins": {"ok": "x"}}, "joined"),
        ({"rooms": ROOMS, "joins": {"joined": []}}, "at least 1 item"),
    ],
)
def test_what_is_refused(more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**more)
    assert sentence in str(caught.value)


def test_ten_thousand_rooms_among_as_many_other_lines_are_read_in_reasonable_time() -> None:
    """Far from what is measured (0.07 s), so that a slow machine does not fail: a tenfold mistake would."""
    lines = [
        f'rooms_participants{{room="r{n}",node="n{n % 4}",title="Room {n}"}} {n % 300}\n'
        f'http_seconds_bucket{{path="/{n % 97}",le="{n % 11}"}} {n}\n'
        for n in range(10_000)
    ]
    started = time.process_time()
    (part,) = read("".join(lines))
    assert len(part.rooms) == 10_000
    assert time.process_time() - started < 1


# --- a real server ---


@pytest.fixture(scope="module")
def prometheus() -> Iterator[Server]:
    program = require("prometheus")

    def command(folder: Path, ports: tuple[int, ...]) -> list[str | Path]:
        config = folder / "prometheus.yml"
        config.write_text("global: {scrape_interval: 1h}\n")
        return [
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{ports[0]}",
        ]

    with Server("prometheus", command) as server:
        yield server


@pytest.mark.parametrize("accept", [None, "text/plain;version=0.0.4"])
def test_the_metrics_of_a_real_prometheus(prometheus: Server, accept: str | None) -> None:
    """Its own handlers as rooms: how often each was asked, whatever was answered; the answers as joins."""
    url = f"http://127.0.0.1:{prometheus.port}"
    httpx.get(f"{url}/-/ready", trust_env=False)  # before the first question there is no such metric
    before = httpx.get(f"{url}/metrics", headers={"Accept": "text/plain"}, trust_env=False).text
    for path in ("/-/ready", "/-/ready", "/api/v1/labels?start=no-time"):
        httpx.get(url + path, trust_env=False)
    handlers = "prometheus_http_requests_total"
    configured = settings(
        f"{url}/metrics",
        rooms={"metric": handlers, "id": "handler"},
        joins={"joined": f'{handlers}{{code="200"}}', "other": f'{handlers}{{code="400"}}'},
        headers={"Accept": accept} if accept else {},
    )

    async def main() -> SnapshotPart:
        async with asyncio.timeout(60), opened() as http:
            return await OpenMetrics(configured).poll(configured.endpoints[0], http)

    part = asyncio.run(main())
    rooms = {room.id: room.participants or 0 for room in part.rooms}
    first = rooms_of(before, handlers)
    assert rooms["/-/ready"] >= 2 + first.get("/-/ready", 0)
    assert rooms["/api/v1/labels"] == 1 + first.get("/api/v1/labels", 0)
    assert part.joins[Outcome.OTHER] >= 1
    assert part.joins[Outcome.JOINED] + part.joins[Outcome.OTHER] <= sum(rooms.values())
    assert (part.complete, part.note) == (True, "")


def rooms_of(text: str, metric: str) -> dict[str, int]:
    (part,) = read(text, rooms={"metric": metric, "id": "handler"})
    return {room.id: room.participants or 0 for room in part.rooms}
