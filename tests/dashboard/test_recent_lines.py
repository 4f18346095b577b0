"""Which rooms the recent window has lines for."""

from __future__ import annotations

from dashboard.recent import LINES, columns
from probes.model import Sample, State


def sample(at: float, rooms: dict[str, int]) -> Sample:
    return Sample(
        service="s",
        seq=int(at),
        at=at,
        service_time=None,
        state=State.OK,
        complete=True,
        participants=sum(rooms.values()),
        rooms_open=len(rooms),
        nodes=(),
        rooms=tuple(("n", room, people) for room, people in rooms.items()),
        tries_per_second=None,
        success_ratio=None,
        errors={},
    )


def test_rooms_that_are_there_come_before_larger_ones_that_are_gone() -> None:
    gone = {f"gone{i}": 1000 + i for i in range(LINES)}
    past = [sample(1, {**gone, "moved": 7}), sample(2, {"small": 3, "large": 5})]
    lines = [room["id"] for room in columns(past, {}, frozenset({("n", "moved")}))["rooms"]]
    assert lines[:4] == ["large", "small", "moved", f"gone{LINES - 1}"]
    assert len(lines) == LINES
