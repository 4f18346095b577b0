"""Pages of all rooms: every room once, in an order, whatever the rooms are called."""

from __future__ import annotations

import hashlib
import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Room, RoomState, RoomView
from probes.watch import cursor
from probes.watching import paging
from probes.watching.roll import Roll
from tests.probes.watching import Story

A, B = "a", "b"

URL_SAFE = set(string.ascii_letters + string.digits + "-._~")


def test_all_rooms_come_in_pages_in_the_order_of_nodes_and_ids() -> None:
    story = Story(A, B)
    story.poll(A, 1, {f"r{n:02}": n for n in range(25)})
    closed = Room(id="zz", node=B, participants=0, state=RoomState.SCHEDULED)
    story.poll(B, 1, [closed, *(Room(id=f"r{n}", node=B, participants=n) for n in range(5))])
    found: list[tuple[str, str]] = []
    after = ""
    while True:
        rooms, total = story.watch.rooms(after, 7, 1.5)
        assert total == 31
        if not rooms:
            break
        found += [(room.node, room.id) for room in rooms]
        after = cursor(rooms[-1])
    assert found == sorted(
        [(A, f"r{n:02}") for n in range(25)] + [(B, f"r{n}") for n in range(5)] + [(B, "zz")]
    )


@given(
    st.lists(st.one_of(st.text(max_size=200), st.text("x", min_size=85)), unique=True, max_size=12),
    st.integers(min_value=1, max_value=4),
)
def test_pages_have_every_room_once_whatever_it_is_called(names: list[str], limit: int) -> None:
    story = Story(A)
    story.poll(A, 1, [Room(id=name, node=name[:3], participants=1) for name in names])
    count = 0
    after = ""
    seen: set[str] = set()
    while rooms := story.watch.rooms(after, limit, 1.5)[0]:
        count += len(rooms)
        seen |= {cursor(room) for room in rooms}
        after = cursor(rooms[-1])
    assert (count, len(seen)) == (len(names), len(names))


@pytest.mark.parametrize("name", ["", "r", "a b&c=d#e?\n", "\U0001f600" * 500, "é~" * 300])
def test_a_cursor_is_short_and_safe_in_a_url(name: str) -> None:
    story = Story(A)
    story.poll(A, 1, [Room(id=name, node=name, participants=1)])
    after = cursor(story.watch.rooms("", 5, 1.5)[0][0])
    assert len(after) <= 1024
    assert set(after) <= URL_SAFE


@pytest.mark.parametrize("after", ["x", "!.!", "a\nr~12345678", "~.~", "\U0001f600", "/w.YQ"])
def test_what_is_no_cursor_shows_some_page(after: str) -> None:
    story = Story(A)
    story.poll(A, 1, {"r": 1})
    assert story.watch.rooms(after, 5, 1.5)[1] == 1


def test_a_page_goes_on_where_the_room_was_that_has_gone_since() -> None:
    story = Story(A)
    story.poll(A, 1, {"r1": 1, "r2": 2, "r3": 3})
    after = cursor(story.watch.rooms("", 2, 1.5)[0][-1])
    story.poll(A, 2, {"r1": 1, "r3": 3})
    assert [room.id for room in story.watch.rooms(after, 5, 2.5)[0]] == ["r3"]


@pytest.mark.parametrize("after", [f"{A}\nzz~00000000", "YQ.eg~00000000", "YQ.cjU"])
def test_no_cursor_makes_work_for_every_name(after: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rooms = Roll([Room(id=f"r{n}", node=A) for n in range(1000)])
    work: list[str] = []
    monkeypatch.setattr(hashlib, "blake2b", lambda raw, **_: work.append(raw))
    assert paging.page([rooms], after, 5)[1] == 1000
    assert work == []


def test_a_listed_room_leaves_as_any_other() -> None:
    story = Story(A)
    story.poll(A, 1, {"r": 1})
    room = story.watch.rooms("", 1, 1.5)[0][0]
    sent = msgspec.msgpack.decode(msgspec.msgpack.encode(room), type=RoomView, strict=True)
    assert msgspec.to_builtins(room) == msgspec.to_builtins(sent)
    assert set(msgspec.to_builtins(room)) == set(RoomView.__struct_fields__)
