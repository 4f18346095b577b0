"""One bounded HTTP exchange.

Polls go through httpx on aiohttp's transport, one client for all probes. The
deadline is the caller's (`asyncio.timeout`): a cancelled exchange closes its
connection. Nothing is kept between exchanges but open connections and what
services said of how often they may be asked: no cookies, no proxies or
passwords from the environment.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import httpx
from aiohttp.connector import Connection
from httpx_aiohttp import AiohttpTransport

from probes.failure import ProbeFailed
from probes.http.body import read_body
from probes.http.budgets import Budgets
from probes.http.faults import EXCHANGE_ERRORS, failed_exchange, place
from probes.model import Outcome, plain_text

__all__ = ["Answer", "Http", "Limits"]

MAX_REDIRECTS = 5

KEEP_ALIVE = 4.0
"""Seconds an idle connection is kept: less than the 5 s after which many servers close theirs,
so that a poll does not meet a connection that is just being closed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer. `where` is the host and port it came from, for sentences."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    where: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What an answer may be. `max_body` in bytes holds for the compressed and for the inflated body."""

    max_body: int = 64_000_000
    follow_redirects: bool = False
    verify_tls: bool = True


class Http:
    """Asks one question and reads one answer. Made in the event loop that uses it; `close` ends it.

    `budgets` is for the adapters whose services tell how often they may be asked.
    """

    def __init__(self) -> None:
        self.budgets = Budgets()
        self._contexts: dict[bool, ssl.SSLContext] = {}
        self._clients: dict[bool, httpx.AsyncClient] = {}

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        content: bytes | None = None,
        limits: Limits = Limits(),
    ) -> Answer:
        """Send one request and read its answer, whatever its status.

        Raises ProbeFailed (refused, dns, tls, timeout, protocol, unavailable)
        with a sentence that names the host, never the path or a header.
        """
        client = self._client(limits.verify_tls)
        request = client.build_request(method, url, headers=headers, json=json, content=content)
        for _ in range(MAX_REDIRECTS + 1):
            told = await _exchange(client, request, limits)
            if isinstance(told, Answer):
                return told
            request = _without_secrets(request, told, headers or ())
        raise ProbeFailed(
            Outcome.PROTOCOL,
            f"{place(url)} redirected more than {MAX_REDIRECTS} times; set the url that answers",
        )

    def tls(self, verify: bool) -> ssl.SSLContext:
        """The shared TLS settings; making them costs tens of milliseconds."""
        if verify not in self._contexts:
            self._contexts[verify] = httpx.create_ssl_context(verify=verify)
        return self._contexts[verify]

    async def close(self) -> None:
        """Close every connection."""
        while self._clients:
            _, client = self._clients.popitem()
            await client.aclose()

    def _client(self, verify: bool) -> httpx.AsyncClient:
        if verify not in self._clients:
            self._clients[verify] = _open_client(self.tls(verify))
        return self._clients[verify]


class _Unreasoned(aiohttp.ClientResponse):
    """Has no reason phrase: nothing reads it, and the transport stumbles over one in latin-1."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        started = await super().start(connection)
        started.reason = None
        return started


def _open_client(context: ssl.SSLContext) -> httpx.AsyncClient:
    session = aiohttp.ClientSession(
        # The schedule bounds how many probes run; a pool limit would let a silent node delay others.
        connector=aiohttp.TCPConnector(ssl=context, limit=0, keepalive_timeout=KEEP_ALIVE),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        response_class=_Unreasoned,
    )
    return httpx.AsyncClient(
        transport=AiohttpTransport(verify=context, client=session),
        headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "roomwatch"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        timeout=None,  # noqa: S113 - the caller's deadline bounds the whole exchange
        trust_env=False,
    )


async def _exchange(
    client: httpx.AsyncClient, request: httpx.Request, limits: Limits
) -> Answer | httpx.Request:
    """One request's answer, or the next request where it is redirected and may be."""
    where = place(str(request.url))
    try:
        response = await client.send(request, stream=True, follow_redirects=False)
        try:
            if response.next_request is None:
                body = await read_body(response, limits.max_body, where)
                return Answer(response.status_code, response.headers, body, where)
        finally:
            await response.aclose()
    except httpx.RemoteProtocolError as error:  # not of the transport: httpx says it of a Location header
        raise ProbeFailed(
            Outcome.PROTOCOL, f"{where} redirects to an address that cannot be read; set the url that answers"
        ) from error
    except EXCHANGE_ERRORS as error:
        raise failed_exchange(error, where) from error
    if not limits.follow_redirects:
        raise _redirect_refused(where, response.status_code, response.next_request.url)
    if response.next_request.url.userinfo:
        raise ProbeFailed(
            Outcome.PROTOCOL,
            f"{where} redirects to an address with a user name or a password; set the url that answers",
        )
    await response.next_request.aread()  # else the transport sends it as a stream, chunked
    return response.next_request


def _redirect_refused(where: str, status: int, target: httpx.URL) -> ProbeFailed:
    goal = plain_text(place(str(target)))
    return ProbeFailed(
        Outcome.PROTOCOL,
        f"{where} redirects to {goal}; set the url that answers, or allow it with follow_redirects",
        str(status),
    )


def _without_secrets(asked: httpx.Request, following: httpx.Request, private: Iterable[str]) -> httpx.Request:
    """`following` as it may be sent: headers and bodies of the config can be secrets of the first host."""
    if _same_host(asked.url, following.url):
        return following
    if following.method != "GET":
        goal = plain_text(place(str(following.url)))
        raise ProbeFailed(
            Outcome.PROTOCOL,
            f"{place(str(asked.url))} redirects a {asked.method} to another host, {goal}; set that url",
        )
    for name in private:
        following.headers.pop(name, None)
    return following


def _same_host(one: httpx.URL, other: httpx.URL) -> bool:
    """The same origin, or the step from http to https on the usual ports."""
    if one.host != other.host:
        return False
    ports = (_port(one), _port(other))
    return (one.scheme == other.scheme and ports[0] == ports[1]) or (
        (one.scheme, other.scheme) == ("http", "https") and ports == (80, 443)
    )


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)
