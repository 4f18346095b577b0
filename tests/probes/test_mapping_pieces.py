"""A document read in pieces tells what it tells as a whole, or is left to be read whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probes.failure import ProbeFailed
from probes.mapping import Document, NotInPieces, Reading, Table, document, pieces
from probes.mapping.paths import COUNT, ID, NAMES, TEXT, WHEN

FIELDS = {"id": ("id", ID), "title": ("title", TEXT), "people": ("people", COUNT), "hosts": ("hosts", NAMES)}


@pytest.fixture(autouse=True)
def _short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE", 60)
    monkeypatch.setattr(document, "PIECE", 60)


def mapped(where: str = "rooms") -> Document:
    beside = {} if where == "@" else {"time": ("time", WHEN)}
    return Document({"rooms": Table(where, FIELDS)}, beside)


def told(readings: list[Reading]) -> tuple[list[tuple[Any, ...]], dict[str, Any]]:
    """The rows of all pieces, and what the last one tells beside them."""
    columns = [reading.tables["rooms"] for reading in readings]
    rows = [row for c in columns for row in zip(*(c[name] for name in FIELDS), strict=True)]
    return rows, readings[-1].values


def in_pieces(body: bytes, where: str = "rooms") -> list[Reading]:
    return list(mapped(where).pieces(body, "rooms", "a:80"))


def many(count: int = 20) -> list[dict[str, object]]:
    return [{"id": f"r{n}", "title": "A room", "people": n, "hosts": ["h"]} for n in range(count)]


@pytest.mark.parametrize(
    ("where", "shape"),
    [
        ("rooms", lambda rows: {"time": 5, "rooms": rows}),
        ("rooms", lambda rows: {"rooms": rows, "time": 5}),
        ("data.rooms", lambda rows: {"time": 5, "data": {"more": 1, "rooms": rows, "rest": {}}}),
        ("@", lambda rows: rows),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_all_rows_and_what_stands_beside_them(where: str, shape: Any, indent: int | None) -> None:
    body = json.dumps(shape(many()), indent=indent).encode()
    readings = in_pieces(body, where)
    assert len(readings) > 5
    assert told(readings) == told([mapped(where).read(body, "a:80")])


@pytest.mark.parametrize(
    "title",
    ['},{"id":', '\\"},{"id":"x', "]}", '"rooms":[{', "\\", '},\n {"id" : "y"'],
)
def test_texts_that_look_like_the_end_of_a_row(title: str) -> None:
    body = json.dumps({"rooms": [row | {"title": title} for row in many()]}).encode()
    readings = in_pieces(body)
    assert len(readings) > 3
    assert told(readings) == told([mapped().read(body, "a:80")])


TEXTS = st.one_of(st.sampled_from(['},{"id":', '"rooms":[', "]}", "\\", '"']), st.text(max_size=5))
INNER = st.recursive(
    st.one_of(st.none(), st.integers(0, 9), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["id", "rooms", "people", "x"]), inner, max_size=3),
    ),
    max_leaves=6,
)
ROWS = st.lists(
    st.builds(
        lambda name, people, title, more: {"id": name, "people": people, "title": title, "more": more},
        st.one_of(st.integers(0, 99), st.text(min_size=1, max_size=3)),
        st.one_of(st.none(), st.integers(-1, 5)),
        st.one_of(st.none(), TEXTS),
        INNER,
    ),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, INNER, INNER, st.sampled_from([None, 1]), st.sampled_from(["rooms", "data.rooms"]))
def test_what_comes_in_pieces_is_never_something_else(
    rows: list[dict[str, object]], before: object, after: object, indent: int | None, where: str
) -> None:
    inside = {"rooms": rows} if where == "rooms" else {"x": after, "data": {"rooms": rows, "y": before}}
    body = json.dumps({"a": before, **inside, "z": after, "time": 7}, indent=indent).encode()
    try:
        readings = in_pieces(body, where)
    except NotInPieces:
        return
    assert told(readings) == told([mapped(where).read(body, "a:80")])


@pytest.mark.parametrize(
    "body",
    [
        {"old": {"rooms": many()}, "rooms": many(2)},
        {"old": {"rooms": many()}},
        {"rooms": [], "text": "x" * 500},
        {"rooms": None, "text": "x" * 500},
        {"rooms": list(range(200))},
        {"rooms": [*many(), {"title": "without an id"}]},
        {"rooms": [*many(5), {"id": "bad", "people": -1}, *many(5)]},
    ],
    ids=["elsewhere first", "elsewhere only", "empty", "null", "numbers", "no id", "bad count"],
)
def test_what_is_left_to_be_read_whole(body: object) -> None:
    with pytest.raises(NotInPieces):
        in_pieces(json.dumps(body).encode())


@pytest.mark.parametrize(
    "body",
    [
        {"old": {"rooms": many()}, "data": {"rooms": many(2)}},
        {"data": {"rooms": []}, "old": {"rooms": many()}},
        {"data": {"rooms": None}, "old": {"rooms": many()}},
        {"data": {"=ooms": []}, "old": {"rooms": many()}},
    ],
)
def test_a_list_of_the_same_name_beside_the_one_that_is_meant(body: object) -> None:
    raw = json.dumps(body).encode().replace(b"=", b"\\u0072")
    with pytest.raises(NotInPieces):
        in_pieces(raw, "data.rooms")


@pytest.mark.parametrize("cut", [1, 100, 700])
def test_half_a_document_is_none(cut: int) -> None:
    with pytest.raises(NotInPieces):
        in_pieces(json.dumps({"rooms": many()}).encode()[:-cut])


def test_expressions_are_read_whole() -> None:
    listed = Document({"rooms": Table("rooms[]", FIELDS)}, {})
    with pytest.raises(NotInPieces):
        list(listed.pieces(json.dumps({"rooms": many()}).encode(), "rooms", "a:80"))


class TestTooMuch:
    @pytest.fixture(autouse=True)
    def _few_values(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setattr(document, "MAX_VALUES", 300)
        yield

    @pytest.mark.parametrize(
        "rows",
        [many(100), [*many(3), {"id": "x", "title": "y", "hosts": ["h"] * 400}]],
        ids=["rows", "hosts"],
    )
    def test_more_than_memory_should_hold(self, rows: object) -> None:
        with pytest.raises(ProbeFailed, match="million values; ask for less"):
            in_pieces(json.dumps({"rooms": rows}).encode())

    def test_what_nobody_asks_for_is_not_counted(self) -> None:
        rows = [row | {"more": list(range(40))} for row in many(20)]
        assert len(told(in_pieces(json.dumps({"rooms": rows}).encode()))[0]) == 20
