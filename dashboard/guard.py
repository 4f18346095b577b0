"""Who may come in: the host asked for, where the request comes from, and who asks.

- `Host` must be a name that Roomwatch is known by (against DNS rebinding).
- A request that a browser marks as coming from another site is refused, but for
  opening a page.
- A write needs a bearer token with the right that `rights.py` lists, on loopback too;
  but for a webhook, which proves by its signature who posts it. `state.by` is the
  token's name, `state.role` its right.
- A write is short, and says how long it is; webhooks have their own limit.
- Who gives wrong tokens or passwords too often, or writes too often, must wait.
- Reading needs a token, a password or a trusted proxy where `auth:` sets one.
- Without `auth:` only this machine may read, with `local_reads` this machine too;
  a request that came through a proxy is not this machine.
"""

from __future__ import annotations

import hmac
import ipaddress
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import alert_hook, hooks
from dashboard.attempts import Attempt, Attempts
from dashboard.clients import FAILED, WRITES, Buckets, Clients, address_of, peer_of
from dashboard.passwords import Passwords, Verdict, user_named
from dashboard.rights import READS, needed, writes
from probes.config.auth import Auth, Role, Token, TrustedProxy

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
OPEN_PATHS = frozenset({"/-/healthy", "/-/ready"})
"""Read by anyone: a load balancer that asks holds no token, knows no name, and learns only yes or no."""

SIGNED_PATHS = frozenset({hooks.PATH})
"""Posted to by anyone who signs with a service's secret, which is checked there; the other rules hold."""

LONGEST_WRITE = 65_536
"""Bytes of a write's body; what people write has a few hundred."""

WEBHOOK_PATHS = SIGNED_PATHS | {alert_hook.PATH}
"""Posted to by machines, with bodies that are bounded where they are read."""

_PROXY_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_BASIC = 'Basic realm="Roomwatch", charset="UTF-8"'


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered, in one sentence, and how to ask again.

    `attempt` is for the log where something was given that was not right. `wait` is in seconds.
    """

    status: int
    sentence: str
    challenge: str = ""
    attempt: Attempt | None = None
    wait: float = 0.0


class Guard:
    """ASGI middleware around everything that is served. `clock` counts seconds for those who must wait."""

    def __init__(
        self, app: ASGIApp, auth: Auth, bound_host: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._bound_host = bound_host
        self._bound_name = f"[{bound_host}]" if ":" in bound_host else bound_host.lower()
        self._passwords = Passwords()
        self._attempts = Attempts()
        self._failed = Buckets(FAILED, clock=clock)
        self._writes = Buckets(WRITES, clock=clock)
        self._auth = auth
        self._clients = Clients(auth.trusted_proxies)

    def refuses(self, auth: Auth) -> str | None:
        """Why these rules must not be taken over, or None where they may."""
        return refuses_listening(self._bound_host, auth)

    def follow(self, auth: Auth) -> None:
        """Take over new rules after a reload."""
        self._auth = auth
        self._clients = Clients(auth.trusted_proxies)
        self._passwords = Passwords()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)
        refusal = await self._refuses(scope, headers)
        if refusal is None:
            await self._app(scope, receive, send)
            return
        if refusal.attempt:
            self._attempts.note(refusal.attempt, self._clients.name(scope, headers))
        told = {"Cache-Control": "no-store"}
        if refusal.challenge:
            told["WWW-Authenticate"] = refusal.challenge
        if refusal.status == 429:
            told["Retry-After"] = str(math.ceil(refusal.wait) or 1)
        await PlainTextResponse(refusal.sentence + "\n", refusal.status, told)(scope, receive, send)

    async def _refuses(self, scope: Scope, headers: Headers) -> Refusal | None:
        if scope["path"] in OPEN_PATHS and scope["method"] in READS:
            return None
        return (
            self._refuses_host(headers.get("host", ""))
            or _refuses_site(scope["method"], headers)
            or await self._refuses_person(scope, headers)
            or _refuses_size(scope, headers)
        )

    def _refuses_host(self, host: str) -> Refusal | None:
        name = _host_name(host)
        if (
            name in LOOPBACK_NAMES
            or name == self._bound_name
            or name in {h.lower() for h in self._auth.hosts}
        ):
            return None
        return Refusal(421, "This host name is not known here. Add it to `auth.hosts` in the config file.")

    async def _refuses_person(self, scope: Scope, headers: Headers) -> Refusal | None:
        if scope["method"] == "POST" and scope["path"] in SIGNED_PATHS:
            return None
        given = headers.get("authorization", "")
        token, need = self._token(given), needed(scope["method"], scope["path"])
        if token is not None:
            scope.setdefault("state", {}).update(by=token.name, role=token.may)
            return _refuses_role(token.may, need) or self._refuses_hurry(scope, token)
        who = self._clients.name(scope, headers)
        if _is_bearer(given) and (wait := self._failed.take(who)):
            return _slowed(wait)
        wrong = Attempt.BEARER if _is_bearer(given) else None
        if need is not Role.VIEW:
            sentence = f"This needs a bearer token from `auth.tokens` with `may: {need}`."
            return Refusal(401, sentence, "Bearer", wrong)
        return await self._refuses_reader(scope, headers, who, wrong)

    def _refuses_hurry(self, scope: Scope, token: Token) -> Refusal | None:
        """Webhooks are not slowed: who sends them would lose what they tell."""
        if not writes(scope["method"], scope["path"]) or scope["path"] in WEBHOOK_PATHS:
            return None
        wait = self._writes.take(token.name)
        return Refusal(429, "Too many writes with this token. Try again soon.", wait=wait) if wait else None

    async def _refuses_reader(
        self, scope: Scope, headers: Headers, who: str, wrong: Attempt | None
    ) -> Refusal | None:
        peer = peer_of(scope)
        local = is_loopback(peer) and not any(name in headers for name in _PROXY_HEADERS)
        if local and (self._auth.local_reads or not self._auth.guards_reading):
            return None
        if not self._auth.guards_reading:
            return Refusal(
                403, "Only this machine may look, without a proxy, until `auth` is set in the config file."
            )
        if self._auth.proxy and _vouched_for(self._auth.proxy, peer, headers):
            return None
        if not self._auth.basic:
            return Refusal(401, "Looking needs a bearer token from `auth.tokens`.", "Bearer", wrong)
        return await self._refuses_password(headers.get("authorization", ""), who, wrong)

    async def _refuses_password(self, given: str, who: str, wrong: Attempt | None) -> Refusal | None:
        """A try is taken before it is known whether it is right: many at once are no more tries."""
        tried = bool(given) and wrong is None
        account = f"{who} {user_named(self._auth.basic, given)}" if tried else who
        if tried and (wait := self._failed.take(account)):
            return _slowed(wait)
        match await self._passwords.check(self._auth.basic, given):
            case Verdict.RIGHT:
                self._failed.give_back(account)
                return None
            case Verdict.BUSY:
                self._failed.give_back(account)
                sentence = "Too many passwords are being checked. Try again in a second."
                return Refusal(429, sentence, attempt=Attempt.UNCHECKED, wait=1.0)
            case _:
                wrong = wrong or (Attempt.BASIC if given else None)
                return Refusal(401, "Looking needs a user name and its password.", _BASIC, wrong)

    def _token(self, authorization: str) -> Token | None:
        if not _is_bearer(authorization):
            return None
        given = authorization.partition(" ")[2]
        found = None
        for token in self._auth.tokens:
            # Every token is compared, so that the time taken tells nothing.
            if hmac.compare_digest(token.token.reveal().encode(), given.strip().encode()):
                found = token
        return found


def _is_bearer(authorization: str) -> bool:
    return authorization.partition(" ")[0].lower() == "bearer"


def _refuses_role(role: Role, need: Role) -> Refusal | None:
    if role.includes(need):
        return None
    return Refusal(403, f"This token has `may: {role}`; this needs one with `may: {need}`.")


def _slowed(wait: float) -> Refusal:
    sentence = "Too many wrong tokens or passwords came from here. Try again later."
    return Refusal(429, sentence, attempt=Attempt.SLOWED, wait=wait)


def is_loopback(address: str) -> bool:
    """Whether `address` is this machine's own; a host name other than localhost is not."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def refuses_listening(host: str, auth: Auth) -> str | None:
    """Why Roomwatch must not listen on `host` with these rules, or None where it may."""
    if is_loopback(host) or auth.guards_reading:
        return None
    return (
        f"listening on {host} would show everything to everyone who can reach it: "
        "set `auth:` in the config file (tokens, basic or proxy), or listen on 127.0.0.1"
    )


def _refuses_site(method: str, headers: Headers) -> Refusal | None:
    site = headers.get("sec-fetch-site", "none")
    if site in ("same-origin", "none"):
        return None
    opens_a_page = method in READS and headers.get("sec-fetch-dest") == "document"
    if opens_a_page:
        return None
    return Refusal(403, "Requests from other sites are refused.")


def _refuses_size(scope: Scope, headers: Headers) -> Refusal | None:
    if scope["method"] in READS or scope["path"] in WEBHOOK_PATHS:
        return None
    if "transfer-encoding" in headers:
        return Refusal(411, "A write must say how long it is, by `Content-Length`.")
    length = headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and len(length) < 20 and int(length) <= LONGEST_WRITE:
        return None
    return Refusal(413, f"A write has at most {LONGEST_WRITE // 1024} kB.")


def _vouched_for(proxy: TrustedProxy, peer: str, headers: Headers) -> bool:
    address = address_of(peer)
    if address is None:
        return False
    is_proxy = any(address in ipaddress.ip_network(known) for known in proxy.addresses)
    return is_proxy and bool(headers.get(proxy.header, "").strip())


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower().rstrip(".")
