"""Real Janus nodes for tests, each run from a config folder of its own on free ports."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.servers import Server, libraries, require

ADMIN_SECRET = "adm"
WANTED = {"transports": ("http",), "plugins": ("audiobridge", "videoroom"), "events": (), "loggers": ()}


class JanusRefusedError(AssertionError):
    """Janus refused something that a test needs as its ground."""


@dataclass(frozen=True, slots=True)
class Guest:
    """A participant that stays in a room until it leaves."""

    node: JanusNode
    session: int
    room: int | str

    def leave(self) -> None:
        """Leave for good; the count is down when this returns."""
        self.node.call(f"/{self.session}", janus="destroy")


class JanusNode(Server):
    """One Janus with AudioBridge and VideoRoom, without any room. Use as a context manager.

    Sessions never expire, so that guests stay and a session left behind is seen.
    """

    def __init__(
        self,
        name: str = "node-a",
        *,
        plugins: tuple[str, ...] = WANTED["plugins"],
        admin_key: str = "",
        api_secret: str = "",
        string_ids: bool = False,
    ) -> None:
        super().__init__(name, self._write, ports=2, ready=self._answers)
        self._plugins = plugins
        self._admin_key = admin_key
        self._api_secret = api_secret
        self._string_ids = string_ids
        self._program = require("janus")
        self._libraries = libraries("janus").parent
        self._numbers = itertools.count(1)
        self._client = self.owned.enter_context(httpx.Client(timeout=30, trust_env=False))

    @property
    def admin_url(self) -> str:
        return f"http://127.0.0.1:{self.ports[1]}/admin"

    @property
    def join_url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}/janus"

    def restart(self) -> None:
        """Its rooms are gone after it."""
        self.stop()
        self.start()

    # --- its rooms and people ---

    def create_room(self, room: int | str, *, plugin: str = "audiobridge", **options: Any) -> None:
        self._ask_plugin(plugin, request="create", room=room, **options)

    def destroy_room(self, room: int | str, *, plugin: str = "audiobridge") -> None:
        self._ask_plugin(plugin, request="destroy", room=room)

    def join(
        self, room: int | str, display: str = "guest", *, plugin: str = "audiobridge", pin: str | None = None
    ) -> Guest:
        """Put a participant into a room; it is counted when this returns."""
        session = self.call("", janus="create")["data"]["id"]
        attached = self.call(f"/{session}", janus="attach", plugin=f"janus.plugin.{plugin}")
        body = {"request": "join", "room": room, "display": display, "ptype": "publisher"}
        if pin is not None:
            body["pin"] = pin
        sent = self.call(f"/{session}/{attached['data']['id']}", janus="message", body=body)
        while True:
            event = self._client.get(
                f"{self.join_url}/{session}", params={"apisecret": self._api_secret}
            ).json()
            if event.get("transaction") == sent["transaction"]:
                break
        if event["plugindata"]["data"][plugin] != "joined":
            raise JanusRefusedError(str(event))
        return Guest(self, session, room)

    def displays(self, room: int | str, *, plugin: str = "audiobridge") -> list[str]:
        """The names of those in a room."""
        answer = self._ask_plugin(plugin, request="listparticipants", room=room)
        return [participant.get("display", "") for participant in answer["participants"]]

    def sessions(self) -> list[int]:
        """The sessions that Janus holds at this moment."""
        answer: list[int] = self.admin(janus="list_sessions")["sessions"]
        return answer

    def admin(self, **message: Any) -> dict[str, Any]:
        """One message to the admin API."""
        return self._post(self.admin_url, {**message, "admin_secret": ADMIN_SECRET})

    def call(self, path: str, **message: Any) -> dict[str, Any]:
        """One message to the API that people join through."""
        secret = {"apisecret": self._api_secret} if self._api_secret else {}
        return self._post(self.join_url + path, {**message, **secret})

    def _ask_plugin(self, plugin: str, **request: Any) -> dict[str, Any]:
        if self._admin_key:
            request["admin_key"] = self._admin_key
        answer = self.admin(janus="message_plugin", plugin=f"janus.plugin.{plugin}", request=request)
        response: dict[str, Any] = answer["response"]
        if response[plugin] == "event":
            raise JanusRefusedError(f"{request} of {plugin}: {response}")
        return response

    def _post(self, url: str, message: dict[str, Any]) -> dict[str, Any]:
        sent = {**message, "transaction": f"test-{next(self._numbers)}"}
        answer: dict[str, Any] = self._client.post(url, json=sent).json()
        if answer["janus"] == "error":
            raise JanusRefusedError(f"{message['janus']} at {url}: {answer['error']}")
        return answer

    # --- how it is started ---

    def _answers(self, ports: tuple[int, ...]) -> bool:
        try:
            info = self._client.get(f"http://127.0.0.1:{ports[0]}/janus/info", timeout=1).json()
            self._client.get(f"http://127.0.0.1:{ports[1]}/admin/info", timeout=1)
        except (httpx.HTTPError, ValueError):
            return False
        return bool(info.get("server-name") == self._identity(ports))

    def _identity(self, ports: tuple[int, ...]) -> str:
        return f"{self.name}-{ports[0]}-{ports[1]}"

    def _write(self, folder: Path, ports: tuple[int, ...]) -> list[str | Path]:
        for name, text in self._config(folder, ports).items():
            (folder / name).write_text(text)
        return [self._program, "-F", folder]

    def _config(self, folder: Path, ports: tuple[int, ...]) -> dict[str, str]:
        wanted = {**WANTED, "plugins": self._plugins}
        folders = "".join(f'{kind}_folder="{self._libraries / kind}"\n' for kind in wanted)
        disabled = "".join(
            f'{kind}: {{ disable="{",".join(self._unwanted(kind, names))}" }}\n'
            for kind, names in wanted.items()
        )
        secret = f'api_secret="{self._api_secret}"\n' if self._api_secret else ""
        plugin = f'general: {{ admin_key="{self._admin_key}"\n' if self._admin_key else "general: {\n"
        plugin += f"string_ids={str(self._string_ids).lower()} }}\n"
        return {
            "janus.jcfg": (
                f'general: {{ configs_folder="{folder}"\n{folders}admin_secret="{ADMIN_SECRET}"\n'
                f'server_name="{self._identity(ports)}"\n{secret}'
                "debug_level=4\ndebug_colors=false\nsession_timeout=0 }\n"
                f"media: {{ ipv6=false }}\nnat: {{ full_trickle=false }}\n{disabled}"
            ),
            "janus.transport.http.jcfg": (
                'general: { json="compact"\nbase_path="/janus"\nhttp=true\nhttps=false\n'
                f'ip="127.0.0.1"\nport={ports[0]} }}\n'
                'admin: { admin_base_path="/admin"\nadmin_http=true\nadmin_https=false\n'
                f'admin_ip="127.0.0.1"\nadmin_port={ports[1]} }}\n'
            ),
            "janus.plugin.audiobridge.jcfg": plugin,
            "janus.plugin.videoroom.jcfg": plugin,
        }

    def _unwanted(self, kind: str, wanted: tuple[str, ...]) -> list[str]:
        found = (path.name for path in (self._libraries / kind).glob("libjanus_*.so"))
        return sorted(
            name for name in found if name.removeprefix("libjanus_").removesuffix(".so") not in wanted
        )
