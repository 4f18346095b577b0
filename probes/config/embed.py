"""What the public may see: the `embed:` of the config file. Nothing is public unless it stands here."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from probes.config.room_link import ListedHost
from probes.config.units import Duration, Name, RoomId, Secret, Settings, Url, one_of

_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?")
_LONGEST_DELAY = 300.0
_SHORTEST_KEY = 32


class PublicPanel(StrEnum):
    """What can be shown in public, each on its own."""

    STATE = "state"
    CONCURRENCY = "concurrency"
    JOINS = "joins"
    ERRORS = "errors"
    RELOCATION = "relocation"
    NODES = "nodes"
    STATUS = "status"  # the page of all the others, with what happened


def _origin(text: str) -> str:
    if text != "*" and not _ORIGIN.fullmatch(text):
        raise PydanticCustomError(
            "origin",
            "expected an origin, without a path, such as https://status.example.org, "
            "https://*.example.org, or *",
        )
    return text


def _short(length: float) -> float:
    if length > _LONGEST_DELAY:
        raise PydanticCustomError("delay", "expected a duration of at most 5m")
    return length


def _long_enough(key: Secret) -> Secret:
    if len(key.reveal().encode()) < _SHORTEST_KEY:
        raise PydanticCustomError("key_length", "expected a key of at least 32 characters")
    return key


def _without_slash(url: str) -> str:
    return url.rstrip("/")


def _a_service(value: object) -> object:
    """A name alone stands for the service of that name."""
    return {"name": value} if isinstance(value, str) else value


_NodeId = Annotated[str, Field(min_length=1, max_length=256)]
Label = Annotated[str, Field(min_length=1, max_length=64)]
Origin = Annotated[str, AfterValidator(_origin)]


class PublicServiceSettings(Settings):
    """A service that the public may hear of."""

    name: Name
    """Its name in `services`; it stands in public urls."""
    label: Annotated[str, Field(max_length=64)] = ""
    """What it is called in public; without it, by its name."""


class Public(Settings):
    """What is shown to everyone who asks."""

    title: Label = "Live rooms status"
    """The heading of the public page."""
    panels: list[Annotated[PublicPanel, one_of(tuple(PublicPanel))]] = Field(default=[], max_length=16)
    """Which panels there are; each has its badge, and its picture and data."""
    services: list[Annotated[PublicServiceSettings, BeforeValidator(_a_service)]] = Field(
        default=[], max_length=32
    )
    """Which services they tell of; the first is meant where an address names none."""
    rooms: list[RoomId] = Field(default=[], max_length=100)
    """Whose titles may be told: ids, or patterns with `*`. Other rooms are counted and not named."""
    nodes: dict[_NodeId, Label] = Field(default={}, max_length=256)
    """What nodes are called in public, by id. Others are numbered."""
    events: list[Name] = Field(default=[], max_length=32)
    """Which events have a public link, `/go/<event>`, to where they are now; each needs its `link`."""
    hosts: list[ListedHost] = Field(default=[], max_length=64)
    """The only hosts that public links lead to; without it, the host of each event's `link`."""
    numbers: Literal["rounded", "exact"] = "rounded"
    """Two digits of each number of people, or all."""
    delay: Annotated[Duration, AfterValidator(_short)] | None = None
    """How much later the public sees what happens."""
    address: Annotated[Url, AfterValidator(_without_slash)] | None = None
    """Where the public reaches Roomwatch; public links of events need it."""


class Embed(Settings):
    """Panels, badges and the page for the public, and who may frame them."""

    public: Public = Public()
    origins: list[Origin] = Field(default=[], max_length=64)
    """The sites that may show panels in a frame, and whose scripts may read them; `*` is any."""
    key: Annotated[Secret, AfterValidator(_long_enough)] | None = None
    """What signs links to panels that are not public, at least 32 characters; another key ends them all."""
    revoked: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(default=[], max_length=1000)
    """Links that were taken back: ids, or names given to `roomwatch sign`."""
