"""LiveKit's webhooks: who signed one, and what it tells of a room. Asks nobody, so the web process does it.

`Authorization` holds a token signed with an API key, in which the body's SHA-256
is: the token is checked before a body is read. Events and fields are those of
livekit-server 1.13 and `livekit_webhook.proto`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Annotated, NamedTuple

import msgspec
from jwt import exceptions as jwt_errors
from livekit.api.access_token import TokenVerifier

from probes.mapping.rows import clean_id, clean_title, read_time
from probes.model import LARGEST_COUNT
from probes.notice import Notice, NoticeKind
from probes.services.livekit import LiveKitSettings
from probes.vendors.livekit import short_secrets_allowed
from probes.vendors.livekit_room import Metadata

MOST_HOSTS = 32
_ID_LENGTH = 64

_KINDS: Mapping[str, NoticeKind] = {
    "room_started": NoticeKind.ROOM_OPENED,
    "room_finished": NoticeKind.ROOM_ENDED,
    "participant_joined": NoticeKind.JOINED,
    "participant_connection_aborted": NoticeKind.ABORTED,
}
"""The events that tell of rooms and of tries to join; there are a dozen others."""

_TRIES = (NoticeKind.JOINED, NoticeKind.ABORTED)

_CLOCKS = "see that the clocks of LiveKit and of this machine are right"


class Unsigned(Exception):
    """A webhook that nobody signed whom we know, as one sentence."""


class Unreadable(Exception):
    """A signed webhook that is none, as one sentence."""


class _Room(msgspec.Struct, rename="camel"):
    name: Annotated[str, msgspec.Meta(min_length=1)]
    sid: str = ""
    num_participants: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_COUNT)] = 0
    max_participants: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_COUNT)] = 0
    creation_time: float | str | None = None
    metadata: str = ""


class _Event(msgspec.Struct, rename="camel"):
    event: str
    id: str = ""
    room: _Room | None = None


class Signed(NamedTuple):
    """Whose webhook it is, as far as the token says: the services with that key, and the body's digest."""

    services: tuple[LiveKitSettings, ...]
    digest: bytes


class Hooks:
    """Reads the webhooks for these services. Two services with one key both hear what it signs."""

    def __init__(self, services: Iterable[LiveKitSettings]) -> None:
        by_key: dict[tuple[str, str], list[LiveKitSettings]] = {}
        for service in services:
            by_key.setdefault((service.api_key.reveal(), service.api_secret.reveal()), []).append(service)
        self._known = [(TokenVerifier(*pair), tuple(theirs)) for pair, theirs in by_key.items()]
        self._decoder = msgspec.json.Decoder(_Event, strict=False)

    def verify(self, authorization: str) -> Signed:
        """Who signed a webhook with this `Authorization`. Raises Unsigned."""
        token = authorization.removeprefix("Bearer ").strip()
        if not token:
            raise Unsigned("no signature: expected LiveKit's token in the Authorization header")
        why = Unsigned("signed with a key that no service of kind livekit here has")
        for verifier, services in self._known:
            try:
                with short_secrets_allowed():
                    digest = verifier.verify(token).sha256
                return Signed(services, _digest(digest))
            except (jwt_errors.InvalidSignatureError, jwt_errors.InvalidIssuerError):
                continue  # another key's
            except jwt_errors.ExpiredSignatureError:
                why = Unsigned(f"the signature has expired; {_CLOCKS}")
            except jwt_errors.ImmatureSignatureError:
                why = Unsigned(f"the signature is not good yet; {_CLOCKS}")
            except (jwt_errors.PyJWTError, ValueError, TypeError, AttributeError):
                why = Unsigned("the Authorization header holds no token of LiveKit's")
        raise why

    def read(self, signed: Signed, body: bytes, at: float) -> list[tuple[str, Notice]]:
        """What a webhook that came at wall time `at` tells each of its services, by their names.

        Nothing where it is of no interest. Raises Unsigned where the body is another than was
        signed, and Unreadable.
        """
        if not hmac.compare_digest(hashlib.sha256(body).digest(), signed.digest):
            raise Unsigned("the body is not the one that was signed")
        try:
            event = self._decoder.decode(body)
        except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
            raise Unreadable("expected the JSON of a LiveKit webhook event") from None
        kind = _KINDS.get(event.event)
        if kind is None:
            return []
        if event.room is None:
            raise Unreadable(f"expected a room in an event {event.event}")
        return [
            (service.name, _notice(event, event.room, kind, service, at))
            for service in signed.services
            # Tries that the metrics count too would be counted twice.
            if kind not in _TRIES or not service.metrics_url
        ]


def _digest(told: str | None) -> bytes:
    if not isinstance(told, str) or not told:
        raise Unsigned("the token signs no body: it has no sha256")
    try:
        return base64.b64decode(told)
    except (binascii.Error, ValueError):
        raise Unsigned("the token's sha256 is not in base64") from None


def _notice(event: _Event, room: _Room, kind: NoticeKind, service: LiveKitSettings, at: float) -> Notice:
    metadata = Metadata(service.metadata.title, service.metadata.hosts)
    return Notice(
        id=event.id[:_ID_LENGTH],
        kind=kind,
        room=clean_id(room.name),
        at=at,
        session=room.sid[:_ID_LENGTH],
        title=clean_title(metadata.title(room.name, room.metadata)),
        participants=room.num_participants,
        capacity=room.max_participants or None,
        started_at=_time(room.creation_time),
        hosts=tuple(clean_id(host) for host in metadata.hosts(room.metadata)[:MOST_HOSTS]),
    )


def _time(told: float | str | None) -> float | None:
    try:
        return read_time(told)
    except (ValueError, OverflowError):
        return None
