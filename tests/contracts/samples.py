"""What the contract tests need to know of each kind and each way: a config, and good answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tests.probes.raw_http import Exchange, Handler, answer, sends_json

SECRET = "s3cret-of-the-config"


class ServiceSample(NamedTuple):
    """Keys for the config beside name, kind and url, and the answer that lists (id, title, participants)."""

    config: Mapping[str, Any]
    lists: Callable[[list[tuple[int, str, int]]], object]


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
    "janus-signal": JoinSample({"api_secret": SECRET}, _JanusDoor()),
}
