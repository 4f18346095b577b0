"""One HTTP exchange on a connection of its own, with a time for each stage that it reached.

httpx's own transport tells of its stages, aiohttp's does not; it is slower, and joins are few.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from probes.http import Answer
from probes.http.body import read_body
from probes.http.faults import EXCHANGE_ERRORS, failed_exchange, place

_STAGE_OF_EVENT = {
    "connection.connect_tcp.complete": "connect",
    "connection.start_tls.complete": "tls",
    "http11.receive_response_headers.complete": "first_byte",
}


@dataclass(slots=True)
class Stages:
    """Seconds from the start to the end of each stage: dns, connect, tls, first_byte, total.

    A stage that was not needed is left out: dns for an address, tls for plain http.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    _started: float = field(default_factory=time.perf_counter)

    def reached(self, stage: str) -> None:
        self.seconds[stage] = time.perf_counter() - self._started

    async def trace(self, event: str, _info: Mapping[str, Any]) -> None:
        """Takes what httpcore tells while it works."""
        if stage := _STAGE_OF_EVENT.get(event):
            self.reached(stage)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `headers` may be secrets; redirects are answers here."""

    method: str
    url: str
    headers: Mapping[str, str]
    json: object = None


async def ask_in_stages(tls: ssl.SSLContext, question: Question, max_body: int, stages: Stages) -> Answer:
    """Ask once, filling in `stages` on the way; the deadline is the caller's. Raises as `Http.ask`."""
    where = place(question.url)
    try:
        url = httpx.URL(question.url)
        addresses = await _resolve(url, stages)
        async with httpx.AsyncHTTPTransport(verify=tls, trust_env=False) as transport:
            response = await _send(transport, question, url, addresses, stages)
            try:
                body = await read_body(response, max_body, where)
            finally:
                await response.aclose()
    except EXCHANGE_ERRORS as error:
        raise failed_exchange(error, where) from error
    return Answer(response.status_code, response.headers, body, where)


async def _resolve(url: httpx.URL, stages: Stages) -> list[str]:
    host = url.raw_host.decode("ascii")
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, url.port or url.scheme, type=socket.SOCK_STREAM)
    stages.reached("dns")
    return list(dict.fromkeys(str(info[4][0]) for info in found))


async def _send(
    transport: httpx.AsyncHTTPTransport,
    question: Question,
    url: httpx.URL,
    addresses: list[str],
    stages: Stages,
) -> httpx.Response:
    """Ask the first address that accepts a connection."""
    headers = {
        "Host": url.netloc.decode("ascii"),
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "User-Agent": "roomwatch",
        **question.headers,
    }
    extensions = {"trace": stages.trace, "sni_hostname": url.raw_host.decode("ascii")}
    *first, last = addresses
    for address in first:
        request = _request(question, url.copy_with(host=address), headers, extensions)
        try:
            return await transport.handle_async_request(request)
        except httpx.ConnectError:
            if "connect" in stages.seconds:
                raise
    request = _request(question, url.copy_with(host=last), headers, extensions)
    return await transport.handle_async_request(request)


def _request(
    question: Question, url: httpx.URL, headers: Mapping[str, str], extensions: Mapping[str, Any]
) -> httpx.Request:
    return httpx.Request(
        question.method, url, headers=headers, json=question.json, extensions=dict(extensions)
    )
