"""The examples in config/examples read what their services answer, as the vendors' own references show it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probes.http import Http
from probes.model import Outcome, Room, RoomState, SnapshotPart
from probes.services import SERVICES
from probes.settings import parse, read_config
from tests.jitsi import FakeJitsi
from tests.livekit import listed, room
from tests.probes.asking import opened
from tests.probes.raw_http import RawServer, answer, sends, sends_json, serving

CONFIG = Path(__file__).parents[2] / "config"
AT_SIX = datetime(2024, 1, 1, 18, tzinfo=UTC).timestamp()


def _person(room: str, joined: str) -> dict[str, object]:
    return {
        "room": room,
        "id": "4c8dee53",
        "userId": None,
        "userName": "ann",
        "mtgSessionId": "16e9701a",
        "joinTime": joined,
        "duration": 543,
    }


def _twilio_room(sid: str, **more: object) -> dict[str, object]:
    return {
        "sid": sid,
        "status": "in-progress",
        "date_created": "2024-01-01T18:00:00Z",
        "date_updated": "2024-01-01T18:00:01Z",
        "end_time": None,
        "unique_name": "town-hall",
        "max_participants": 50,
        "max_concurrent_published_tracks": 170,
        "media_region": "us1",
        "type": "group",
        "links": {"participants": f"https://video.twilio.com/v1/Rooms/{sid}/Participants"},
        **more,
    }


ANSWERS: dict[str, tuple[object, list[Room]]] = {
    "http-json": (
        {
            "now": 1700000000,
            "result": {
                "live": [
                    {
                        "uid": "r1",
                        "name": "Town hall",
                        "stats": {"listeners": 1200},
                        "max": 5000,
                        "phase": "on air",
                        "since": "2024-01-01T18:00:00Z",
                        "speakers": [{"id": "u1"}],
                    }
                ]
            },
        },
        [
            Room(
                id="r1",
                node="eu",
                participants=1200,
                title="Town hall",
                state=RoomState.OPEN,
                capacity=5000,
                started_at=AT_SIX,
                hosts=("u1",),
            )
        ],
    ),
    "ejabberd": (
        [{"jid": "r1@conference.example.org", "public": "true", "participants": 2}],
        [Room(id="r1@conference.example.org", node="127.0.0.1:5280", participants=2)],
    ),
    "daily-presence": (
        {
            "town-hall": [
                _person("town-hall", "2024-01-01T18:05:00.000Z"),
                _person("town-hall", "2024-01-01T18:00:00.000Z"),
            ],
            "nobody": [],
        },
        [Room(id="town-hall", node="api.daily.co:443", participants=2, started_at=AT_SIX)],
    ),
    "livekit": (
        listed(
            room(
                "town-hall",
                12,
                max_participants=50,
                creation_time=int(AT_SIX),
                metadata='{"title": "Town hall", "hosts": ["u1"]}',
            )
        ),
        [
            Room(
                id="town-hall",
                node="livekit.example.org:443",
                participants=12,
                title="Town hall",
                capacity=50,
                started_at=AT_SIX,
                hosts=("u1",),
            )
        ],
    ),
    "agora": (
        {"success": True, "data": {"channels": [{"channel_name": "c1", "user_count": 3}], "total_size": 1}},
        [Room(id="c1", node="api.agora.io:443", participants=3)],
    ),
    "x-spaces": (
        {
            "data": [
                {
                    "id": "1DXxyRYNejbKM",
                    "state": "live",
                    "title": "Launch",
                    "participant_count": 245,
                    "creator_id": "44196397",
                    "host_ids": ["44196397"],
                    "speaker_ids": ["783214"],
                    "started_at": "2024-01-01T18:00:00.000Z",
                }
            ],
            "meta": {"result_count": 1},
        },
        [
            Room(
                id="1DXxyRYNejbKM",
                node="api.x.com:443",
                participants=245,
                title="Launch",
                started_at=AT_SIX,
                hosts=("44196397",),
                speakers=("783214",),
            )
        ],
    ),
    "twilio-video": (
        {"rooms": [_twilio_room("RM1"), _twilio_room("RM2", status="completed")], "meta": {"page": 0}},
        [
            Room(id="RM1", node="us1", title="town-hall", capacity=50, started_at=AT_SIX),
            Room(
                id="RM2", node="us1", title="town-hall", capacity=50, started_at=AT_SIX, state=RoomState.ENDED
            ),
        ],
    ),
}


METRICS = b"""# TYPE rooms_participants gauge
rooms_participants{room="townhall",node="eu-1",title="Town hall",role="listener"} 1180
rooms_participants{room="townhall",node="eu-1",title="Town hall",role="speaker"} 20
rooms_capacity{room="townhall",node="eu-1"} 5000
join_total{result="ok"} 90210
join_total{result="timeout"} 7
signalling_gave_up_total 3
"""


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "AUDIO_TOKEN",
        "DAILY_API_KEY",
        "AGORA_BASIC",
        "TWILIO_BASIC",
        "STAGE_METRICS_TOKEN",
        "X_TOKEN",
        "LIVEKIT_API_KEY",
        "LIVEKIT_API_SECRET",
    ):
        monkeypatch.setenv(name, f"the {name}")


def polled(example: str, body: object | bytes) -> tuple[SnapshotPart, RawServer]:
    """What the first endpoint of the example's service learns from an answer of `body`."""

    handler = sends(answer(body)) if isinstance(body, bytes) else sends_json(body)

    async def main() -> tuple[SnapshotPart, RawServer]:
        (service, *_) = parse(*read_config(CONFIG / "examples" / f"{example}.yaml")).services
        http = Http()
        try:
            async with asyncio.timeout(60), serving(handler) as server:
                endpoint = service.endpoints[0].model_copy(update={"url": server.url})
                part = await SERVICES[service.kind].open(service).poll(endpoint, http)
                return part, server
        finally:
            await http.close()

    return asyncio.run(main())


@pytest.mark.parametrize("example", ANSWERS)
def test_an_example_reads_what_its_service_answers(example: str) -> None:
    body, rooms = ANSWERS[example]
    part, _ = polled(example, body)
    assert (list(part.rooms), part.complete, part.note) == (rooms, True, "")


def test_every_example_of_a_service_that_answers_json_is_tried() -> None:
    examples = {path.stem for path in (CONFIG / "examples").glob("*.yaml")}
    assert examples - {"janus", "jitsi", "openmetrics"} == set(ANSWERS)


def test_the_example_of_jitsi_reads_what_jicofo_and_a_bridge_answer() -> None:
    focus = FakeJitsi({"townhall": {"jvb1": 12}})

    async def main() -> SnapshotPart:
        (service, *_) = parse(*read_config(CONFIG / "examples" / "jitsi.yaml")).services
        async with asyncio.timeout(60), opened() as http, serving(focus) as server:
            here = service.model_copy(update={"bridges": [server.url]})
            endpoint = here.endpoints[0].model_copy(update={"url": server.url})
            return await SERVICES["jitsi"].open(here).poll(endpoint, http)

    part = asyncio.run(main())
    assert list(part.rooms) == [
        Room(id="townhall@conference.meet.example.org", node="jvb1", participants=12, title="townhall")
    ]
    assert (part.complete, part.note, len(part.joins)) == (True, "", 2)


def test_the_example_of_openmetrics_reads_the_samples_in_its_comment() -> None:
    part, server = polled("openmetrics", METRICS)
    assert list(part.rooms) == [Room("townhall", "eu-1", 1200, "Town hall", capacity=5000)]
    assert part.joins == {Outcome.JOINED: 90210, Outcome.TIMEOUT: 10}
    assert server.requests[0].headers["authorization"] == "Bearer the STAGE_METRICS_TOKEN"


@pytest.mark.parametrize(
    ("example", "value"),
    [
        ("http-json", "Bearer the AUDIO_TOKEN"),
        ("daily-presence", "Bearer the DAILY_API_KEY"),
        ("agora", "Basic the AGORA_BASIC"),
        ("twilio-video", "Basic the TWILIO_BASIC"),
        ("x-spaces", "Bearer the X_TOKEN"),
    ],
)
def test_an_example_says_who_it_is(example: str, value: str) -> None:
    _, server = polled(example, ANSWERS[example][0])
    assert server.requests[0].headers["authorization"] == value
