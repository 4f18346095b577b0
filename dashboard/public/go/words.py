"""What is said of an event with a public link, in the words that the public reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from dashboard.public.facts import EventFacts, EventState
from dashboard.public.figures import count
from dashboard.public.panels.badge_svg import Badge
from dashboard.public.panels.parts import Tone


class Said(NamedTuple):
    """A heading, a line below, and the words of the link to the room; no link where they are empty."""

    heading: str
    line: str
    link: str = ""


def said(event: EventFacts) -> Said:
    """What the page of an event says."""
    if event.target is not None:
        moved = event.state is EventState.MOVED
        return Said("The room moved" if moved else "The room is open", "It is here:", "Join the room")
    match event.state:
        case EventState.BEFORE:
            return Said("The room has not opened yet", "This page will take you there when it opens.")
        case EventState.ENDED:
            return Said("The room has ended", "This page will take you to the new one.")
        case EventState.FULL:
            line = "This page will take you there as soon as there is a place."
            return Said("The room is full", line, "Try it now")
        case EventState.UNKNOWN if event.last is not None:
            line = "It may still be where it was. This page will take you there when we see it again."
            return Said("We cannot see the room at the moment", line, "Where it was last")
        case EventState.UNKNOWN:
            return Said("We cannot see the room at the moment", "This page will take you there when we do.")
        case _:
            return Said("The room is open", "It has no address that this page can lead to.")


_BADGES = {
    EventState.BEFORE: Badge("not open yet", Tone.GREY),
    EventState.FULL: Badge("full", Tone.WARN),
    EventState.ENDED: Badge("ended", Tone.BAD),
    EventState.UNKNOWN: Badge("unknown", Tone.GREY),
}


def badge_of(event: EventFacts) -> tuple[str, Badge]:
    """What the badge is about, and how that is."""
    if event.target is None:
        return "the room", _BADGES.get(event.state, Badge("open", Tone.GOOD))
    people = "join" if event.people is None else count(event.people)
    if event.state is EventState.MOVED:
        return "the room moved here", Badge(people, Tone.MOVE)
    return "the room is here", Badge(people, Tone.GOOD)


def utc(at: float) -> str:
    """A time for those whose browser runs no script."""
    return f"{datetime.fromtimestamp(at, UTC):%-d %B %Y, %H:%M} UTC"
