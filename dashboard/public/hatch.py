"""Whole public answers as bytes for the socket, for requests that ask in the usual way.

A request that is plain in every respect is answered with the bytes that `Front` would send, made
once a second at most. Anything else (a body, an origin, a coded path, an older protocol, a header
twice, a byte out of place) is none of the hatch's business: who calls hands it to the server proper.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from dashboard.public.desk import Desk
from dashboard.public.front import respond
from dashboard.public.paths import ANSWERS
from dashboard.public.visitors import Visitors

LONGEST_HEAD = 4096
MOST_KNOWN = 8192
"""Different request heads that are remembered within a second, and different wishes in them."""

_HEAD = re.compile(
    rb"(?P<method>GET|HEAD) (?P<path>/[A-Za-z0-9._~@/-]*)(\?[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)? HTTP/1\.1\r\n"
    rb"(?P<headers>([A-Za-z0-9-]+:[ -~]*\r\n)*)\r\n"
)
_BEGINNINGS = tuple(f"{method} {path}".encode() for method in ("GET", "HEAD") for path in ANSWERS)

_MATTERS = re.compile(
    rb"^(connection|accept-encoding|if-none-match|transfer-encoding|content-length|expect|upgrade|origin"
    rb"|proxy-connection|trailer|te|http2-settings):[ ]*([^\r]*?)[ ]*\r$",
    re.MULTILINE | re.IGNORECASE,
)
_CHOOSE = frozenset({b"accept-encoding", b"if-none-match"})
"""What an answer depends on. The others that matter are not for the hatch."""

Always = list[tuple[bytes, bytes]]
"""Headers that the server adds to each answer: the date. Another list each second."""


class Hatch:
    """The desk's answers, ready for the socket."""

    def __init__(self, desk: Desk, visitors: Visitors) -> None:
        self._desk = desk
        self._visitors = visitors
        self._turn = -1
        self._always: Always = []
        self._known: dict[bytes, bytes] = {}
        self._made: dict[tuple[object, ...], bytes] = {}
        self._wholes: dict[tuple[object, ...], bytes] = {}

    def answer(self, head: bytes, always: Always) -> bytes | None:
        """The whole answer to a request that is nothing but `head`, or None where it is not for us."""
        if always is not self._always or self._desk.turn != self._turn:
            self._always, self._turn = always, self._desk.turn
            self._known.clear()
            self._made.clear()
            self._wholes.clear()
        found = self._known.get(head)
        if found is None and head.startswith(_BEGINNINGS) and len(head) <= LONGEST_HEAD:
            found = self._find(head)
            if found is not None and len(self._known) < MOST_KNOWN:
                self._known[head] = found
        return found

    def _find(self, head: bytes) -> bytes | None:
        request = _HEAD.fullmatch(head)
        choices = _choices(request["headers"]) if request else None
        if request is None or choices is None:
            return None
        key = (request["method"], request["path"], *choices)
        found = self._made.get(key)
        if found is None:
            ready = self._desk.at_hand(request["path"].decode("ascii"))
            if ready is None:
                return None
            sharing = self._visitors.follow().sharing
            response = respond(ready, Headers(raw=choices), sharing)
            found = self._whole(request["method"], request["path"], response)
            if len(self._made) < MOST_KNOWN:
                self._made[key] = found
        return found

    def _whole(self, method: bytes, path: bytes, response: Response) -> bytes:
        """The bytes of an answer, held once however many wishes come to it."""
        same = method, path, response.status_code, response.headers.get("content-encoding", "")
        if same not in self._wholes:
            self._wholes[same] = self._bytes(response, method == b"HEAD")
        return self._wholes[same]

    def _bytes(self, response: Response, only_head: bool) -> bytes:
        lines = (name + b": " + value + b"\r\n" for name, value in (*self._always, *response.raw_headers))
        body = b"" if only_head else bytes(response.body)
        return b"".join((STATUS_LINE[response.status_code], *lines, b"\r\n", body))


def _choices(headers: bytes) -> list[tuple[bytes, bytes]] | None:
    """The headers that the answer depends on, or None where there are others that matter, or one twice."""
    found = [(name.lower(), value) for name, value in _MATTERS.findall(headers)]
    if len({name for name, _ in found}) < len(found):
        return None
    chosen = [(name, value) for name, value in found if name in _CHOOSE]
    others = [(name, value) for name, value in found if name not in _CHOOSE]
    if all(name == b"connection" and value.lower() == b"keep-alive" for name, value in others):
        return chosen
    return None
