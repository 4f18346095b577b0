"""What a panel is made of: a card of parts, drawn as SVG and as HTML from the same words and curves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """One colour a meaning; the values are class names in both drawings."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    GREY = "grey"
    PEOPLE = "people"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Banner:
    """The state in a sentence. `since`: when it began (Unix seconds), or None.

    What the sentence tells may be newer: a room that moved half an hour after joins began to fail.
    """

    label: str
    sentence: str
    tone: Tone
    since: float | None

    @property
    def since_when(self) -> str:
        """The words before the time of `since`."""
        return "problems since" if self.tone in (Tone.WARN, Tone.BAD) else "since"


@dataclass(frozen=True, slots=True)
class Number:
    """One large figure, and a few small words beside it."""

    text: str
    tone: Tone | None = None
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves as SVG elements in a box of `chart.WIDTH` by `chart.HEIGHT`; `told` says them in words."""

    drawn: str
    told: str


@dataclass(frozen=True, slots=True)
class Note:
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A word, a figure, and a bar as long as `share` (0 to 1) says; None has no bar."""

    label: str
    text: str
    share: float | None
    tone: Tone


@dataclass(frozen=True, slots=True)
class Passage:
    """From one room to another, by their titles."""

    from_: str
    to: str


@dataclass(frozen=True, slots=True)
class Way:
    """A link that leads on; pictures, which lead nowhere, leave it out."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Meter:
    share: float
    tone: Tone


Part = Banner | Number | Chart | Note | Row | Passage | Meter | Way


@dataclass(frozen=True, slots=True)
class Card:
    """A panel to be drawn. `told` says all of it in a sentence; `beside` stands at the right of the title.

    A card without a title is its banner alone.
    """

    title: str
    beside: str
    parts: tuple[Part, ...]
    told: str
