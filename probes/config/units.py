"""The small types of the config file: durations, sizes, times, secrets, urls, names."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_LONGEST = 3650 * 86400.0
_SIZES = {"kB": 10**3, "MB": 10**6, "GB": 10**9}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(kB|MB|GB)")
_LONGEST_WORD = 32  # of a duration or a size
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")
_SECRET_BYTES = 64_000
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")  # RFC 9110, 5.1: a token
_HEADER_VALUE = re.compile(r"([!-~]([ \t!-~]*[!-~])?)?")  # RFC 9110, 5.5, without its obsolete bytes

TOO_LONG = "duration_too_long"
"""The type of the error where a duration is none only because it is too long."""

SHORTEST_INTERVAL = 0.1
"""Seconds between two runs of a probe: faster ones would measure themselves."""


class Settings(BaseModel):
    """What every part of the config file is: immutable, and closed to unknown keys."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )


def seconds(text: object) -> float:
    """Read a duration such as `800ms`, `5s`, `1m30s`: more than none, at most ten years.

    Raises PydanticCustomError with a sentence that says what was expected.
    """
    if isinstance(text, str) and len(text) <= _LONGEST_WORD:
        parts = _DURATION.findall(text)
        if parts and "".join(number + unit for number, unit in parts) == text:
            total = sum(float(number) * _UNITS[unit] for number, unit in parts)
            if total > _LONGEST:
                raise PydanticCustomError(
                    TOO_LONG, f"expected a duration of at most {duration_text(_LONGEST)}"
                )
            if total > 0:
                return total
    if isinstance(text, int | float) and not isinstance(text, bool):
        raise PydanticCustomError(
            "duration", "expected a duration such as 5s, with its unit (ms, s, m, h or d)"
        )
    raise PydanticCustomError("duration", "expected a duration above zero such as 800ms, 5s, 2m or 1m30s")


def duration_text(length: float) -> str:
    """The shortest way to write `length` seconds that `seconds` reads back: `1d`, `90s`, `800ms`."""
    for unit in ("d", "h", "m", "s"):
        if length >= _UNITS[unit] and length % _UNITS[unit] == 0:
            return f"{length / _UNITS[unit]:.14g}{unit}"
    return f"{round(length * 1000, 3):.14g}ms"


def size(text: object) -> int:
    """Read a size in bytes such as `500kB`, `11MB`, `2GB`. Raises PydanticCustomError."""
    if isinstance(text, str) and len(text) <= _LONGEST_WORD and (found := _SIZE.fullmatch(text)):
        total = int(float(found[1]) * _SIZES[found[2]])
        if 0 < total <= 10**15:
            return total
    raise PydanticCustomError("size", "expected a size above zero such as 500kB, 11MB or 2GB")


def size_text(length: int) -> str:
    """`length` bytes as `size` reads them."""
    unit = next((unit for unit in ("GB", "MB") if length % _SIZES[unit] == 0), "kB")
    return f"{length / _SIZES[unit]:.15g}{unit}"


def moment(value: object) -> datetime:
    """Read a time such as `2023-05-24T18:00:00-04:00`, always with its zone. Raises PydanticCustomError."""
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        read = None
    if not isinstance(read, datetime) or read.tzinfo is None:
        raise PydanticCustomError(
            "moment", "expected a time with its zone, such as 2023-05-24T18:00:00-04:00"
        )
    return read


def http_url(text: str) -> str:
    """An http or https url without user info (secrets belong in a header). Raises PydanticCustomError."""
    try:
        parts = urlsplit(text)
        usable = parts.port is None or parts.port > 0
    except ValueError:
        parts, usable = urlsplit(""), False
    usable = usable and text.isprintable() and " " not in text
    if parts.username is not None or parts.password is not None:
        raise PydanticCustomError(
            "url_user_info", "a url must hold no user name or password: put them into `headers` as ${ENV}"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or not usable:
        raise PydanticCustomError("url", "expected an http or https url such as http://10.0.0.5:8088")
    return text


def without_credentials(text: str) -> str:
    """`text` as an error may show it: the user info and the query of a url can be secrets."""
    shown = re.sub(r"(?<=//)[^/]*@|^[^/]*:[^/]*@", "…@", text)
    return re.sub(r"[?#].*", "?…", shown, flags=re.DOTALL) if "/" in shown else shown


def short_name(text: str) -> str:
    """A name fit for labels, paths and files. Raises PydanticCustomError."""
    if not _NAME.fullmatch(text):
        raise PydanticCustomError(
            "name", "expected a short name of a-z, 0-9, dot, dash and underscore, such as spaces or eu-2"
        )
    return text


def network(text: str) -> str:
    """An address or a network of addresses. Raises PydanticCustomError."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise PydanticCustomError(
            "network", "expected an address or a network such as 10.0.0.5 or 10.0.0.0/24"
        ) from None


def _not_too_often(every: float) -> float:
    if every < SHORTEST_INTERVAL:
        raise PydanticCustomError("interval", "expected an interval of at least 100ms")
    return every


def _header_name(text: str) -> str:
    if not _HEADER.fullmatch(text):
        raise PydanticCustomError("header_name", "expected the name of an HTTP header such as X-Api-Key")
    return text


def digits(value: object) -> object:
    """Janus and X name things by numbers, which YAML reads as such: a number stands for its digits."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def as_list(value: object) -> object:
    """For a key that takes one text or a list of them."""
    return [value] if isinstance(value, str) else value


DURATION_SCHEMA = {
    "type": "string",
    "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$",
    "examples": ["800ms", "5s"],
}
SIZE_SCHEMA = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(kB|MB|GB)$", "examples": ["11MB"]}
_MOMENT_SCHEMA = {"type": "string", "format": "date-time", "examples": ["2023-05-24T18:00:00-04:00"]}
_ROOM_SCHEMA = {"type": ["string", "integer"], "minLength": 1, "maxLength": 256}

Duration = Annotated[float, BeforeValidator(seconds), WithJsonSchema(DURATION_SCHEMA)]
Interval = Annotated[Duration, AfterValidator(_not_too_often)]
Size = Annotated[int, BeforeValidator(size), WithJsonSchema(SIZE_SCHEMA)]
Moment = Annotated[datetime, BeforeValidator(moment), WithJsonSchema(_MOMENT_SCHEMA)]
Url = Annotated[str, AfterValidator(http_url)]
Name = Annotated[str, AfterValidator(short_name), Field(json_schema_extra={"pattern": f"^{_NAME.pattern}$"})]
HeaderName = Annotated[str, AfterValidator(_header_name)]
Network = Annotated[str, AfterValidator(network)]
RoomId = Annotated[
    str, BeforeValidator(digits), Field(min_length=1, max_length=256), WithJsonSchema(_ROOM_SCHEMA)
]
Share = Annotated[float, Field(ge=0, le=1)]


def one_of(members: Sequence[StrEnum]) -> BeforeValidator:
    """For a field of an enum: read the word of one of `members`, and no other."""
    words: dict[object, StrEnum] = {member.value: member for member in members}

    def read(word: object) -> StrEnum:
        member = words.get(word) if isinstance(word, str) else None
        if member is None:
            raise PydanticKnownError("enum", {"expected": ", ".join(map(str, words))})
        return member

    return BeforeValidator(read, json_schema_input_type=Literal[tuple(words)])


def is_duration(notes: Iterable[object]) -> bool:
    """Whether these notes of a field are those of a Duration."""
    return any(isinstance(note, BeforeValidator) and note.func is seconds for note in notes)


class Secret:
    """A value that never prints: `str`, `repr` and errors show `***`.

    In the file it is `${ENV}` (also inside a longer text, as `Bearer ${TOKEN}`)
    or `file:PATH`, the path seen from the config file's folder. A plain text is
    taken as it is, for headers that are no secret.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            cls._read, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: Any) -> dict[str, Any]:
        return {"type": "string", "examples": ["${TOKEN}", "file:token.txt"]}

    @classmethod
    def _read(cls, text: object, info: ValidationInfo) -> Secret:
        if isinstance(text, Secret):
            return text
        if not isinstance(text, str):
            raise PydanticCustomError("secret", "expected text in quotes, ${ENV} or file:PATH")
        folder = (info.context or {}).get("folder", Path())
        return cls(_resolve(text, folder))


def _resolve(text: str, folder: Path) -> str:
    if text.startswith("file:"):
        return _read_secret(folder / text.removeprefix("file:"))

    def lookup(found: re.Match[str]) -> str:
        value = os.environ.get(found[1])
        if not value:
            raise PydanticCustomError(
                "secret_env",
                "the environment variable {name} is not set; set it, or use file:PATH",
                {"name": found[1]},
            )
        return value

    return _REFERENCE.sub(lookup, text)


def _read_secret(path: Path) -> str:
    where = {"path": str(path)}
    try:
        with path.open("rb") as file:
            value = file.read(_SECRET_BYTES).decode("utf-8").strip()
    except UnicodeDecodeError:
        raise PydanticCustomError(
            "secret_file", "the secret file {path} is not text; expected UTF-8 text", where
        ) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its name cannot be used"
        raise PydanticCustomError(
            "secret_file",
            "the secret file {path} cannot be read: {why}; expected a path from the config file's folder",
            {**where, "why": why},
        ) from None
    if not value:
        raise PydanticCustomError("secret_file", "the secret file {path} is empty", where)
    return value


def _header_value(value: Secret) -> Secret:
    if not _HEADER_VALUE.fullmatch(value.reveal()):
        raise PydanticCustomError(
            "header_value",
            "expected the value of an HTTP header: one line of ASCII characters, no blanks at its ends",
        )
    return value


HeaderValue = Annotated[Secret, AfterValidator(_header_value)]


def revealed(headers: Mapping[str, Secret]) -> dict[str, str]:
    """Headers as they are sent."""
    return {name: value.reveal() for name, value in headers.items()}
