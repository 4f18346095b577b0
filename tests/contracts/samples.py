"""What the contract tests need to know of each kind and each way: a config, and good answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tests.probes.raw_http import Exchange, Handler, answer, sends, sends_json

SECRET = "s3cret-of-the-config"


def json_bytes(body: object) -> bytes:
    return json.dumps(body).encode()


def _sample_line(room: object, title: object, people: object) -> str:
    quoted = [
        str(value).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") for value in (room, title)
    ]
    return f'rooms_participants{{room="{quoted[0]}",title="{quoted[1]}"}} {people}'


class ServiceSample(NamedTuple):
    """Keys for the config beside name, kind and url, and the answer that lists (id, title, participants).

    `titled`: a room has a title beside its id.
    """

    config: Mapping[str, Any]
    lists: Callable[[list[tuple[int, str, int]]], object]
    titled: bool = True
    encode: Callable[[Any], bytes] = json_bytes
    content_type: str = "application/json"

    def sends(self, rooms: list[Any]) -> Handler:
        """A handler that answers every request with these rooms."""
        raw = answer(self.encode(self.lists(rooms)), headers={"Content-Type": self.content_type})
        return sends(raw, keep=True)


class JoinSample(NamedTuple):
    """Keys for the config beside via and room, and a server that lets everybody in."""

    config: Mapping[str, Any]
    welcomes: Handler


class _JanusDoor:
    """Lets everybody into room 1: acknowledges a join, and sends its event on the long-poll."""

    def __init__(self) -> None:
        self._joining = ""

    async def __call__(self, exchange: Exchange) -> bool:
        message = json.loads(exchange.body or b"{}")
        told: dict[str, object] = {"janus": "success", "data": {"id": message.get("id", 7)}}
        if exchange.method == "GET":
            told = {"janus": "event", "plugindata": {"data": {"audiobridge": "joined", "id": 1}}}
        elif message["janus"] == "message":
            self._joining = message["transaction"]
            told = {"janus": "ack"}
        told["transaction"] = message.get("transaction", self._joining)
        exchange.writer.write(answer(json.dumps(told).encode()))
        return True


SERVICE_SAMPLES: dict[str, ServiceSample] = {
    "http-json": ServiceSample(
        {"rooms": {"title": "title"}, "headers": {"Authorization": SECRET}},
        lambda rooms: {"rooms": [{"id": i, "title": t, "participants": p} for i, t, p in rooms]},
    ),
    "livekit": ServiceSample(
        {"api_key": SECRET, "api_secret": SECRET, "metadata": {"title": "title"}},
        lambda rooms: {
            "rooms": [
                {"name": str(i), "metadata": json.dumps({"title": t}), "num_participants": p}
                for i, t, p in rooms
            ]
        },
    ),
    "janus": ServiceSample(
        {"admin_secret": SECRET},
        lambda rooms: {
            "janus": "success",
            "transaction": "roomwatch",
            "response": {
                "audiobridge": "success",
                "list": [{"room": i, "description": t, "num_participants": p} for i, t, p in rooms],
            },
        },
    ),
    "jitsi": ServiceSample(
        {"where_every": None, "headers": {"Authorization": SECRET}},
        lambda rooms: {"focus_manager": {str(i): p for i, _, p in rooms}, "bridge_selector": {"bridge": {}}},
        titled=False,
    ),
    "openmetrics": ServiceSample(
        {
            "rooms": {"metric": "rooms_participants", "id": "room", "title": "title"},
            "headers": {"Authorization": SECRET},
        },
        lambda rooms: ["# TYPE rooms_participants gauge", *(_sample_line(*room) for room in rooms)],
        encode=lambda lines: "".join(f"{line}\n" for line in lines).encode(),
        content_type="text/plain; version=0.0.4; charset=utf-8",
    ),
    "x-spaces": ServiceSample(
        {"token": SECRET, "creators": ["7"]},
        lambda rooms: (
            {
                "data": [
                    {
                        "id": str(i) if isinstance(i, int) else i,
                        "state": "live",
                        "title": t,
                        "participant_count": p,
                    }
                    for i, t, p in rooms
                ],
                "meta": {"result_count": len(rooms)},
            }
            if rooms
            else {"meta": {"result_count": 0}}
        ),
    ),
}

JOIN_SAMPLES: dict[str, JoinSample] = {
    "http": JoinSample({"headers": {"Authorization": SECRET}}, sends_json({"code": "joined"})),
    "livekit-validate": JoinSample({"api_key": SECRET, "api_secret": SECRET}, sends(answer(b"success"))),
    "janus-signal": JoinSample({"api_secret": SECRET}, _JanusDoor()),
}
