"""What history kept of rooms under names as they were shown, found again by the names that they have."""

from __future__ import annotations

from probes.watching.answers import Changes
from probes.watching.summary import SHORTENED, shown


class Shortened:
    """Names that may stand for others, until an answer tells which."""

    def __init__(self) -> None:
        self._texts: set[str] = set()

    def add(self, *texts: str) -> None:
        self._texts |= {text for text in texts if SHORTENED in text}

    def find(self, changes: Changes) -> dict[str, str]:
        """The whole names among rooms that opened or are seen again, by the short ones; each once."""
        if not self._texts:
            return {}
        rooms = [*(changes.again or ()), *(arrival.room for arrival in changes.arrived)]
        names = {name for room in rooms for name in (room.node, room.id)}
        found = {text: name for name in sorted(names) if (text := shown(name)) in self._texts}
        self._texts -= found.keys()
        return {text: name for text, name in found.items() if text != name}
