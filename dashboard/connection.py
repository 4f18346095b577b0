"""One connection: uvicorn's, with a hatch for public answers, and bounds on how long and how many.

- A whole request head for something public that lies ready is answered by one write, in order,
  also when many come at once. All else goes to uvicorn with its bytes untouched.
- Who does not read what it is given is read from no more until it does.
- A request head is whole within 10 s, or the connection is closed. This holds for the first one
  from the moment of connecting.
- Beyond the most connections that fit, one more is told so and closed.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dashboard.public.hatch import LONGEST_HEAD, Hatch

KEPT_BACK = 256
"""Descriptors that connections never get: for the database, the prober and what else we open."""

HEAD_SECONDS = 10.0
_LONGEST_HEADS = 65_536
"""Bytes of a request head that is not whole yet."""

_AT_ONCE = 64
"""Answers for one connection before others get a turn."""

_FULL = b"No more connections fit. Try again in a minute.\n"
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"cache-control: no-store\r\nretry-after: 60\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s"
    % (len(_FULL), _FULL)
)


class Connection(HttpToolsProtocol):
    """`hatch` answers what it can; `most` connections are served at a time."""

    def __init__(self, hatch: Hatch, most: int, **given: Any) -> None:
        super().__init__(**given)
        self._hatch = hatch
        self._most = most
        self._free = False  # the next byte begins a request, and all before it are answered
        self._between = True  # the parser stands between two requests
        self._odd = False  # it speaks something else, or is not served
        self._in_head = False
        self._waited = 0  # bytes of a head that is not whole
        self._held = b""  # requests that wait until earlier answers are gone
        self._asked = False  # since the idle time began
        self._due: asyncio.TimerHandle | None = None

    # --- the life of a connection ---

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._most:
            self._odd = True
            transport.write(_REFUSAL)
            transport.close()
            return
        self._free = True
        self._due = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._free, self._odd, self._held = False, True, b""
        self._set_at_ease()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._free:
            if self._held:
                self._held += data
            else:
                self._pass_on(data)
            return
        answer = self._hatch.answer(data, self.server_state.default_headers)
        if answer is None:
            self._answer_each(data)
            return
        self.transport.write(answer)
        if self._due is not None or self.timeout_keep_alive_task is None:
            self._stay()
        self._asked = True

    def pause_writing(self) -> None:
        self._free = False
        super().pause_writing()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._held:
            self.loop.call_soon(self._go_on)
        self._look()

    def _look(self) -> None:
        """Whether the hatch may answer what comes next."""
        self._free = (
            self._between
            and not self._odd
            and not self._held
            and not self.flow.write_paused
            and (self.cycle is None or self.cycle.response_complete)
            and not self.transport.is_closing()
        )

    # --- what the hatch answers ---

    def _answer_each(self, data: bytes) -> None:
        """Answer what comes in one piece, request by request."""
        start, answered = 0, 0
        while start < len(data) and answered < _AT_ONCE and self._free:
            end = data.find(b"\r\n\r\n", start, start + LONGEST_HEAD) + 4
            answer = self._hatch.answer(data[start:end], self.server_state.default_headers)
            if answer is None:
                break
            self.transport.write(answer)
            answered, start = answered + 1, end
        else:
            self._stay()
            if start < len(data):
                self._hold(data[start:])
            return
        if answered:
            self._stay()
        self._pass_on(data[start:])

    def _hold(self, rest: bytes) -> None:
        self._held, self._free = rest, False
        self.flow.pause_reading()
        if not self.flow.write_paused:
            self.loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        if self._held and not self.flow.write_paused and not self.transport.is_closing():
            rest, self._held = self._held, b""
            self.flow.resume_reading()
            self._look()
            self._answer_each(rest)

    def _stay(self) -> None:
        """Answered: the connection may be idle for as long as any other."""
        self._set_at_ease()
        self._asked = True
        if self.timeout_keep_alive_task is None:
            self._begin_idling()

    def _begin_idling(self) -> None:
        self._asked = False
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def timeout_keep_alive_handler(self) -> None:
        """Close what is idle. One timer serves many answers: what was asked meanwhile starts it anew."""
        if self._asked or self._held:
            self._begin_idling()
        else:
            super().timeout_keep_alive_handler()

    # --- what uvicorn answers ---

    def _pass_on(self, data: bytes) -> None:
        self._waited += len(data)
        super().data_received(data)
        if self.transport is None or self.transport.is_closing():
            return
        if self._in_head and self._waited > _LONGEST_HEADS:
            self.send_400_response("The head of the request is too long.")
        elif self._due is None and (self._in_head or self._hangs()):
            self._due = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _hangs(self) -> bool:
        """Whether all is answered and no idle time runs: after the end of a line, or in a body unread."""
        is_answered = self.cycle is None or self.cycle.response_complete
        return is_answered and self.timeout_keep_alive_task is None

    def on_message_begin(self) -> None:
        self._in_head, self._between, self._free = True, False, False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head, self._waited = False, 0
        self._odd = self._odd or self.parser.should_upgrade()
        self._set_at_ease()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._between, self._waited = True, 0
        super().on_message_complete()
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def _set_at_ease(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _too_slow(self) -> None:
        self._due = None
        if not self.transport.is_closing():
            self.transport.close()


def descriptors() -> int:
    """How many files and sockets this process may open; the soft limit is raised to the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard


def most_connections() -> int:
    """How many connections fit beside what is kept back."""
    return max(descriptors() - KEPT_BACK, 32)
