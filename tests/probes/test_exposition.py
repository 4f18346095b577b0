"""The lines of a few metrics out of an exposition, as prometheus_client's own parsers read them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from probes.exposition import Exposition, Sample, Samples, Selector
from probes.failure import ProbeFailed
from probes.model import Outcome

TEXT = "text/plain; version=0.0.4; charset=utf-8"


def read(text: str, *names: str, content_type: str = TEXT) -> Samples:
    return Exposition(names or ("x",)).read(text.encode(), content_type, "a:1")


def values(samples: Samples, name: str = "x") -> list[tuple[Mapping[str, str], float | None]]:
    return [(sample.labels, sample.value) for sample in samples.of(name)]


def failure(text: str, *names: str, content_type: str = TEXT) -> tuple[Outcome, str]:
    with pytest.raises(ProbeFailed) as caught:
        read(text, *names, content_type=content_type)
    return caught.value.outcome, caught.value.detail


# --- what is read ---


@given(
    st.dictionaries(
        st.tuples(st.text(max_size=12), st.text(max_size=12)),
        st.floats() | st.integers(0, 2**60).map(float),
        max_size=8,
    )
)
def test_it_reads_what_the_parsers_of_prometheus_client_read(told: dict[tuple[str, str], float]) -> None:
    registry = CollectorRegistry()
    gauge = Gauge("rooms_participants", "In the room", ["room", "title"], registry=registry)
    other = Gauge("rooms", 'rooms_participants{room="of the help"} 5', ["room"], registry=registry)
    for (room, title), value in told.items():
        gauge.labels(room, title).set(value)
        other.labels(room).set(1)
    text = generate_latest(registry).decode()
    for exposed, parse, content_type in (
        (text, prometheus, TEXT),
        (generate_openmetrics(registry).decode(), openmetrics, CONTENT_TYPE_LATEST),
    ):
        expected = [
            (sample.labels, str(float(sample.value)))
            for family in parse(exposed)
            for sample in family.samples
            if sample.name == "rooms_participants"
        ]
        got = read(exposed, "rooms_participants", content_type=content_type)
        assert [(labels, str(value)) for labels, value in values(got, "rooms_participants")] == expected
        assert got.unreadable == {}


def test_only_the_metrics_that_are_meant_are_read() -> None:
    text = '# HELP x x{a="1"} 4\n# TYPE x gauge\nx 1\nxy 2\nx_sum 3\nz{l="x 9"} 4\n  x{a="b"} 5\n'
    assert values(read(text)) == [({}, 1.0), ({"a": "b"}, 5.0)]


@pytest.mark.parametrize(
    ("line", "labels", "value"),
    [
        ("x\t7", {}, 7.0),
        ("x 7 ", {}, 7.0),
        ("x 7\r", {}, 7.0),
        ('x { a = "b" , c = "d" } 7', {"a": "b", "c": "d"}, 7.0),
        ('x{a="b",} 7', {"a": "b"}, 7.0),
        ('x{a="}"} 7', {"a": "}"}, 7.0),
        (r'x{a="q\"u\\n\n"} 7', {"a": 'q"u\\n\n'}, 7.0),
        ('x{a="# 5"} 7', {"a": "# 5"}, 7.0),
        ("x{} 7", {}, 7.0),
        ("x +Inf", {}, math.inf),
        ("x 1e3", {}, 1000.0),
    ],
)
def test_lines_as_others_write_them(line: str, labels: dict[str, str], value: float) -> None:
    assert values(read(f"# TYPE x gauge\n{line}\n")) == [(labels, value)]


def test_an_exemplar_is_left_aside() -> None:
    text = '# TYPE x counter\nx_total{a="b"} 17.0 1.5 # {trace_id="x 3"} 0.67 1520879607.7\n# EOF\n'
    (sample,) = read(text, content_type=CONTENT_TYPE_LATEST).of("x")
    assert sample == Sample({"a": "b"}, 17.0, 1.5)


def test_times_are_milliseconds_in_one_format_and_seconds_in_the_other() -> None:
    assert read("# TYPE x gauge\nx 1 1684967250500\n").of("x") == [Sample({}, 1.0, 1684967250.5)]
    text = "# TYPE x gauge\nx 1 1684967250.5\n# EOF\n"
    assert read(text, content_type=CONTENT_TYPE_LATEST).of("x") == [Sample({}, 1.0, 1684967250.5)]


@pytest.mark.parametrize("name", ["joins", "joins_total"])
def test_a_counter_is_found_with_and_without_total_and_never_its_creation(name: str) -> None:
    registry = CollectorRegistry()
    Counter("joins", "Tries", registry=registry).inc(3)
    for exposed, content_type in (
        (generate_latest(registry).decode(), TEXT),
        (generate_openmetrics(registry).decode(), CONTENT_TYPE_LATEST),
        ("# TYPE joins counter\njoins 3\n", TEXT),
    ):
        assert values(read(exposed, name, content_type=content_type), name) == [({}, 3.0)]


def test_a_gauge_is_no_counter_of_a_like_name() -> None:
    text = "# TYPE rooms gauge\nrooms 3\n# TYPE people_total gauge\npeople_total 4\n"
    samples = read(text, "rooms_total", "people")
    assert (values(samples, "rooms_total"), values(samples, "people")) == ([], [])
    assert values(read(text, "people_total"), "people_total") == [({}, 4.0)]


def test_a_metric_that_is_declared_and_has_no_samples_is_there() -> None:
    assert read("# HELP x y\n# TYPE x gauge\n").tells("x")
    assert read("# HELP x\n").tells("x")
    assert not read("# HELP xy\n# TYPE y gauge\n").tells("x")


# --- what cannot be read ---


@pytest.mark.parametrize(
    "line", ['x{a="b} 7', 'x{a="b"}', "x{a=b} 7", 'x{="b"} 7', "x{a", f'x{{a="{"b" * 20_000}" }} 7']
)
def test_a_line_that_cannot_be_read_loses_no_other(line: str) -> None:
    samples = read(f"# TYPE x gauge\nx 1\n{line}\nx 2\n")
    assert values(samples) == [({}, 1.0), ({}, 2.0)]
    assert samples.unreadable == {"x": 1}


def test_a_value_that_is_no_number_is_told_as_none() -> None:
    assert values(read("# TYPE x gauge\nx many\nx 1_000\n")) == [({}, None), ({}, None)]


def test_openmetrics_without_their_end_are_half_an_answer() -> None:
    assert failure("# TYPE x gauge\nx 1\n", content_type=CONTENT_TYPE_LATEST) == (
        Outcome.UNAVAILABLE,
        "a:1 sent half an answer: its OpenMetrics end without # EOF",
    )


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("", "an empty body"),
        ("<html>", "an HTML page"),
        ('{"a": 1}', "JSON"),
        ("rooms: none", "something else"),
    ],
)
def test_what_is_no_exposition(body: str, what: str) -> None:
    assert failure(body) == (Outcome.PROTOCOL, f"a:1 answered with {what} where metrics were expected")


def test_samples_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.exposition.reader.MAX_SAMPLES", 3)
    assert len(read("x 1\n" * 3).of("x")) == 3
    assert failure("x 1\n" * 4) == (Outcome.PROTOCOL, "a:1 answered with more samples than can be read")


@pytest.mark.parametrize(
    "line",
    [
        "x{" + 'a="' * 5_000,
        "x{" + "a" * 16_000,
        "x{" + 'a="b",' * 2_500 + "!",
        "x{" + '{"' * 7_000,
        'x{a="' + "\\" * 16_000,
        "x" + " " * 16_000 + "y z",
    ],
)
def test_no_line_takes_long(line: str) -> None:
    """Whatever is in it: patterns that try all ways would not come to an end."""
    started = time.process_time()
    read(f"# TYPE x gauge\n{line}\n")
    assert time.process_time() - started < 5


# --- which are meant ---


def test_selectors_choose_by_labels() -> None:
    samples = [Sample({"s": "ok", "k": "a"}, 1.0), Sample({"s": "ok"}, 2.0), Sample({"s": 'b"d'}, 3.0)]
    chosen = {
        text: [sample.value for sample in Selector(text).of(samples)]
        for text in ("x", "x{}", 'x{s="ok"}', 'x{s="ok",k!="a"}', 'x{k=""}', r'x{s="b\"d"}', 'x{s="no"}')
    }
    assert list(chosen.values()) == [[1, 2, 3], [1, 2, 3], [1, 2], [2], [2, 3], [3], []]


@pytest.mark.parametrize("text", ["", "x{", 'x{a="b"', "x{a=b}", 'x{a=~"b"}', "1x", "x y", 'x{a="b"}}'])
def test_what_is_no_selector(text: str) -> None:
    with pytest.raises(ValueError, match="expected a metric such as"):
        Selector(text)
