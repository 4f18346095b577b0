"""A document is read alike by the fast way and row by row, and one bad row loses nobody but itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.failure import ProbeFailed
from probes.mapping import Document, Reading, Table, document
from probes.mapping.paths import COUNT, ID, NAMES, TEXT, TOTAL, WHEN, WORD, Kind, Path
from probes.model import Outcome

ROOM = {"id": ("id", ID), "people": ("people", COUNT)}


def read(body: object, where: str = "rooms", **fields: tuple[str, Kind]) -> Reading:
    """Read `body` (JSON, or bytes as they are) as a list of rooms at `where`."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Document({"rooms": Table(where, fields or ROOM)}, {}).read(raw, "a:80")


def rows(reading: Reading) -> list[tuple[Any, ...]]:
    columns = reading.tables["rooms"]
    return list(zip(*(columns[name] for name in columns.getters), strict=True))


class TestWhere:
    @pytest.mark.parametrize(
        ("where", "body"),
        [
            ("rooms", {"rooms": [{"id": "a", "people": 1}]}),
            ("data.rooms", {"data": {"rooms": [{"id": "a", "people": 1}]}}),
            ("@", [{"id": "a", "people": 1}]),
            ("", [{"id": "a", "people": 1}]),
            ("pages[].rooms[]", {"pages": [{"rooms": [{"id": "a", "people": 1}]}]}),
        ],
    )
    def test_a_list(self, where: str, body: object) -> None:
        assert rows(read(body, where)) == [("a", 1)]

    @pytest.mark.parametrize("body", [{}, {"rooms": None}, {"rooms": {}}, {"rooms": 3}, [], 5, None])
    def test_a_list_that_is_not_there_is_no_empty_list(self, body: object) -> None:
        assert read(body).tables == {}

    def test_an_empty_list(self) -> None:
        reading = read({"rooms": []})
        assert (rows(reading), reading.left_out) == ([], {})

    def test_fields_below_others(self) -> None:
        body = {"rooms": [{"meta": {"id": "a"}, "stats": {"now": 2, "max": 9}}, {"meta": {"id": "b"}}]}
        fields = {"id": ("meta.id", ID), "people": ("stats.now", COUNT), "most": ("stats.max", COUNT)}
        assert rows(read(body, "rooms", **fields)) == [("a", 2, 9), ("b", None, None)]

    def test_expressions(self) -> None:
        body = {"rooms": [{"id": "a", "users": [1, 2, 3]}]}
        assert rows(read(body, id=("id", ID), people=("length(users)", COUNT))) == [("a", 3)]

    @pytest.mark.parametrize(
        "expression",
        ["users[?@ > `3`] | length(@)", "ceil(load)", "users[::0]"],
        ids=["type", "value", "slice"],
    )
    def test_an_expression_that_one_row_does_not_suit_loses_only_that_row(self, expression: str) -> None:
        body = b'{"rooms": [{"id": "a", "users": ["b"], "load": NaN}, {"id": "c", "users": null, "load": 1}]}'
        reading = read(body, id=("id", ID), people=(expression, WORD))
        assert reading.left_out == {"rooms": 2 if "length" in expression else 1}
        assert reading.notes[0].startswith(
            f"{reading.left_out['rooms']} of 2 rooms could not be read: people "
        )

    def test_one_value_as_two_fields(self) -> None:
        assert rows(read({"rooms": [{"id": "a"}]}, id=("id", ID), title=("id", TEXT))) == [("a", "a")]

    def test_one_value_as_two_kinds(self) -> None:
        body = {"rooms": [{"id": 7}]}
        assert rows(read(body, id=("id", ID), people=("id", COUNT))) == [(7, 7)]

    def test_a_field_that_is_also_a_way(self) -> None:
        body = {"rooms": [{"id": "a", "stats": {"now": 1}}]}
        fields = {"id": ("id", ID), "all": ("stats", TEXT), "people": ("stats.now", COUNT)}
        assert read(body, "rooms", **fields).left_out == {"rooms": 1}

    def test_names_with_dashes_are_names(self) -> None:
        assert rows(read({"rooms": [{"room-id": "a"}]}, id=("room-id", ID))) == [("a",)]

    @pytest.mark.parametrize("text", ["length(", "a..b", "[", "a b"])
    def test_an_expression_that_cannot_be_one(self, text: str) -> None:
        with pytest.raises(ValueError, match=r".+"):
            Path(text)


class TestKinds:
    @pytest.mark.parametrize(
        ("kind", "told", "read_as"),
        [
            (COUNT, "2", 2),
            (COUNT, 2.0, 2),
            (COUNT, None, None),
            (COUNT, 2**32, 2**32),
            (TOTAL, 2**53, 2**53),
            (ID, 5, 5),
            (ID, 10**30, 10**30),
            (ID, "5", "5"),
            (TEXT, None, None),
            (WHEN, 1684967250, 1684967250.0),
            (WHEN, "2023-05-24T22:00:00Z", "2023-05-24T22:00:00Z"),
            (WORD, True, True),
            (NAMES, ["a", 5], ("a", 5)),
            (NAMES, None, None),
        ],
    )
    def test_readable(self, kind: Kind, told: object, read_as: object) -> None:
        body = {"rooms": [{"v": told}]}
        assert rows(read(body, v=("v", kind))) == [(read_as,)]
        assert rows(read(body, v=("v || v", kind))) == [(read_as,)]

    @pytest.mark.parametrize(
        ("kind", "told"),
        [
            (COUNT, "many"),
            (COUNT, -1),
            (COUNT, 2**32 + 1),
            (TOTAL, 2**53 + 1),
            (COUNT, 10**30),
            (COUNT, 2.5),
            (COUNT, True),
            (COUNT, float("nan")),
            (COUNT, float("inf")),
            (COUNT, [1]),
            (ID, ""),
            (ID, None),
            (ID, True),
            (ID, {"a": 1}),
            (TEXT, ["a"]),
            (WHEN, True),
            (NAMES, "a"),
        ],
    )
    def test_unreadable(self, kind: Kind, told: object) -> None:
        """The bad row is left out and said; the good one beside it is kept."""
        good = next(v for v in ("1", ["a"]) if (kind is NAMES) == isinstance(v, list))
        reading = read({"rooms": [{"v": good}, {"v": told}]}, v=("v", kind))
        assert len(rows(reading)) == 1
        assert reading.left_out == {"rooms": 1}
        assert reading.notes[0].startswith("1 of 2 rooms could not be read: v is ")
        assert reading.notes[0].endswith(f"where {kind.expected} was expected")

    def test_the_first_bad_row_is_shown(self) -> None:
        body = {"rooms": [{"id": str(i), "people": "many\x1b[31m" if i in (3, 7) else i} for i in range(100)]}
        reading = read(body)
        assert len(rows(reading)) == 98
        assert reading.notes == [
            '2 of 100 rooms could not be read: people is "many\\u001b[31m" '
            "where a whole number from 0 to 4,294,967,296 was expected"
        ]

    def test_rows_that_are_no_objects(self) -> None:
        reading = read({"rooms": [{"id": "a"}, None, 3, "b", [], {"id": "c"}]})
        assert [row[0] for row in rows(reading)] == ["a", "c"]
        assert reading.left_out == {"rooms": 4}

    def test_a_value_beside_the_lists(self) -> None:
        tables = {"rooms": Table("rooms", ROOM)}
        values = {
            "time": ("now", WHEN),
            "joins.joined": ("stats.in", COUNT),
            "joins.timeout": ("stats.out", COUNT),
        }
        body = json.dumps({"rooms": [], "now": 5, "stats": {"in": "8"}}).encode()
        reading = Document(tables, values).read(body, "a:80")
        assert reading.values == {"time": 5.0, "joins.joined": 8, "joins.timeout": None}

    def test_a_bad_value_beside_the_lists_loses_only_itself(self) -> None:
        document = Document({"rooms": Table("rooms", ROOM)}, {"time": ("now", WHEN)})
        reading = document.read(b'{"rooms": [{"id": "a"}], "now": {}}', "a:80")
        assert (len(rows(reading)), reading.left_out) == (1, {})
        assert "time" not in reading.values
        assert reading.notes == ["time is an object where a time was expected"]


class TestJson:
    @pytest.mark.parametrize(
        "body",
        [
            b'\xef\xbb\xbf{"rooms": [{"id": "a", "people": 1}]}',
            b'{"rooms": [{"id": "a", "people": 1, "title": "\xff\xfe"}]}',
            b'{"rooms": [{"id": "a", "people": 1, "load": NaN}]}',
            b'{"rooms": [{"id": "a", "people": 1, "title": "\\ud800"}]}',
        ],
        ids=["byte order mark", "bad UTF-8", "NaN", "half a surrogate pair"],
    )
    def test_what_is_nearly_json(self, body: bytes) -> None:
        assert rows(read(body)) == [("a", 1)]
        titled = read(body, "rooms", **ROOM, title=("title", TEXT))
        assert [row[:2] for row in rows(titled)] == [("a", 1)]

    @pytest.mark.parametrize(
        ("body", "sentence"),
        [
            (b"<html>", "a:80 answered with an HTML page where JSON was expected"),
            (b"", "a:80 answered with an empty body where JSON was expected"),
            (b'{"rooms": [', "a:80 answered with something that is not JSON where JSON was expected"),
            (b"[" * 100_000, "a:80 answered with JSON that is nested too deeply"),
            (b'{"a":' * 100_000, "a:80 answered with JSON that is nested too deeply"),
            (b'{"rooms": [' + b"9" * 10_000 + b"]x", None),
        ],
        ids=["html", "empty", "half", "deep lists", "deep objects", "long number"],
    )
    def test_what_is_no_json(self, body: bytes, sentence: str | None) -> None:
        with pytest.raises(ProbeFailed) as caught:
            read(body)
        assert caught.value.outcome is Outcome.PROTOCOL
        assert sentence is None or caught.value.detail == sentence

    def test_more_values_than_memory_should_hold(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(document, "MAX_VALUES", 1000)
        assert len(rows(read({"rooms": [{"id": "a"}] * 300}))) == 300
        with pytest.raises(ProbeFailed, match=r"answered with more than 0\.001 million values"):
            read({"rooms": [[]] * 600})


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["2", "-1", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["rooms", "a"]), st.lists(JSON | st.dictionaries(st.sampled_from("abc"), JSON))
    )
)
def test_both_ways_read_the_same(body: dict[str, Any]) -> None:
    """Whatever comes, a mapping by names and the same one by expressions agree, and neither raises."""
    fields = {"x": ("a", ID), "y": ("b.c", COUNT), "z": ("c", NAMES)}
    fast = read(body, "rooms", **fields)
    slow = read(body, "rooms", **{name: (f"{path} | @", kind) for name, (path, kind) in fields.items()})
    assert fast.tables.keys() == slow.tables.keys()
    if fast.tables:
        assert rows(fast) == rows(slow)
    assert fast.left_out == slow.left_out
