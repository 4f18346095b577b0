"""Makes what the public may know of events that have a public link. Pure: the same in, the same out."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.frames import Frame
from dashboard.public.facts import EventFacts, EventState, Target
from dashboard.public.figures import rounded
from dashboard.public.go.leading import Lead, free, lead, turn
from dashboard.public.seeing import told_title
from probes.config.room_link import address, own_host
from probes.model import RoomView
from probes.settings import Config, Event
from probes.watching.summary import is_shortened

PATH = "/go/"


def leads_on(before: Mapping[str, Lead], frame: Frame, at: float, config: Config) -> dict[str, Lead]:
    """Where each public event is at wall time `at`, by name; `before` is what this said a tick ago."""
    seen = {observation.name: observation for observation in frame.services}
    return {
        event.name: lead(before.get(event.name), seen[event.service], event, at)
        for event in _public(config)
        if event.service in seen
    }


def event_facts(leads: Mapping[str, Lead], at: float, config: Config) -> tuple[EventFacts, ...]:
    """What the public may know of each event in `leads`, in the config's order."""
    return tuple(
        _facts(event, leads[event.name], at, config) for event in _public(config) if event.name in leads
    )


def link_of(event: str, config: Config) -> str:
    """The public link of a public event, as people are told it: the config has an address for it."""
    return f"{config.embed.public.address}{PATH}{event}"


def _public(config: Config) -> list[Event]:
    events = {event.name: event for event in config.events}
    return [events[name] for name in config.embed.public.events]


def _facts(event: Event, found: Lead, at: float, config: Config) -> EventFacts:
    public = config.embed.public
    exact = public.numbers == "exact"
    urls = {(room.node, room.id): url for room in found.taking if (url := _url(event, room, config))}
    taking = tuple(room for room in found.taking if (room.node, room.id) in urls)
    here = turn(taking, int(at))
    known = [room.participants for room in found.taking if room.participants is not None]
    people = sum(known) if known and not public.delay else None
    return EventFacts(
        name=event.name,
        title=event.title or event.name,
        service=event.service if any(each.name == event.service for each in public.services) else "",
        link=link_of(event.name, config),
        state=found.state,
        since=found.since,
        starts_at=event.starts_at.timestamp() if event.starts_at else None,
        heard_at=found.heard_at,
        target=urls[here.node, here.id] if here else None,
        targets=tuple(
            Target(
                url=urls[room.node, room.id],
                title=told_title(room.id, room.title, public),
                free=rounded(free(room), exact) if not public.delay else None,
            )
            for room in taking
        ),
        last=_url(event, found.main, config) if found.main else None,
        people=rounded(people, exact),
        crowd=rounded(max(found.people or 0, event.audience or 0), exact) or 0,
        from_title=_from_title(found, config),
        to_title=told_title(found.main.id, found.main.title, public) if found.main else "",
    )


def _from_title(found: Lead, config: Config) -> str:
    """The title of the room before, or of the one that ended."""
    public = config.embed.public
    if found.state is EventState.ENDED and found.last is not None:
        return told_title(found.last.id, found.last.title, public)
    if found.state is EventState.MOVED and found.came is not None:
        return told_title(found.came.from_.room, found.came.from_.title, public)
    return ""


def _url(event: Event, room: RoomView, config: Config) -> str | None:
    """The address of a room, None where the config or the id allows none."""
    if event.link is None or is_shortened(room.id) or is_shortened(room.node):
        return None
    own = own_host(event.link)
    return address(event.link, config.embed.public.hosts or ([own] if own else []), room.id, room.node)
