"""What a LiveKit room's metadata says of it: a text of the application's own, here where it is JSON."""

from __future__ import annotations

from typing import Any

import msgspec
from jmespath.exceptions import JMESPathError

from probes.mapping import Columns
from probes.mapping.paths import NAMES, Path

_TITLE = str | int | None


class Metadata:
    """Reads a room's title and hosts where the config says that they are in its metadata."""

    def __init__(self, title: str | None, hosts: str | None) -> None:
        self._title = None if title is None else Path(title)
        self._hosts = None if hosts is None else Path(hosts)

    def title(self, name: str | int, metadata: str | int | None) -> str | int:
        """The room's title: its name where the metadata has none."""
        found = _found(self._title, metadata, _TITLE)
        return name if found in (None, "") else found

    def hosts(self, metadata: str | int | None) -> tuple[str | int, ...]:
        """The ids of the room's hosts, as told."""
        return _found(self._hosts, metadata, NAMES.type) or ()

    def add_to(self, columns: Columns) -> Columns:
        """The rooms' columns with the titles and hosts of their metadata."""
        getters = dict(columns.getters)
        name, metadata = getters["id"], getters["metadata"]
        if self._title is not None:
            getters["title"] = lambda row: self.title(name(row), metadata(row))
        if self._hosts is not None:
            getters["hosts"] = lambda row: self.hosts(metadata(row))
        return Columns(columns.rows, getters)


def _found(path: Path | None, metadata: str | int | None, kind: Any) -> Any:
    if path is None or not isinstance(metadata, str) or not metadata:
        return None
    try:
        return msgspec.convert(path.find(msgspec.json.decode(metadata)), kind, strict=False)
    except (ValueError, RecursionError, JMESPathError):  # msgspec's errors are ValueErrors
        return None
