"""What a LiveKit server sends, made from LiveKit's own types: answers, metrics, signed webhooks."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Any

from google.protobuf.json_format import MessageToDict, MessageToJson
from google.protobuf.message import Message
from livekit.api import AccessToken
from livekit.protocol.models import ParticipantInfo, Room
from livekit.protocol.room import ListRoomsResponse
from livekit.protocol.webhook import WebhookEvent

KEY = "APItestkey"
SECRET = "a-secret-of-more-than-32-bytes-for-tests"
CREATED = 1_700_000_000


def room(name: str, people: int = 0, **more: Any) -> Room:
    return Room(
        **{"name": name, "sid": f"RM_{name}", "num_participants": people, "creation_time": CREATED, **more}
    )


def twirp_json(message: Message) -> dict[str, Any]:
    """As LiveKit's server answers: the names of the protocol, 64 bits as text, what is 0 or empty too."""
    told: dict[str, Any] = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return told


def listed(*rooms: Room) -> dict[str, Any]:
    """An answer to ListRooms."""
    return twirp_json(ListRoomsResponse(rooms=rooms))


def twirp_error(code: str, said: str) -> dict[str, Any]:
    return {"code": code, "msg": said}


def metrics(node: str, people: int, joins: dict[str, int], rooms: int = 1) -> str:
    """What one server's metrics port sends, as Go's client writes it, with a few of its many other lines."""
    of = f'node_id="{node}",node_type="SERVER"'
    lines = [
        "# HELP go_goroutines Number of goroutines that currently exist.",
        "# TYPE go_goroutines gauge",
        "go_goroutines 204",
        "# HELP livekit_participant_join_total ",
        "# TYPE livekit_participant_join_total counter",
        *(
            f'livekit_participant_join_total{{{of},sdk="{sdk}",state="{state}",warp="false"}} {count}'
            for state, total in joins.items()
            for sdk, count in (("JS", total - total // 3), ("SWIFT", total // 3))
        ),
        "# HELP livekit_participant_total ",
        "# TYPE livekit_participant_total gauge",
        f"livekit_participant_total{{{of}}} {people}",
        "# HELP livekit_room_total ",
        "# TYPE livekit_room_total gauge",
        f"livekit_room_total{{{of}}} {rooms}",
        "# TYPE livekit_session_start_time_ms histogram",
        f'livekit_session_start_time_ms_bucket{{{of},le="+Inf",protocol_version="16"}} 7',
    ]
    return "\n".join(lines) + "\n"


def event(kind: str, of: Room, **more: Any) -> WebhookEvent:
    """A webhook's event; `more` are fields of it."""
    told: dict[str, Any] = {
        "event": kind,
        "room": of,
        "id": f"EV_{kind}_{of.name}",
        "created_at": CREATED + 60,
    }
    if kind.startswith("participant"):
        told["participant"] = ParticipantInfo(sid="PA_1", identity="ann", name="Ann")
    return WebhookEvent(**{**told, **more})


def webhook_body(of: WebhookEvent) -> bytes:
    """As LiveKit sends it: camelCase, what is 0 or empty left out."""
    return MessageToJson(of, indent=None).encode()


def signature(
    body: bytes, key: str = KEY, secret: str = SECRET, life: timedelta = timedelta(minutes=5)
) -> str:
    """The token that LiveKit sends in `Authorization`, without a scheme before it."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return AccessToken(key, secret).with_ttl(life).with_sha256(digest).to_jwt()
