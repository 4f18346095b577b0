"""What happened lately to room ids: bounded in time and in number."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from probes.summary import Key

T = TypeVar("T")

MOST = 100_000


class Recent(Generic[T]):
    """One value for each (node, room id) seen in the last `keep` seconds; of too many the oldest go."""

    def __init__(self, keep: float) -> None:
        self._keep = keep
        self._by_id: dict[str, dict[str, tuple[float, T]]] = {}
        self._order: deque[tuple[float, Key]] = deque()

    def add(self, key: Key, at: float, value: T) -> None:
        node, room = key
        self._by_id.setdefault(room, {})[node] = (at, value)
        self._order.append((at, key))

    def get(self, key: Key) -> T | None:
        node, room = key
        entry = self._by_id.get(room, {}).get(node)
        return entry[1] if entry else None

    def drop(self, key: Key) -> None:
        node, room = key
        nodes = self._by_id.get(room)
        if nodes is not None and nodes.pop(node, None) is not None and not nodes:
            del self._by_id[room]

    def elsewhere(self, key: Key) -> list[T]:
        """The values of the same room id on other nodes, in the order of the nodes' names."""
        node, room = key
        nodes = self._by_id.get(room)
        if not nodes:
            return []
        return [nodes[other][1] for other in sorted(nodes) if other != node]

    def expire(self, now: float) -> None:
        """Forget what is older than `keep` seconds at `now`."""
        order = self._order
        while order and (order[0][0] < now - self._keep or len(order) > MOST):
            at, (node, room) = order.popleft()
            entry = self._by_id.get(room, {}).get(node)
            if entry is not None and entry[0] == at:
                self.drop((node, room))

    def clear(self) -> None:
        self._by_id.clear()
        self._order.clear()
