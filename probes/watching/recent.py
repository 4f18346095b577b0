"""What happened lately to room ids: bounded in time and in number."""

from __future__ import annotations

from collections import deque
from collections.abc import KeysView
from typing import Generic, TypeVar

from probes.watching.roll import Key

T = TypeVar("T")

MOST = 100_000


class Recent(Generic[T]):
    """One value for each (node, room id) of the last `keep` seconds.

    Of too many the oldest go; the lasting ones have a bound of their own, so
    that the end of a big room is not pushed out by the many small ones.
    """

    def __init__(self, keep: float) -> None:
        self.keep = keep
        self._by_id: dict[str, dict[str, tuple[float, T]]] = {}
        self._passing: deque[tuple[float, Key]] = deque()
        self._lasting: deque[tuple[float, Key]] = deque()
        self.trimmed_at: float | None = None
        """The newest time of a passing value that went because there were too many."""

    @property
    def full(self) -> bool:
        """Whether there is no space for another lasting value."""
        return len(self._lasting) >= MOST

    def add(self, key: Key, at: float, value: T, lasting: bool = False) -> None:
        node, room = key
        self._by_id.setdefault(room, {})[node] = (at, value)
        (self._lasting if lasting else self._passing).append((at, key))

    def get(self, key: Key) -> T | None:
        node, room = key
        entry = self._by_id.get(room, {}).get(node)
        return entry[1] if entry else None

    def drop(self, key: Key) -> None:
        node, room = key
        nodes = self._by_id.get(room)
        if nodes is not None:
            nodes.pop(node, None)
            if not nodes:
                del self._by_id[room]

    def ids(self) -> KeysView[str]:
        """The room ids that have a value on any node."""
        return self._by_id.keys()

    def elsewhere(self, key: Key) -> list[T]:
        """The values of the same room id on other nodes, in the order of the nodes' names."""
        node, room = key
        nodes = self._by_id.get(room)
        if not nodes:
            return []
        return [nodes[other][1] for other in sorted(nodes) if other != node]

    def expire(self, now: float) -> None:
        """Forget what is older than `keep` seconds at `now`."""
        for order in (self._passing, self._lasting):
            while order and (order[0][0] < now - self.keep or len(order) > MOST):
                at, key = order.popleft()
                if at >= now - self.keep:
                    self.trimmed_at = max(at, self.trimmed_at or at)
                entry = self._by_id.get(key[1], {}).get(key[0])
                if entry is not None and entry[0] == at:
                    self.drop(key)

    def clear(self) -> None:
        self._by_id.clear()
        self._passing.clear()
        self._lasting.clear()
        self.trimmed_at = None
