"""Who may look and who may change things: the `auth:` of the config file."""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from probes.config.units import HeaderName, Name, Network, Secret, Settings, one_of

_HOST_NAME = re.compile(r"[\w-]+(\.[\w-]+)*\.?")


def _long_enough(token: Secret) -> Secret:
    if len(token.reveal()) < 16:
        raise PydanticCustomError("token_length", "expected a token of at least 16 characters")
    return token


class Role(StrEnum):
    """What a token is good for; each includes those before it."""

    VIEW = "view"
    NOTE = "note"
    OPERATE = "operate"

    def includes(self, other: Role) -> bool:
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


_FORMER = {
    "read": "expected `view`, as `read` is called now",
    "write": "expected `note` or `operate`, into which `write` was divided",
}
"""What became of the words of before."""


def _not_a_former_word(word: object) -> object:
    if isinstance(word, str) and word in _FORMER:
        raise PydanticCustomError("former_role", "{now}", {"now": _FORMER[word]})
    return word


class Token(Settings):
    """A bearer token. `may` says what for: look, also write notes, also change what goes on."""

    name: Name
    token: Annotated[Secret, AfterValidator(_long_enough)]
    may: Annotated[Role, one_of(tuple(Role)), BeforeValidator(_not_a_former_word)] = Role.OPERATE


def _is_a_hash(value: Secret) -> Secret:
    if not value.reveal().startswith("$argon2"):
        raise PydanticCustomError("password_hash", "expected a hash made by `roomwatch hash-password`")
    return value


def _is_a_user_name(text: str) -> str:
    if not 0 < len(text) <= 64 or ":" in text or " " in text or not text.isprintable():
        raise PydanticCustomError("user", "a user name has 1 to 64 characters, no spaces and no colons")
    return text


class BasicUser(Settings):
    """A person who reads the board with a password; `roomwatch hash-password` makes the hash."""

    user: Annotated[str, AfterValidator(_is_a_user_name)]
    password_hash: Annotated[Secret, AfterValidator(_is_a_hash)]


class TrustedProxy(Settings):
    """A proxy that has already asked who it is, and says so in `header`."""

    header: HeaderName = "X-Forwarded-User"
    addresses: list[Network] = Field(min_length=1, max_length=64)
    """The addresses or networks that the proxy connects from."""


def _is_a_host_name(text: str) -> str:
    """As a request names it: without the dot of a full name, and an IPv6 address in brackets."""
    if _HOST_NAME.fullmatch(text):
        return text.rstrip(".")
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        ipaddress.IPv6Address(bare)
    except ValueError:
        raise PydanticCustomError(
            "host_name", "expected a host name without scheme and port, such as board.example.org"
        ) from None
    return f"[{bare}]"


_HostName = Annotated[str, AfterValidator(_is_a_host_name), Field(min_length=1, max_length=253)]


class Auth(Settings):
    """Who may look and who may change things. Listening beyond loopback needs tokens, basic or proxy."""

    hosts: list[_HostName] = Field(default=[], max_length=64)
    """The host names under which the board may be asked for, beside loopback's."""
    tokens: list[Token] = Field(default=[], max_length=64)
    """Bearer tokens, for machines and for every write."""
    basic: list[BasicUser] = Field(default=[], max_length=256)
    """People with passwords."""
    proxy: TrustedProxy | None = None
    local_reads: bool = False
    """Whether this machine may look without any of them, unless it asks through a proxy."""
    forwarded_by: list[Network] = Field(default=[], max_length=64)
    """Proxies, by address or network, whose X-Forwarded-For tells clients apart; `proxy` is one of them."""

    @property
    def guards_reading(self) -> bool:
        return bool(self.basic or self.proxy or self.tokens)

    @property
    def trusted_proxies(self) -> list[str]:
        """Whose word on where a request comes from is believed."""
        return [*self.forwarded_by, *(self.proxy.addresses if self.proxy else ())]
