"""The past as the API tells it: which moment is meant, what is kept of it, how long an answer holds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from dashboard.api import add_docs, make_api
from dashboard.frames import EventView, encode
from dashboard.hub import Hub
from dashboard.past import BadMoment, HowShown, Pasts, moment_of
from dashboard.recent import Recent
from dashboard.supervisor import Supervisor
from probes.history import HISTORIES, History, Kept
from probes.history.whole import MOST_RELOCATIONS
from probes.pipeline import Tick
from probes.settings import ConfigText
from tests.probes.seen import AT, observation, relocation, tick

EVENT = EventView(name="launch", title="Launch", service="spaces", starts_at=AT, rooms=(), audience=None)
SEEN = observation(pace=1.0, service_time=None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history"


@pytest.fixture
def history(path: Path) -> Iterator[History]:
    history = HISTORIES["sqlite"].write(path, Kept(1e9, 1e9, 10**10))
    yield history
    history.close()


def ask(path: Path, *questions: str, **headers: str) -> list[httpx.Response]:
    hub, nobody = Hub(), Supervisor(ConfigText("", "", Path()), lambda _: None, lambda: None)
    app = FastAPI()
    pasts = Pasts(lambda: HISTORIES["sqlite"].read(path), lambda: HowShown(1.0, (EVENT,)))
    app.include_router(make_api(hub, Recent(), nobody, pasts))
    add_docs(app)

    async def main() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return [await client.get(question, headers=headers) for question in questions]

    return asyncio.run(main())


def write(history: History, seconds: int) -> list[Tick]:
    """A tick a second, in each one person more."""
    ticks = [
        tick(msgspec.structs.replace(SEEN, participants=second), seq=second, at=AT + second)
        for second in range(seconds)
    ]
    for each in ticks:
        history.append(each)
    return ticks


def frame(path: Path, at: object) -> Any:
    return ask(path, f"/api/v1/frame?at={at}")[0].raise_for_status().json()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1684966865", 1684966865.0),
        ("1684966865.5", 1684966865.5),
        ("1.684966865e+09", 1684966865.0),
        ("1.684966865e 09", 1684966865.0),  # as Prometheus writes it, without a care for addresses
        ("2023-05-24T22:21:05Z", 1684966865.0),
        ("2023-05-24T22:21:05", 1684966865.0),
        ("2023-05-24T18:21:05-04:00", 1684966865.0),
        ("2023-05-25T00:21:05 02:00", 1684966865.0),
    ],
)
def test_a_moment_is_unix_seconds_or_an_iso_time(text: str, at: float) -> None:
    """In an address a plus stands for a space."""
    assert moment_of(text) == at


@pytest.mark.parametrize(
    "text", ["", "yesterday", "-1", "nan", "inf", "1e30", "12:00", "0001-01-01T00:00:00"]
)
def test_what_is_no_moment_is_told_what_one_is(text: str) -> None:
    with pytest.raises(BadMoment, match=r"Unix seconds or an ISO time.*2023-05-24T22:21:05Z"):
        moment_of(text)


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        ("start=5&end=5", "`end` must be later than `start`."),
        ("start=2023-05-24T22:21:05Z&end=2023-05-24T22:21:04Z", "`end` must be later than `start`."),
        ("start=&end=5", "`start` must be Unix seconds or an ISO time, as "),
        ("start=0&end=inf", "`end` must be Unix seconds or an ISO time between "),
        ("start=nan&end=5", "`start` must be Unix seconds or an ISO time between "),
        ("start=-1&end=5", "`start` must be Unix seconds or an ISO time between "),
    ],
)
def test_two_times_that_are_none_are_told_which(path: Path, times: str, sentence: str) -> None:
    (answer,) = ask(path, f"/api/v1/history?service=spaces&{times}")
    assert (answer.status_code, answer.json()["detail"][: len(sentence)]) == (422, sentence)


def test_what_was_seen_between_two_times_in_either_way_to_write_them(path: Path, history: History) -> None:
    write(history, 10)
    iso = [datetime.fromtimestamp(AT + second, UTC).isoformat() for second in (2, 5)]
    for start, end in ((AT + 2, AT + 5), iso):
        (answer,) = ask(path, f"/api/v1/history?service=spaces&start={start}&end={end}")
        assert answer.json()["at"] == [AT + 2, AT + 3, AT + 4]


def test_the_frame_of_a_moment_is_the_last_that_was_kept_by_then(path: Path, history: History) -> None:
    ticks = write(history, 35)
    told = frame(path, AT + 27.3)
    live = encode(ticks[20], 1.0, (EVENT,)).json
    assert told == {**msgspec.json.decode(live), "left_out": {}}


def test_relocations_that_were_not_kept_are_counted(path: Path, history: History) -> None:
    many = tuple(relocation(f"x{i}", at=AT - i) for i in range(MOST_RELOCATIONS + 3))
    history.append(tick(msgspec.structs.replace(SEEN, relocations=many)))
    told = frame(path, AT)
    assert told["left_out"] == {"spaces": 3}
    assert len(told["services"][0]["relocations"]) == MOST_RELOCATIONS


def test_the_charts_show_the_hour_before_and_five_minutes_after(path: Path, history: History) -> None:
    for seq in range(0, 5_000, 10):
        history.append(tick(SEEN, seq=seq, at=AT + seq))
    (answer,) = ask(path, f"/api/v1/recent?at={AT + 4_000}")
    told = answer.raise_for_status().json()
    before, later = told["services"]["spaces"]["at"], told["later"]["spaces"]["at"]
    assert (before[0], before[-1]) == (AT + 400, AT + 4_000)
    assert (later[0], later[-1]) == (AT + 4_010, AT + 4_290)
    assert (told["asked"], told["before"], told["after"]) == (AT + 4_000, AT + 3_990, AT + 4_010)
    assert told["frame"]["at"] == AT + 4_000


def test_of_a_replay_five_of_its_own_minutes_are_shown_and_none_of_the_next(
    path: Path, history: History
) -> None:
    for seq in range(40):
        begun_again = seq >= 23
        seen = observation(pace=60.0, service_time=60.0 * (seq - 20 * begun_again))
        history.append(tick(seen, seq=seq, at=AT + seq))
    first, last = (
        answer.json()["later"]["spaces"]["at"]
        for answer in ask(path, f"/api/v1/recent?at={AT + 10}", f"/api/v1/recent?at={AT + 20}")
    )
    assert first == [AT + second for second in (11, 12, 13, 14)]
    assert last == [AT + 21, AT + 22]


def test_what_is_not_kept_is_told_with_what_is(path: Path, history: History) -> None:
    write(history, 35)
    early, late, bad, bad_window = ask(
        path,
        f"/api/v1/frame?at={AT - 1}",
        "/api/v1/recent?at=9000000000",
        "/api/v1/frame?at=soon",
        "/api/v1/recent?at=soon",
    )
    kept = "Boards are kept from 22:13:20 UTC on 14 Nov 2023 to 22:13:50 UTC on 14 Nov 2023."
    assert early.status_code == late.status_code == 404
    assert early.json()["detail"] == f"No board of 22:13:19 UTC on 14 Nov 2023 is in the history. {kept}"
    assert late.json()["detail"] == f"16:00:00 UTC on 14 Mar 2255 has not come yet. {kept}"
    assert bad.status_code == bad_window.status_code == 422
    assert "ISO time" in bad.json()["detail"]


def test_without_a_history_it_says_so(path: Path) -> None:
    (answer,) = ask(path, f"/api/v1/frame?at={AT}")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "History holds no board yet: the first is kept with the first tick."


def test_an_answer_is_kept_by_browsers_once_a_later_board_says_that_it_stands(
    path: Path, history: History
) -> None:
    write(history, 35)
    final, newest = ask(path, f"/api/v1/frame?at={AT + 20}", f"/api/v1/frame?at={AT + 34}")
    assert final.headers["cache-control"] == "private, max-age=3600"
    assert newest.headers["cache-control"] == "no-cache"
    (same,) = ask(path, f"/api/v1/frame?at={AT + 20}", **{"If-None-Match": final.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert final.headers["etag"] != newest.headers["etag"]


def test_what_came_after_is_kept_by_browsers_once_all_of_it_is_there(path: Path, history: History) -> None:
    """Else the charts of a page that was due at once would stay short for an hour."""
    for seq in range(0, 400, 10):
        history.append(tick(SEEN, seq=seq, at=AT + seq))
    whole, short = ask(path, f"/api/v1/recent?at={AT + 80}", f"/api/v1/recent?at={AT + 100}")
    assert whole.headers["cache-control"] == "private, max-age=3600"
    assert short.headers["cache-control"] == "no-cache"


def test_the_docs_say_what_at_means(path: Path) -> None:
    (page,) = ask(path, "/api/docs")
    assert "a moment of the past: Unix seconds or an ISO time" in page.text
