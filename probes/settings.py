"""The config file as types, and how it is read.

`load` and `parse` either return a whole `Config` or raise `BadConfig` with every
mistake in the file: where it is, what was found and what was expected.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from probes.config_file import BadConfig, Mistake, find_mistakes, read_yaml
from probes.objectives import Objectives
from probes.services import SERVICES, AnyService
from probes.units import Duration, Name, Secret, Settings, Share, Size

__all__ = ["BadConfig", "Config", "Mistake", "load", "parse"]

SERVICE_KINDS = tuple(SERVICES)


class Event(Settings):
    """A launch being watched. `rooms` are ids, or patterns with `*`."""

    name: Name
    title: Annotated[str, Field(max_length=128)] = ""
    service: Name
    rooms: list[Annotated[str, Field(min_length=1, max_length=256)]] = Field(default=["*"], max_length=100)
    starts_at: datetime | None = None
    audience: Annotated[int, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _knows_its_time_zone(self) -> Event:
        if self.starts_at is not None and self.starts_at.tzinfo is None:
            raise PydanticCustomError("time_zone", "expected a time with its zone, such as 2023-05-24T18:00:00-04:00")
        return self


class Token(Settings):
    """A bearer token. `may: write` includes reading."""

    name: Name
    token: Secret
    may: Literal["read", "write"] = "write"

    @model_validator(mode="after")
    def _long_enough(self) -> Token:
        if len(self.token.reveal()) < 16:
            raise PydanticCustomError("token_length", "expected a token of at least 16 characters")
        return self


class BasicUser(Settings):
    """A person who reads the board with a password; `roomwatch hash-password` makes the hash."""

    user: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^:\s]+$")]
    password_hash: Secret

    @model_validator(mode="after")
    def _is_a_hash(self) -> BasicUser:
        if not self.password_hash.reveal().startswith("$argon2"):
            raise PydanticCustomError("password_hash", "expected a hash made by `roomwatch hash-password`")
        return self


class TrustedProxy(Settings):
    """A proxy that has already asked who it is, and says so in `header`."""

    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] = "X-Forwarded-User"
    addresses: list[str] = Field(min_length=1, max_length=64)


class Auth(Settings):
    """Who may look and who may change things. Listening beyond loopback needs one of the three."""

    hosts: list[Annotated[str, Field(min_length=1, max_length=253)]] = Field(default=[], max_length=64)
    tokens: list[Token] = Field(default=[], max_length=64)
    basic: list[BasicUser] = Field(default=[], max_length=256)
    proxy: TrustedProxy | None = None

    @property
    def guards_reading(self) -> bool:
        return bool(self.basic or self.proxy or self.tokens)


class HistorySettings(Settings):
    """Where what was seen is kept, how finely and for how long."""

    path: str = "var/roomwatch.sqlite"
    detail: Duration = 86400.0
    keep: Duration = 30 * 86400.0
    max_size: Size = 2_000_000_000


class Config(Settings):
    """The whole of `roomwatch.yaml`."""

    services: list[AnyService] = Field(min_length=1, max_length=32)
    events: list[Event] = Field(default=[], max_length=32)
    objectives: Objectives = Objectives()
    auth: Auth = Auth()
    history: HistorySettings = HistorySettings()
    tick: Annotated[Duration, Field(ge=0.1, le=10)] = 1.0

    @model_validator(mode="after")
    def _names_are_unique_and_known(self) -> Config:
        _unique("service", [service.name for service in self.services])
        _unique("event", [event.name for event in self.events])
        _unique("token", [token.name for token in self.auth.tokens])
        _unique("user", [user.user for user in self.auth.basic])
        names = {service.name for service in self.services}
        for event in self.events:
            if event.service not in names:
                raise PydanticCustomError(
                    "unknown_service",
                    "the event {event} names the service {service}, which is not in `services`",
                    {"event": event.name, "service": event.service},
                )
        return self


def _unique(what: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise PydanticCustomError(
                "duplicate_name", "two {what}s have the name {name}; names must differ", {"what": what, "name": name}
            )
        seen.add(name)


def load(path: Path) -> Config:
    """Read and check a config file. Raises BadConfig."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise BadConfig([Mistake(str(path), 0, f"cannot be read: {why}; expected a YAML file")]) from None
    return parse(text, str(path), path.parent)


def parse(text: str, name: str, folder: Path) -> Config:
    """Check the text of a config file called `name`, with `file:` secrets seen from `folder`. Raises BadConfig."""
    document = read_yaml(text, name)
    try:
        return Config.model_validate(document.value, context={"folder": folder})
    except ValidationError as error:
        raise BadConfig(find_mistakes(error, document, Config)) from None


def json_schema() -> dict[str, Any]:
    """The JSON schema of the config file, for editors."""
    schema = Config.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Roomwatch"
    return schema
