"""Who asks, as an address: the peer, or whom a trusted proxy asks for. And how often each may."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.types import Scope

_LONGEST_CHAIN = 16
_MOST_CLIENTS = 4096


class Rate(NamedTuple):
    """So many at once, and then so many a second."""

    burst: float
    per_second: float


FAILED = Rate(20, 0.2)
"""Wrong passwords and tokens of one client. A browser asks for many files at once with a right one."""

WRITES = Rate(60, 2)
"""Writes with one token, but for webhooks."""

MADE = Rate(120, 20)
"""Public answers for one client that do not lie ready, and links that were not seen before."""

PNG_COSTS = 5.0
"""What a picture in dots takes of `MADE`, where others take 1."""


class Clients:
    """Tells clients apart. `trusted`: the addresses and networks whose `X-Forwarded-For` is believed."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusted = tuple(ipaddress.ip_network(each) for each in trusted)

    def name(self, scope: Scope, headers: Headers) -> str:
        """One word for whoever asks: an address, or the network of one where it has IPv6."""
        peer = peer_of(scope)
        if not self._trusted or not self._trusts(peer):
            return _client(peer)
        chain = ",".join(headers.getlist("x-forwarded-for")).split(",")
        for hop in reversed(chain[-_LONGEST_CHAIN:]):
            address = hop.strip()
            if _client(address) == "":
                break  # what a client wrote itself, or what no proxy of ours writes
            if not self._trusts(address):
                return _client(address)
        return _client(peer)

    def _trusts(self, address: str) -> bool:
        asked = address_of(address)
        return asked is not None and any(asked in network for network in self._trusted)


class Buckets:
    """A token bucket for each client; whoever was not heard of longest is forgotten beyond `most`."""

    def __init__(
        self, rate: Rate, most: int = _MOST_CLIENTS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._most = most
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, who: str, cost: float = 1.0) -> float:
        """0, or the seconds that `who` must wait; then nothing was taken."""
        left, now = self._now(who)
        wait = max(0.0, (cost - left) / self._rate.per_second)
        self._keep(who, left if wait else left - cost, now)
        return wait

    def give_back(self, who: str, cost: float = 1.0) -> None:
        """Undo a `take`."""
        left, now = self._now(who)
        self._keep(who, left + cost, now)

    def _now(self, who: str) -> tuple[float, float]:
        now = self._clock()
        left, at = self._left.pop(who, (self._rate.burst, now))
        return min(self._rate.burst, left + (now - at) * self._rate.per_second), now

    def _keep(self, who: str, left: float, now: float) -> None:
        if len(self._left) >= self._most:
            del self._left[next(iter(self._left))]
        self._left[who] = (min(left, self._rate.burst), now)


def peer_of(scope: Scope) -> str:
    """The address that the connection comes from."""
    return scope["client"][0] if scope.get("client") else ""


def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address; that of IPv4 also where a socket for both writes it as IPv6. None where it is none."""
    try:
        asked = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (asked.ipv4_mapped or asked) if isinstance(asked, ipaddress.IPv6Address) else asked


def _client(address: str) -> str:
    """Who has an address of IPv6 has 2^64 of them: their network counts. Empty where it is none."""
    asked = address_of(address)
    if asked is None or isinstance(asked, ipaddress.IPv4Address):
        return str(asked or "")
    return str(ipaddress.ip_network((int(asked) >> 64 << 64, 64)))
