"""Public facts for tests, with everything in them known unless a test says otherwise; and hostile texts."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree import ElementTree

import msgspec

from dashboard.public.facts import Facts, Move, PublicNode, PublicRoom, Series, ServiceFacts
from probes.config.embed import PublicPanel
from probes.model import Cause, State

AT = 1_684_967_250.0

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "]]><svg/onload=alert(1)>",
    "' onmouseover='alert(1)",
    "\u202egnahc \u2066turned",
    "Fish & chips &lt;b&gt; &#60;",
    "{{7*7}} ${7*7} %{x} <%= 1 %>",
    "\x00\x1b[31mred\x07\ufffe\ud800",
    "W" * 4_000,
    "👩‍👩‍👧‍👦 🎉 日本の部屋 غرفة",
)


def series(**changes: object) -> Series:
    """The last half hour, in which the room was dark for two minutes."""
    at = tuple(AT - 1785 + 15 * step for step in range(120))
    everything = Series(
        at=at,
        participants=tuple(
            0 if 80 <= step < 88 else 500_000 + 1_000 * step if step < 80 else 2_000 * (step - 80)
            for step in range(120)
        ),
        success=tuple(None if 80 <= step < 88 else 0.9 for step in range(120)),
        state=(State.FAILING,) * 120,
    )
    return msgspec.structs.replace(everything, **changes)


def move(**changes: object) -> Move:
    everything = Move(
        key="m1",
        cause=Cause.SUCCEEDED,
        at=AT - 460,
        from_title="Launch",
        to_title="Launch 2",
        dark_seconds=118.0,
        before=668_000,
        now=168_000,
        carried_over=0.25,
        settled=False,
    )
    return msgspec.structs.replace(everything, **changes)


def service(**changes: object) -> ServiceFacts:
    everything = ServiceFacts(
        name="spaces",
        label="Live audio",
        state=State.FAILING,
        sentence="Some people cannot get in",
        since=AT - 1_300,
        at=AT,
        observed_at=AT + 5,
        complete=True,
        participants=168_000,
        peak=668_000,
        rooms_open=1,
        success=0.941,
        errors={"timeout": 0.04, "unavailable": 0.019},
        waiting=41_000,
        goal=0.99,
        rooms=(PublicRoom(title="Launch 2", participants=168_000),),
        nodes=(
            PublicNode(label="EU 1", participants=0, answering=False),
            PublicNode(label="EU 2", participants=168_000, answering=True),
        ),
        moves=(move(),),
        series=series(),
        way="/go/launch",
    )
    return msgspec.structs.replace(everything, **changes)


def unknown_service() -> ServiceFacts:
    """A service of which nothing is known yet."""
    return service(
        state=State.UNKNOWN,
        sentence="We cannot see how it is",
        since=None,
        at=None,
        observed_at=None,
        complete=False,
        participants=None,
        peak=None,
        rooms_open=None,
        success=None,
        errors={},
        waiting=None,
        rooms=(),
        nodes=(),
        moves=(),
        series=Series(),
        way="",
    )


def named(text: str) -> ServiceFacts:
    """A service in which everything that has a name is called `text`."""
    return service(
        label=text,
        nodes=(PublicNode(label=text, participants=None, answering=True),),
        moves=(move(from_title=text, to_title=text),),
        rooms=(PublicRoom(title=text, participants=1),),
    )


def facts(*services: ServiceFacts, **changes: object) -> Facts:
    everything = Facts(
        seq=1,
        at=AT + 6,
        tick=1.0,
        alive=True,
        title="Live audio status",
        panels=frozenset(PublicPanel),
        services=services or (service(),),
    )
    return msgspec.structs.replace(everything, **changes)


class Seen(HTMLParser):
    """What a browser would make of HTML: its elements, their attributes, and its text outside scripts."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._said: list[str] = []
        self.feed(page)
        self.close()
        self.text = " ".join(" ".join(self._said).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        if not self.tags or self.tags[-1] not in ("script", "style"):
            self._said.append(data)


def drawn(svg: str) -> ElementTree.Element:
    """The SVG as XML. Raises ParseError where it is not well-formed."""
    return ElementTree.fromstring(svg)


def shape(svg: str) -> list[str]:
    """The names of all elements of a picture, and of their attributes."""
    return [f"{part.tag} {' '.join(sorted(part.attrib))}" for part in drawn(svg).iter()]
