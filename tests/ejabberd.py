"""A real ejabberd for tests, run from a folder of its own without Erlang's port mapper, and guests for it."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import httpx

from tests.servers import Server, libraries, require, wait_until

SERVICE = "conference.localhost"

CONFIG = """
hosts: [localhost]
loglevel: warning
listen:
  - {{port: {http}, ip: "127.0.0.1", module: ejabberd_http, request_handlers: {{/api: mod_http_api}}}}
  - {{port: {xmpp}, ip: "127.0.0.1", module: ejabberd_c2s, starttls_required: false}}
auth_method: anonymous
allow_multiple_connections: true
anonymous_protocol: sasl_anon
default_db: mnesia
api_permissions:
  "tests": {{who: [{{ip: 127.0.0.1/8}}], what: ["*"]}}
modules:
  mod_muc: {{access_create: all, history_size: 0}}
  mod_muc_admin: {{}}
  mod_http_api: {{}}
"""


class Ejabberd(Server):
    """One ejabberd without rooms. Use as a context manager; `url` is its API."""

    def __init__(self) -> None:
        self._erlang = require("ejabberd")
        found = {"ERL_LIBS": str(libraries("ejabberd").parents[1]), "HOME": "/nonexistent"}
        super().__init__("ejabberd", self._write, ports=2, ready=self._answers, env=found, seconds=60)
        self._client = self.owned.enter_context(httpx.Client(timeout=30, trust_env=False))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}/api"

    # --- its rooms and people ---

    def call(self, command: str, **arguments: Any) -> Any:
        """Run one command of its API. Raises httpx.HTTPStatusError."""
        answer = self._client.post(f"{self.url}/{command}", json=arguments)
        answer.raise_for_status()
        return answer.json()

    def create_room(self, name: str, **options: str) -> None:
        listed = [{"name": key, "value": value} for key, value in {"persistent": "true", **options}.items()]
        self.call("create_room_with_opts", name=name, service=SERVICE, host="localhost", options=listed)

    def destroy_room(self, name: str) -> None:
        """It is gone when this returns, and may be created again; the server itself answers before."""
        self.call("destroy_room", name=name, service=SERVICE)
        gone = f"{name}@{SERVICE}"
        wait_until(lambda: gone not in self.call("muc_online_rooms", service=SERVICE), 30, f"end of {gone}")

    def guest(self, room: str, nick: str) -> Guest:
        """Someone who is in the room until they leave. Raises RefusedError."""
        return Guest(self.ports[1], room, nick)

    def _write(self, folder: Path, ports: tuple[int, ...]) -> list[str | Path]:
        http, xmpp = ports
        config = folder / "ejabberd.yml"
        config.write_text(CONFIG.format(http=http, xmpp=xmpp), "utf-8")
        return [
            "env",
            f"EJABBERD_CONFIG_PATH={config}",
            f"EJABBERD_LOG_PATH={folder / 'ejabberd.log'}",
            self._erlang,
            "-noinput",
            "-mnesia",
            "dir",
            f'"{folder / "mnesia"}"',
            "-s",
            "ejabberd",
        ]

    def _answers(self, ports: tuple[int, ...]) -> bool:
        try:
            answer = httpx.post(
                f"http://127.0.0.1:{ports[0]}/api/muc_online_rooms",
                json={"service": SERVICE},
                timeout=5,
                trust_env=False,
            )
        except httpx.HTTPError:
            return False
        return answer.status_code == 200


class RefusedError(Exception):
    """The room did not let a guest in; says the condition it named."""


class Guest:
    """One occupant of a room, over a plain XMPP stream, without a name of its own."""

    def __init__(self, port: int, room: str, nick: str) -> None:
        self._place = f"{room}@{SERVICE}/{nick}"
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._read = b""
        try:
            self._open_stream()
            self._say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>", rb"<success")
            self._open_stream()
            self._say(
                "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
                rb"</bind></iq>",
            )
            told = self._say(
                f"<presence to='{self._place}'><x xmlns='http://jabber.org/protocol/muc'/></presence>",
                rb"code='110'|type='error'.*</error>",
            )
        except BaseException:
            self._socket.close()
            raise
        if b"type='error'" in told:
            self._socket.close()
            condition = re.search(rb"<([a-z-]+) xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'", told)
            raise RefusedError(condition[1].decode() if condition else told.decode())

    def leave(self) -> None:
        """Leave; the room has seen it when this returns."""
        self._say(f"<presence to='{self._place}' type='unavailable'/>", rb"code='110'")
        self._socket.close()

    def _open_stream(self) -> None:
        self._say(
            "<stream:stream to='localhost' version='1.0' xmlns='jabber:client'"
            " xmlns:stream='http://etherx.jabber.org/streams'>",
            rb"</stream:features>",
        )

    def _say(self, text: str, until: bytes) -> bytes:
        """Send `text` and return what is answered up to the pattern `until`."""
        self._socket.sendall(text.encode())
        pattern = re.compile(until, re.DOTALL)
        while not (found := pattern.search(self._read)):
            received = self._socket.recv(65536)
            if not received:
                raise ConnectionError(f"the stream ended after {self._read!r}")
            self._read += received
        told, self._read = self._read[: found.end()], self._read[found.end() :]
        return told
