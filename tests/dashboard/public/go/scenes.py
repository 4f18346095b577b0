"""An event told tick by tick: rooms that open and end, and relocations between them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from dashboard.frames import Frame, encode
from dashboard.public.facts import EventFacts
from dashboard.public.go.events import event_facts, leads_on
from dashboard.public.go.leading import Lead, lead
from probes.model import Cause, Observation, Place, Relocation, RoomState, RoomView, Status
from probes.settings import Config, Event, parse
from tests.probes.seen import AT, node, observation, tick

HOST = "https://rooms.example.org"

CONFIG = """
services: [{{name: spaces, kind: http-json, url: 'http://127.0.0.1:1/', rooms: {{list: rooms}}}}]
events:
  - {{name: launch, title: {title}, service: spaces, rooms: {rooms}, link: '{link}'{event}}}
embed: {{public: {{services: {services}, rooms: {titles}, events: [launch], address: 'https://status.example.org/'{public}}}}}
"""


def config(**changes: str) -> Config:
    """A config whose event is public. `event` and `public` are more keys there, each after a comma."""
    told = {
        "title": "Campaign launch",
        "rooms": '["launch-*"]',
        "link": f"{HOST}/go/{{room}}",
        "services": "[spaces]",
        "titles": '["*"]',
        "event": "",
        "public": "",
        **changes,
    }
    told["title"] = json.dumps(told["title"])
    return parse(CONFIG.format(**told), "roomwatch.yaml", Path())


def an_event(*rooms: str, **changes: Any) -> Event:
    return Event(name="launch", service="spaces", rooms=list(rooms or ("launch-*",)), **changes)


def room(name: str, people: int | None = 1_000, node: str = "n1", capacity: int | None = None) -> RoomView:
    return RoomView(
        id=name,
        title=f"Title of {name}",
        node=node,
        participants=people,
        capacity=capacity,
        state=RoomState.OPEN,
    )


def way(
    start: str, to: str | None, at: float = AT, status: Status = Status.STANDING, **changes: Any
) -> Relocation:
    """A relocation from one room to another, or the end of a room. `x@n2` is the room x on the node n2."""
    cause = Cause.ENDED if to is None else Cause.SUCCEEDED
    told = Relocation(
        id=f"{start}>{to}",
        lineage="l1",
        cause=cause,
        status=status,
        from_=_place(start),
        to=_place(to) if to else None,
        at=at,
        participants_before=100_000,
        confidence=0.9,
    )
    return msgspec.structs.replace(told, **changes)


def overflow(start: str, to: str, **changes: Any) -> Relocation:
    return way(start, to, cause=Cause.OVERFLOWED, **changes)


def _place(text: str) -> Place:
    name, _, where = text.partition("@")
    return Place(name, where or "n1", f"Title of {name}")


class Story:
    """What a link makes of one tick after another, a second apart by default."""

    def __init__(self, event: Event | None = None) -> None:
        self.event = event or an_event()
        self.now = AT
        self.lead: Lead | None = None

    def tell(
        self, *rooms: RoomView, ways: tuple[Relocation, ...] = (), seconds: float = 1.0, **changes: Any
    ) -> Lead:
        """The next tick: what is open now, and what is known of relocations."""
        self.now += seconds
        self.lead = lead(self.lead, self.seen(*rooms, ways=ways, **changes), self.event, self.now)
        return self.lead

    def seen(self, *rooms: RoomView, ways: tuple[Relocation, ...] = (), **changes: Any) -> Observation:
        told: dict[str, Any] = {
            "rooms": rooms,
            "relocations": ways,
            "service_time": self.now,
            "observed_at": self.now,
            "nodes": tuple(
                msgspec.structs.replace(node(name), observed_at=self.now)
                for name in sorted({each.node for each in rooms})
            ),
        }
        return observation(**{**told, **changes})

    def forget(self) -> None:
        """Roomwatch is started again."""
        self.lead = None


def where(found: Lead) -> str | None:
    """The id of the room that it leads to."""
    return found.main.id if found.main else None


def facts_after(
    told: Config, *seen: Observation, at: float = AT, before: dict[str, Lead] | None = None
) -> EventFacts:
    """What the public hears of the event when its service is seen so."""
    shown = frame(*seen, at=at)
    (found,) = event_facts(leads_on(before or {}, shown, shown.at, told), shown.at, told)
    return found


def frame(*seen: Observation, at: float = AT) -> Frame:
    return encode(tick(*seen, seq=int(at), at=at), 1.0, []).frame


def seats(found: Lead) -> list[str]:
    return [each.id for each in found.taking]
