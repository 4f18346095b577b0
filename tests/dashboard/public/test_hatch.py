"""The hatch and the front behind it: the same answers, byte for byte, whichever of the two gives them."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dashboard.public.desks import Serving

PATH = "/embed/state.json"
LARGE = "/embed/concurrency.json"
LAST = b"GET /embed/state.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    with Serving() as made:
        made.lay_ready(PATH, LARGE)
        yield made


def without_dates(told: bytes) -> bytes:
    return re.sub(rb"date: [^\r]*\r\n", b"", told)


def etag(serving: Serving, path: str = PATH) -> str:
    ready = serving.desk.at_hand(path)
    assert ready is not None
    return ready.etag


def get(path: str = PATH, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    lines = [f"{method} {path} HTTP/{version}", "Host: x", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def both(serving: Serving, sent: bytes) -> bytes:
    """What both answer to these bytes and a last request; fails where they differ."""
    quick, plain = (without_dates(serving.told(sent + LAST, name)) for name in ("quick", "plain"))
    assert quick == plain
    return quick


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((), 200),
        (("Accept-Encoding: gzip, br",), 200),
        (("accept-encoding:gzip;q=0",), 200),
        (("Accept-Encoding: identity, GZIP;q=0.5  ",), 200),
        (("If-None-Match: {etag}",), 304),
        (("If-None-Match: \"x\", W/{etag}", "Accept-Encoding: gzip"), 304),
        (("If-None-Match: *",), 304),
        (('If-None-Match: "x"',), 200),
        (("Connection: keep-alive", "User-Agent: a browser", "Cookie: a=b", "Accept: */*"), 200),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", [PATH, LARGE, f"{PATH}?a=%20&b"])
def test_a_plain_request_is_answered_at_the_hatch_as_the_front_would(
    serving: Serving, headers: tuple[str, ...], expected: int, method: str, path: str
) -> None:
    tag = etag(serving, path.partition("?")[0])
    before = serving.answered
    told = both(serving, get(path, *(header.format(etag=tag) for header in headers), method=method))
    assert serving.answered == before + 1
    assert told.startswith(b"HTTP/1.1 %d " % expected)


def test_the_date_is_said(serving: Serving) -> None:
    with serving.connected() as connection:
        connection.sendall(get())
        assert b"\r\ndate: " in connection.recv(65536)


def test_what_is_compressed_is_what_is_said_plainly(serving: Serving) -> None:
    told = serving.told(get(LARGE, "Accept-Encoding: gzip") + LAST)
    head, _, rest = told.partition(b"\r\n\r\n")
    found = re.search(rb"content-length: (\d+)", head)
    assert found is not None
    assert b"content-encoding: gzip" in head
    ready = serving.desk.at_hand(LARGE)
    assert ready is not None
    assert gzip.decompress(rest[: int(found[1])]) == ready.body


@pytest.mark.parametrize(
    "sent",
    [
        get(version="1.0"),
        get(PATH, "Connection: close"),
        get(PATH, "Connection: upgrade", "Upgrade: websocket"),
        get(PATH, "Origin: https://status.example.org"),
        get(PATH, "Content-Length: 5") + b"hello",
        get(PATH, "Content-Length: 0"),
        get(PATH, "Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n",
        get(PATH, "Transfer-Encoding : chunked") + b"0\r\n\r\n",
        get(PATH, "Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
        get(PATH, "Expect: 100-continue"),
        get(PATH, "Accept-Encoding: gzip", "Accept-Encoding: br"),
        get(PATH, "Accept: a\r\n b"),
        get(PATH, "X: \x00"),
        get(PATH, "X: caf\xe9"),
        get(PATH, "X"),
        get("/embed/state%2Ejson"),
        get("//embed/state.json"),
        get("/embed/../embed/state.json"),
        get("http://x/embed/state.json"),
        get("/embed/nothing.json"),
        get("/embed/state.json#x"),
        get("/other"),
        get(method="POST"),
        get(method="get"),
        get().replace(b"\r\n", b"\n"),
        b"\r\n" + get(),
        get()[:-2] + b"\n",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_the_server_proper(serving: Serving, sent: bytes) -> None:
    answered = serving.answered
    both(serving, sent)
    assert serving.answered == answered


NAMES = st.sampled_from(
    ["Accept", "User-Agent", "Accept-Encoding", "If-None-Match", "Connection", "Origin", "Content-Length",
     "Transfer-Encoding", "Expect", "Upgrade", "X-Forwarded-For", "Cookie", "TE", "X y", "", "Host"]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        ["gzip", "gzip;q=0", "gzip; q=0.0, br", "*", "W/{etag}", '"a",{etag}', "keep-alive", "Keep-Alive, x",
         "0", "chunked", "100-continue", "h2c", "", " ", "\t gzip"]
    ),
    st.text(st.characters(max_codepoint=255, exclude_characters="{}"), max_size=12),
)  # fmt: skip
TARGETS = st.one_of(
    st.sampled_from(
        [PATH, LARGE, f"{PATH}?x", f"{PATH}/", "/embed/state@spaces.json", "/embed/%73tate.json"]
    ),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12).map(lambda rest: PATH + rest),
)
HEADS = st.builds(
    lambda method, target, version, headers: (method, target, version, headers),
    st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "OPTIONS"]),
    TARGETS,
    st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.10", "http/1.1"]),
    st.lists(st.tuples(NAMES, VALUES), max_size=4),
)


@settings(max_examples=300)
@given(HEADS)
def test_whatever_is_asked_both_answer_the_same(
    serving: Serving, asked: tuple[str, str, str, list[tuple[str, str]]]
) -> None:
    method, target, version, headers = asked
    tag = etag(serving)
    lines = [f"{method} {target} {version}", *(f"{n}: {v.replace('{etag}', tag)}" for n, v in headers)]
    both(serving, "\r\n".join([*lines, "", ""]).encode("latin-1"))


@settings(max_examples=50)
@given(st.data())
def test_however_the_bytes_come_in_the_answers_are_the_same(serving: Serving, data: st.DataObject) -> None:
    """Several requests, plain and others, cut into pieces anywhere."""
    kinds = [
        get(),
        get(LARGE, "Accept-Encoding: gzip"),
        get("/other"),
        get(method="POST"),
        get("/embed/no.json"),
    ]
    sent = b"".join(data.draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=5))) + LAST
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=4)))
    with serving.connected() as connection:
        for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
            connection.sendall(sent[start:end])
            serving.do(_a_turn)  # so that each piece comes alone
        told = bytearray()
        while more := connection.recv(1 << 20):
            told += more
    assert without_dates(bytes(told)) == without_dates(serving.told(sent, "plain"))


async def _a_turn() -> None:
    """The loop has looked at its sockets once more."""


def test_what_is_known_is_bounded_and_goes_with_the_tick(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.public.hatch.MOST_KNOWN", 10)
    for number in range(30):
        serving.told(get(f"{PATH}?{number}") + LAST)
        assert len(serving.hatch._known) <= 10
    old = etag(serving)
    serving.show(100)
    told = serving.told(get(PATH, f"If-None-Match: {old}") + LAST)
    assert etag(serving) != old
    assert told.startswith(b"HTTP/1.1 200 ")
    assert etag(serving).encode() in told


def test_who_asks_in_a_thousand_ways_has_the_answer_kept_once(serving: Serving) -> None:
    """A long page times every tag that somebody makes up would be all the memory there is."""
    many = b"".join(get(LARGE, f'If-None-Match: "{n}"') for n in range(200))
    told = serving.told(many + LAST)
    assert told.count(b" 200 OK") == 201
    assert len({id(each) for each in serving.hatch._made.values()}) <= 2
