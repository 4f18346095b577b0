"""The small types of the config file: durations, sizes, secrets, urls, names."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, BaseModel, Field, GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SIZES = {"kB": 10**3, "MB": 10**6, "GB": 10**9}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)(kB|MB|GB)")
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")


class Settings(BaseModel):
    """What every part of the config file is: immutable, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


def seconds(text: object) -> float:
    """Read a duration such as `800ms`, `5s`, `1m30s`.

    Raises PydanticCustomError with a sentence that says what was expected.
    """
    if isinstance(text, str):
        parts = _DURATION.findall(text)
        if parts and "".join(number + unit for number, unit in parts) == text:
            total = sum(float(number) * _UNITS[unit] for number, unit in parts)
            if total > 0:
                return total
    raise PydanticCustomError("duration", "expected a duration above zero such as 800ms, 5s, 2m or 1m30s")


def size(text: object) -> int:
    """Read a size in bytes such as `500kB`, `11MB`, `2GB`."""
    if isinstance(text, str) and (found := _SIZE.fullmatch(text)) and float(found[1]) > 0:
        return int(float(found[1]) * _SIZES[found[2]])
    raise PydanticCustomError("size", "expected a size above zero such as 500kB, 11MB or 2GB")


def http_url(text: str) -> str:
    """An http or https url without user info (secrets belong in a header)."""
    try:
        parts = urlsplit(text)
        port_is_readable = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_readable = urlsplit(""), False
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_readable:
        raise PydanticCustomError("url", "expected an http or https url such as http://10.0.0.5:8088")
    if parts.username is not None or parts.password is not None:
        raise PydanticCustomError(
            "url_user_info", "a url must hold no user name or password: put them into `headers` as ${{ENV}}"
        )
    return text


def short_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise PydanticCustomError(
            "name", "expected a short name of a-z, 0-9, dot, dash and underscore, such as spaces or eu-2"
        )
    return text


_JSON_DURATION = {"type": "string", "pattern": r"^(\d+(\.\d+)?(ms|s|m|h|d))+$", "examples": ["800ms", "5s"]}
_JSON_SIZE = {"type": "string", "pattern": r"^\d+(\.\d+)?(kB|MB|GB)$", "examples": ["11MB"]}

Duration = Annotated[float, BeforeValidator(seconds), Field(json_schema_extra=_JSON_DURATION)]
Size = Annotated[int, BeforeValidator(size), Field(json_schema_extra=_JSON_SIZE)]
Url = Annotated[str, AfterValidator(http_url)]
Name = Annotated[str, AfterValidator(short_name)]
Share = Annotated[float, Field(ge=0, le=1)]


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
            raise PydanticCustomError("secret", "expected text, ${{ENV}} or file:PATH")
        folder = (info.context or {}).get("folder", Path())
        return cls(_resolve(text, folder))


def _resolve(text: str, folder: Path) -> str:
    if text.startswith("file:"):
        path = folder / text.removeprefix("file:")
        try:
            value = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise PydanticCustomError(
                "secret_file",
                "the secret file {path} cannot be read ({why}); expected a readable text file",
                {"path": str(path), "why": getattr(error, "strerror", None) or "it is not text"},
            ) from None
        if not value:
            raise PydanticCustomError("secret_file", "the secret file {path} is empty", {"path": str(path)})
        return value

    def lookup(found: re.Match[str]) -> str:
        value = os.environ.get(found[1])
        if not value:
            raise PydanticCustomError(
                "secret_env", "the environment variable {name} is not set; set it, or use file:PATH", {"name": found[1]}
            )
        return value

    return _REFERENCE.sub(lookup, text)
