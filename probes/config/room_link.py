"""Where anyone gets into a room: an address made of a room's id by a template of the config.

Ids are hostile, for anyone can name a room. So an id is encoded whole, and the finished address is
read again and leads nowhere but to the hosts that the config lists.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import SplitResult, quote, unquote, urlsplit

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

PLACEHOLDERS = ("room", "name", "node")
"""`name` is what stands before an `@` in the room's id, which is how Jitsi's pages are called."""

_EXAMPLE = "https://meet.example.org/{room}"
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_LISTED_HOST = re.compile(rf"(\*\.)?{_HOST.pattern}")
_LONGEST = 512
_LONGEST_ADDRESS = 2000


def _error(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("room_link", "{sentence}", {"sentence": sentence})


def room_link(template: str) -> str:
    """A template of a room's address. Raises PydanticCustomError."""
    names = _PLACEHOLDER.findall(template)
    unknown = next((name for name in names if name not in PLACEHOLDERS), None)
    if unknown is not None:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise _error(f"unknown placeholder {{{unknown[:20]}}}; known are {known}")
    if "room" not in names and "name" not in names:
        raise _error(f"expected {{room}} where the room's id belongs, such as {_EXAMPLE}")
    plain = _PLACEHOLDER.sub("x", template)
    if len(template) > _LONGEST or "{" in plain or "}" in plain or _parts(plain) is None:
        raise _error(f"expected an https or http address without a user name, such as {_EXAMPLE}")
    return template


def listed_host(text: str) -> str:
    """A host, or with `*.` before it all that are below it. Raises PydanticCustomError."""
    if len(text) > 253 or not _LISTED_HOST.fullmatch(text):
        raise _error("expected a host in lower case without a port, such as x.com or *.meet.example.org")
    return text


def own_host(template: str) -> str | None:
    """The host that `template` always leads to; None where it hangs on the room or its node."""
    host = urlsplit(_PLACEHOLDER.sub("{}", template)).netloc.partition(":")[0].lower()
    return None if "{" in host else host


def is_listed(host: str, hosts: Sequence[str]) -> bool:
    """Whether `hosts` has this one, by itself or by `*.` and its end."""
    return any(host == each or (each[0] == "*" and host.endswith(each[1:])) for each in hosts)


def address(template: str, hosts: Sequence[str], room: str, node: str) -> str | None:
    """The address of a room, or None where it would be anywhere but on one of `hosts`."""
    values = {"room": room, "name": room.partition("@")[0], "node": node}
    try:
        made = _PLACEHOLDER.sub(lambda found: quote(values[found[1]], safe=""), template)
    except UnicodeEncodeError:
        return None
    used = [values[name] for name in _PLACEHOLDER.findall(template)]
    parts = _parts(made) if all(text and text.isprintable() for text in used) else None
    if parts is None or not is_listed(parts.hostname or "", hosts):
        return None
    return made


def _parts(made: str) -> SplitResult | None:
    """The parts of an address that every browser reads as it stands; else None."""
    if len(made) > _LONGEST_ADDRESS or not re.fullmatch(r"[!-~]+", made) or "\\" in made:
        return None
    try:
        parts = urlsplit(made)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return None
    if parts.netloc.lower() != (host if port is None else f"{host}:{port}"):
        return None
    if any(step in (".", "..") for step in re.split(r"[/\\\\]", unquote(parts.path))):
        return None  # a browser or a server would take another page for it
    return parts


RoomLink = Annotated[str, AfterValidator(room_link)]
ListedHost = Annotated[str, AfterValidator(listed_host)]
