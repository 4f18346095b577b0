"""The config file as types, and how it is read.

`parse` either returns a whole `Config` or raises `BadConfig` with what is wrong in
the file: where it is, what was found and what was expected.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from probes.config.alertmanager import AlertmanagerSettings
from probes.config.alerts import Alerts
from probes.config.auth import Auth, Token
from probes.config.embed import Embed
from probes.config.file import BadConfig, KeyPath, Mistake, read_text, read_yaml
from probes.config.mistakes import find_mistakes
from probes.config.objectives import Objectives
from probes.config.room_link import RoomLink, is_listed, own_host
from probes.config.schema import schema_text
from probes.config.units import (
    Duration,
    Moment,
    Name,
    RoomId,
    Secret,
    Settings,
    Size,
)
from probes.services import AnyService

__all__ = ["BadConfig", "Config", "ConfigText", "Mistake", "parse", "read_config"]


class Event(Settings):
    """A launch being watched."""

    name: Name
    """Its name in urls and metrics."""
    title: Annotated[str, Field(max_length=128)] = ""
    """Its name on screen."""
    service: Name
    """The name of the service whose rooms it means."""
    rooms: list[RoomId] = Field(default=["*"], max_length=100)
    """The rooms it means: ids, or patterns with `*`."""
    starts_at: Moment | None = None
    """When it starts, with its time zone."""
    audience: Annotated[int, Field(gt=0)] | None = None
    """How many people are expected."""
    link: RoomLink | None = None
    """Where anyone gets into one of its rooms: an address with `{room}`, `{name}` or `{node}` in it."""


class HistorySettings(Settings):
    """Where what was seen is kept, how finely and for how long."""

    kind: Literal["sqlite"] = "sqlite"
    path: Annotated[str, Field(min_length=1)] = "var/roomwatch.sqlite"
    """The file, made where it is missing."""
    detail: Duration = 86400.0
    """How long every tick is kept; after that one in ten seconds."""
    keep: Duration = 30 * 86400.0
    """How long anything is kept."""
    max_size: Size = 2_000_000_000
    """The most the file may take; the oldest goes first."""


def _tick_length(length: float) -> float:
    if not 0.1 <= length <= 10:
        raise PydanticCustomError("tick", "expected a duration from 100ms to 10s")
    return length


class Config(Settings):
    """The whole of `roomwatch.yaml`."""

    services: list[AnyService] = Field(min_length=1, max_length=32)
    """The rooms services under watch."""
    events: list[Event] = Field(default=[], max_length=32)
    """The launches that are coming."""
    objectives: Objectives = Objectives()
    alerts: Alerts = Alerts()
    auth: Auth = Auth()
    history: HistorySettings = HistorySettings()
    alertmanager: AlertmanagerSettings = AlertmanagerSettings()
    embed: Embed = Embed()
    tick: Annotated[Duration, AfterValidator(_tick_length)] = 1.0
    """The longest time between two frames; what a poll learned is shown at once."""

    @model_validator(mode="after")
    def _parts_agree(self) -> Config:
        wrong = [
            *_doubled(("services",), "name", [service.name for service in self.services]),
            *_doubled(("events",), "name", [event.name for event in self.events]),
            *_doubled(("auth", "tokens"), "name", [token.name for token in self.auth.tokens]),
            *_shared_secrets(self.auth.tokens),
            *_doubled(("auth", "basic"), "user", [user.user for user in self.auth.basic]),
            *_unknown_services(self),
            *_doubled(("embed", "public", "services"), "name", [s.name for s in self.embed.public.services]),
            *_unfit_links(self),
        ]
        if self.history.keep < self.history.detail:
            wrong.append(_wrong(("history", "keep"), "expected no less than `history.detail`"))
        if wrong:
            raise ValidationError.from_exception_data("Config", wrong)
        return self


def _wrong(path: KeyPath, sentence: str) -> InitErrorDetails:
    return InitErrorDetails(
        type=PydanticCustomError("parts", "{sentence}", {"sentence": sentence}), loc=path, input=None
    )


def _doubled(path: KeyPath, key: str, names: list[str]) -> list[InitErrorDetails]:
    """A mistake for every name that stands in the list at `path` before."""
    return [
        _wrong((*path, index, key), f"the {key} {name} is taken by an entry above; each needs its own")
        for index, name in enumerate(names)
        if name in names[:index]
    ]


def _shared_secrets(tokens: Sequence[Token]) -> list[InitErrorDetails]:
    """A mistake for every token whose secret is that of one above: who gives it could be either."""
    first: dict[Secret, str] = {}
    return [
        _wrong(
            ("auth", "tokens", index, "token"),
            f"{token.name} has the same secret as {owner}; each token needs its own",
        )
        for index, token in enumerate(tokens)
        if (owner := first.setdefault(token.token, token.name)) != token.name
    ]


def _unknown_services(config: Config) -> list[InitErrorDetails]:
    names = [service.name for service in config.services]
    meant: list[tuple[KeyPath, str]] = [
        *((("events", index, "service"), event.service) for index, event in enumerate(config.events)),
        *(
            (("embed", "public", "services", index, "name"), service.name)
            for index, service in enumerate(config.embed.public.services)
        ),
    ]
    return [
        _wrong(path, f"expected one of the names in `services` ({', '.join(names)})")
        for path, name in meant
        if name not in names
    ]


def _unfit_links(config: Config) -> list[InitErrorDetails]:
    events = {event.name: event for event in config.events}
    public = config.embed.public
    wrong: list[InitErrorDetails] = []
    for index, name in enumerate(public.events):
        sentence = _unfit_link(name, events, public.hosts)
        if name in public.events[:index]:
            sentence = f"the event {name} is listed above; remove one"
        if sentence:
            wrong.append(_wrong(("embed", "public", "events", index), sentence))
    if public.events and not wrong and public.address is None:
        # Not the board's: its address may be nobody's business.
        sentence = "a public link needs `embed.public.address`, such as https://status.example.org"
        wrong.append(_wrong(("embed", "public", "events"), sentence))
    return wrong


def _unfit_link(name: str, events: Mapping[str, Event], hosts: Sequence[str]) -> str:
    """Why an event can have no public link, or nothing."""
    if name not in events:
        return f"expected one of the names in `events` ({', '.join(events) or 'there are none'})"
    link = events[name].link
    if link is None:
        return f"the event {name} needs a `link` to be public, such as https://meet.example.org/{{room}}"
    host = own_host(link)
    if host is None and not hosts:
        return (
            f"the host in the `link` of {name} hangs on the room; list in `embed.public.hosts`"
            " where it may lead, such as *.meet.example.org"
        )
    if host is not None and hosts and not is_listed(host, hosts):
        return f"the `link` of {name} leads to {host}, which is not in `embed.public.hosts`; add it there"
    return ""


class ConfigText(NamedTuple):
    """A config file as it was read: what `parse` takes. Both processes make the same settings of it."""

    text: str
    name: str
    folder: Path


def read_config(path: Path) -> ConfigText:
    """The text of a config file; `file:` secrets are seen from its folder. Raises BadConfig."""
    return ConfigText(text=read_text(path), name=str(path), folder=path.absolute().parent)


def parse(text: str, name: str, folder: Path) -> Config:
    """Check the text of a config file called `name`, with `file:` secrets seen from `folder`.

    Raises BadConfig with every mistake; what must agree between parts is looked at once each part is good.
    """
    document = read_yaml(text, name)
    try:
        return Config.model_validate(document.value, context={"folder": folder})
    except ValidationError as error:
        mistakes = find_mistakes(error, document, Config)
    raise BadConfig(
        mistakes
    )  # outside, so that pydantic's error, which holds the input, does not travel along


def main() -> None:
    """Print the JSON schema of the config file."""
    sys.stdout.write(schema_text(Config))


if __name__ == "__main__":
    main()
