"""Two real Janus nodes watched by a real `roomwatch up`: what happens in them is what the frame says."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.janus import ADMIN_SECRET, JanusNode
from tests.product import Product, up_with
from tests.servers import wait_until

EVERY = 0.5
TICK = 0.1
SLACK = 0.2
"""What may be added to an interval before people are on the frame."""

TRIES = 5
"""Times are those of the best of so many tries: the machine is shared, and we promise what we add."""

CONFIG = """
tick: {tick}ms
history: {{path: history.sqlite}}
services:
  - name: rooms
    kind: janus
    every: {every}ms
    timeout: 5s
    audience: 2
    admin_secret: {secret}
    nodes:
      - {{id: a, url: "{a.admin_url}", join_url: "{a.join_url}"}}
      - {{id: b, url: "{b.admin_url}", join_url: "{b.join_url}"}}
{more}
"""

JOIN = """
    join: {via: janus-signal, every: 300ms, room: "1"}
"""

Service = dict[str, Any]


@pytest.fixture
def a() -> Iterator[JanusNode]:
    with JanusNode("node-a") as node:
        yield node


@pytest.fixture
def b() -> Iterator[JanusNode]:
    with JanusNode("node-b") as node:
        yield node


@contextlib.contextmanager
def watching(
    a: JanusNode, b: JanusNode, more: str = "", every: float = EVERY, tick: float = TICK
) -> Iterator[Product]:
    config = CONFIG.format(
        a=a, b=b, tick=int(tick * 1000), every=int(every * 1000), secret=ADMIN_SECRET, more=more
    )
    with tempfile.TemporaryDirectory() as folder, up_with(Path(folder), config) as watch:
        yield watch


def newest(watch: Product) -> Service:
    found: Service = watch.frame()["rooms"]
    return found


def wait(watch: Product, condition: Callable[[Service], bool], what: str) -> Service:
    """The service as the first frame has it for which `condition` holds."""
    found: Service = watch.wait(lambda frame: condition(frame["rooms"]), what)["rooms"]
    return found


def node(service: Service, name: str) -> Service:
    return next(node for node in service["nodes"] if node["id"] == name)


def rooms(service: Service) -> dict[tuple[str, str], int | None]:
    """Participants by node and id."""
    return {(room["node"], room["id"]): room["participants"] for room in service["rooms"]}


def both_answer(service: Service) -> bool:
    return all(node["answering"] for node in service["nodes"])


def started(watch: Product, there: dict[tuple[str, str], int]) -> None:
    """Wait until both nodes were asked and just these rooms are known: what opens from now on is new."""
    wait(watch, lambda s: both_answer(s) and rooms(s) == there, "frame with what there is")


def moves(service: Service) -> list[tuple[str, Any, Any]]:
    """Every relocation: its cause, where from and where to."""
    return [(r["cause"], r["from"]["node"], r["to"] and r["to"]["node"]) for r in service["relocations"]]


def polled_again(watch: Product, times: int, names: tuple[str, ...] = ("a", "b")) -> Service:
    """The frame after so many more good polls of the nodes, so that what they would show has been shown."""
    before = {name: node(newest(watch), name)["observed_at"] for name in names}
    enough = (times - 0.5) * EVERY
    return wait(
        watch,
        lambda s: all(node(s, name)["observed_at"] > at + enough for name, at in before.items()),
        f"{times} more polls of {' and '.join(names)}",
    )


def just_after_a_poll(watch: Product, name: str, every: float) -> None:
    """Return where the wait for the next poll is longest. Polls come at a fixed phase."""
    polled = node(newest(watch), name)["observed_at"]
    due = polled + every * (1 + (time.time() - polled) // every) + 0.02
    wait_until(lambda: time.time() >= due, 2 * every, "moment after a poll")


def seconds_until(watch: Product, key: tuple[str, str], participants: int) -> float:
    started = time.monotonic()
    wait(watch, lambda s: rooms(s).get(key) == participants, f"{participants} in {key}")
    return time.monotonic() - started


@pytest.mark.parametrize(("every", "tick"), [(EVERY, TICK), (1.0, 1.0)], ids=["quick", "default"])
def test_people_who_join_and_leave_are_on_the_frame_within_an_interval(
    a: JanusNode, b: JanusNode, every: float, tick: float
) -> None:
    a.create_room(1)
    b.create_room(2)
    b.join(2)
    with watching(a, b, every=every, tick=tick) as watch:
        started(watch, {("a", "1"): 0, ("b", "2"): 1})
        joined, left = [], []
        for _ in range(TRIES):
            just_after_a_poll(watch, "a", every)
            guest = a.join(1)
            joined.append(seconds_until(watch, ("a", "1"), 1))
            just_after_a_poll(watch, "a", every)
            guest.leave()
            left.append(seconds_until(watch, ("a", "1"), 0))
            if min(joined) <= every + SLACK and min(left) <= every + SLACK:
                break
        else:
            pytest.fail(f"joined after {joined} s, left after {left} s")
        service = newest(watch)
    assert service["participants"] == 1
    assert service["relocations"] == []


@pytest.mark.parametrize("new_room_first", [False, True], ids=["destroyed first", "created first"])
def test_a_room_destroyed_here_and_created_there_is_one_relocation(
    a: JanusNode, b: JanusNode, new_room_first: bool
) -> None:
    a.create_room(7, description="The launch")
    guests = [a.join(7) for _ in range(3)]
    with watching(a, b) as watch:
        started(watch, {("a", "7"): 3})
        if new_room_first:
            b.create_room(7, description="The launch")
            wait(watch, lambda s: rooms(s).get(("b", "7")) == 0, "room on both nodes")
        a.destroy_room(7)
        if not new_room_first:
            wait(watch, lambda s: rooms(s) == {}, "end of the room")
            b.create_room(7, description="The launch")
        for _ in guests[1:]:
            b.join(7)
        wait(watch, lambda s: rooms(s) == {("b", "7"): 2}, "room on the other node")
        service = polled_again(watch, 3)
        metrics = watch.ask("/metrics").text
    assert moves(service) == [("moved", "a", "b")]
    relocation = service["relocations"][0]
    assert relocation["participants_before"] == 3
    assert relocation["participants_now"] == 2
    assert relocation["from"]["room"] == relocation["to"]["room"] == "7"
    assert 'rooms_relocations_total{cause="moved",rooms_service="rooms"} 1.0' in metrics.replace(
        'rooms_service="rooms",cause="moved"', 'cause="moved",rooms_service="rooms"'
    )


def test_a_room_destroyed_here_and_opened_there_under_another_id_is_succeeded(
    a: JanusNode, b: JanusNode
) -> None:
    a.create_room(7, description="The launch of the year")
    for _ in range(3):
        a.join(7)
    with watching(a, b) as watch:
        started(watch, {("a", "7"): 3})
        a.destroy_room(7)
        wait(watch, lambda s: moves(s) == [("ended", "a", None)], "end of the room")
        b.create_room(8, description="The launch of the year, again")
        b.join(8)
        b.join(8)
        wait(watch, lambda s: moves(s) == [("succeeded", "a", "b")], "successor")
        service = wait(watch, lambda s: s["relocations"][0]["participants_now"] == 2, "people who came along")
        service = polled_again(watch, 3)
    (relocation,) = service["relocations"]
    assert (relocation["status"], relocation["to"]["room"]) == ("standing", "8")
    assert (relocation["participants_before"], relocation["lost"]) == (3, 1)
    assert "same title" in relocation["evidence"]


def test_a_stopped_node_is_unknown_and_delays_nobody(a: JanusNode, b: JanusNode) -> None:
    a.create_room(1)
    for _ in range(3):
        a.join(1)
    b.create_room(2)
    b.join(2)
    whole = {("a", "1"): 3, ("b", "2"): 1}
    unknown_after, gaps = [], []
    with watching(a, b) as watch:
        started(watch, whole)
        for _ in range(TRIES):
            a.pause()
            service = wait(watch, lambda s: not node(s, "a")["answering"], "silence of a")
            unknown_after.append(time.time() - node(service, "a")["observed_at"])
            gaps.append(longest_gap(watch, "b", seconds=8 * EVERY))
            service = newest(watch)
            assert rooms(service) == {("a", "1"): None, ("b", "2"): 1}
            assert {room["state"] for room in service["rooms"]} == {"open"}
            assert (service["complete"], service["participants"]) == (False, 1)
            assert node(service, "a")["participants"] is None
            assert node(service, "b")["answering"]
            assert service["relocations"] == []
            a.resume()
            service = wait(watch, lambda s: both_answer(s) and rooms(s) == whole, "recovery of a")
            assert (service["complete"], service["participants"]) == (True, 4)
            if min(unknown_after) <= 2 * EVERY + TICK + SLACK and min(gaps) < EVERY + TICK:
                break
        else:
            pytest.fail(f"a unknown after {unknown_after} s; b's answers up to {gaps} s apart")
        service = polled_again(watch, 3)
    assert service["relocations"] == []
    assert rooms(service) == whole


def longest_gap(watch: Product, name: str, seconds: float) -> float:
    """The longest time between two answers of a node, over so many seconds."""
    seen: list[float] = []

    def look() -> bool:
        at = node(newest(watch), name)["observed_at"]
        if at not in seen:
            seen.append(at)
        return seen[-1] - seen[0] >= seconds

    wait_until(look, seconds + 30, "answers")
    return max(later - earlier for earlier, later in pairwise(seen))


def test_a_killed_node_is_unknown_and_what_ended_with_it_ended(a: JanusNode, b: JanusNode) -> None:
    """Its rooms are gone with its restart. At most the one with an audience ended; none went anywhere."""
    a.create_room(1)
    for _ in range(3):
        a.join(1)
    a.create_room(2)
    b.create_room(3)
    b.join(3)
    with watching(a, b) as watch:
        started(watch, {("a", "1"): 3, ("a", "2"): 0, ("b", "3"): 1})
        a.kill()
        wait(watch, lambda s: not node(s, "a")["answering"], "silence of a")
        service = polled_again(watch, 3, ("b",))
        assert rooms(service) == {("a", "1"): None, ("a", "2"): None, ("b", "3"): 1}
        assert service["relocations"] == []
        poll = next(probe for probe in service["probes"] if probe["node"] == "a")
        assert (poll["outcome"], poll["success"]) == ("refused", False)

        a.start()
        wait(watch, both_answer, "recovery of a")
        service = polled_again(watch, 3)
        assert rooms(service) == {("b", "3"): 1}
        assert (service["complete"], service["participants"]) == (True, 1)
        assert set(moves(service)) <= {("ended", "a", None)}
        assert {relocation["from"]["room"] for relocation in service["relocations"]} <= {"1"}


def test_our_own_joins_are_told_and_never_counted(a: JanusNode, b: JanusNode) -> None:
    for janus, people in ((a, 2), (b, 1)):
        janus.create_room(1)
        for _ in range(people):
            janus.join(1)
    with watching(a, b, JOIN) as watch:
        started(watch, {("a", "1"): 2, ("b", "1"): 1})
        seen: set[tuple[int | None, ...]] = set()

        def joined_often() -> bool:
            service = newest(watch)
            seen.add(tuple(rooms(service).values()))
            return bool(service["door"] and sum(service["door"]["totals"].values()) >= 30)

        wait_until(joined_often, 60, "30 joins")
        service = newest(watch)
        watch.end()  # a join that is killed would leave its session
    assert seen == {(2, 1)}
    assert service["door"]["success_ratio"] == 1
    assert service["door"]["observer"] == "probe"
    assert {probe["node"] for probe in service["probes"] if probe["name"] == "join"} == {"a", "b"}
    assert a.displays(1) == ["guest", "guest"]
    assert len(a.sessions()) == 2
