"""Who may come in: the host asked for, where the request comes from, and who asks.

- `Host` must be a name that Roomwatch is known by (against DNS rebinding).
- A request that a browser marks as coming from another site is refused, but for
  opening a page.
- A write needs a bearer token that may write, on loopback too; but for a webhook,
  which proves by its signature who posts it. `state.by` is the token's name.
- A write is short, and says how long it is; webhooks have their own limit.
- Reading needs a token, a password or a trusted proxy where `auth:` sets one.
- Without `auth:` only this machine may read, with `local_reads` this machine too;
  a request that came through a proxy is not this machine.
"""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import alert_hook, hooks
from dashboard.attempts import Attempt, Attempts
from dashboard.passwords import Passwords, Verdict
from probes.settings import Auth, Token, TrustedProxy

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
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered, in one sentence, and how to ask again.

    `attempt` is for the log where something was given that was not right.
    """

    status: int
    sentence: str
    challenge: str = ""
    attempt: Attempt | None = None


class Guard:
    """ASGI middleware around everything that is served."""

    def __init__(self, app: ASGIApp, auth: Auth, bound_host: str) -> None:
        self._app = app
        self._bound_host = bound_host
        self._bound_name = f"[{bound_host}]" if ":" in bound_host else bound_host.lower()
        self._passwords = Passwords()
        self._attempts = Attempts()
        self._auth = auth

    def refuses(self, auth: Auth) -> str | None:
        """Why these rules must not be taken over, or None where they may."""
        return refuses_listening(self._bound_host, auth)

    def follow(self, auth: Auth) -> None:
        """Take over new rules after a reload."""
        self._auth = auth
        self._passwords = Passwords()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = await self._refuses(scope, Headers(scope=scope))
        if refusal is None:
            await self._app(scope, receive, send)
            return
        if refusal.attempt:
            self._attempts.note(refusal.attempt, _peer(scope))
        headers = {"Cache-Control": "no-store"}
        if refusal.challenge:
            headers["WWW-Authenticate"] = refusal.challenge
        await PlainTextResponse(refusal.sentence + "\n", refusal.status, headers)(scope, receive, send)

    async def _refuses(self, scope: Scope, headers: Headers) -> Refusal | None:
        if scope["path"] in OPEN_PATHS and scope["method"] in _READS:
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
        is_write = scope["method"] not in _READS
        given = headers.get("authorization", "")
        token = self._token(given)
        wrong = Attempt.BEARER if _is_bearer(given) else None
        if is_write:
            if token is not None and token.may == "write":
                scope.setdefault("state", {})["by"] = token.name
                return None
            if token is not None:
                return Refusal(403, "This token may only read; a write needs one with `may: write`.")
            return Refusal(
                401, "A write needs a bearer token from `auth.tokens` with `may: write`.", "Bearer", wrong
            )
        if token is not None:
            return None
        return await self._refuses_reader(_peer(scope), headers, wrong)

    async def _refuses_reader(self, peer: str, headers: Headers, wrong: Attempt | None) -> Refusal | None:
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
        given = headers.get("authorization", "")
        match await self._passwords.check(self._auth.basic, given):
            case Verdict.RIGHT:
                return None
            case Verdict.BUSY:
                return Refusal(
                    429,
                    "Too many passwords are being checked. Try again in a second.",
                    "",
                    Attempt.UNCHECKED,
                )
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


def _peer(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


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
    opens_a_page = method in _READS and headers.get("sec-fetch-dest") == "document"
    if opens_a_page:
        return None
    return Refusal(403, "Requests from other sites are refused.")


def _refuses_size(scope: Scope, headers: Headers) -> Refusal | None:
    if scope["method"] in _READS or scope["path"] in WEBHOOK_PATHS:
        return None
    if "transfer-encoding" in headers:
        return Refusal(411, "A write must say how long it is, by `Content-Length`.")
    length = headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and len(length) < 20 and int(length) <= LONGEST_WRITE:
        return None
    return Refusal(413, f"A write has at most {LONGEST_WRITE // 1024} kB.")


def _vouched_for(proxy: TrustedProxy, peer: str, headers: Headers) -> bool:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    is_proxy = any(address in ipaddress.ip_network(known) for known in proxy.addresses)
    return is_proxy and bool(headers.get(proxy.header, "").strip())


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower().rstrip(".")
