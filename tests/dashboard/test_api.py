"""The API where no prober answers and nothing was seen yet, and what its answers may cost."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers

from dashboard import api as module
from dashboard.api import add_docs, make_api, make_operations
from dashboard.conditional import has_it, takes_gzip
from dashboard.frames import encode
from dashboard.hub import Hub
from dashboard.judging import make_judging, say_what_is_wrong
from dashboard.past import HowShown, Pasts
from dashboard.recent import Recent
from dashboard.supervisor import Supervisor
from probes.history import Moment
from probes.model import Observation, Sample
from probes.pipeline import Tick
from probes.settings import ConfigText
from probes.timeline.entries import Past
from tests.probes.seen import observation

NOW = HowShown(1.0, ())


class NoHistory:
    """Remembers how much was asked of it at once."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def window(self, service: str, start: float, end: float, limit: int) -> list[Sample]:
        self.asked.append(limit)
        return []

    def newest(self, service: str, count: int) -> list[Sample]:
        return []

    def titles(self, service: str) -> dict[tuple[str, str], str]:
        return {}

    def relocations(self, service: str) -> list[Any]:
        return []

    def moment(self, at: float) -> Moment | None:
        return None

    def span(self) -> tuple[float, float] | None:
        return None

    def timeline(self, start: float, end: float, limit: int) -> Past:
        return Past()


class Api:
    """The API without its prober."""

    def __init__(self) -> None:
        self.hub, self.recent, self.history = Hub(), Recent(), NoHistory()
        self.reload_says = ""
        nobody = Supervisor(ConfigText("", "", Path()), lambda _: None, lambda: None)
        self.app = FastAPI()
        self.app.include_router(
            make_api(self.hub, self.recent, nobody, Pasts(lambda: self.history, lambda: NOW))
        )
        self.app.include_router(make_operations(self.hub, self._reload))
        add_docs(self.app)

    async def _reload(self) -> str:
        return self.reload_says

    async def get(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.request(method, path, headers=headers)

    def show(self, *observations: Observation) -> None:
        shown = encode(Tick(seq=20, at=1.0, observations=observations), 1.0, [])
        self.recent.add(shown)
        self.hub.publish(shown)


def ask(path: str, *observations: Observation, method: str = "GET", reload_says: str = "") -> httpx.Response:
    async def main() -> httpx.Response:
        api = Api()
        api.reload_says = reload_says
        if observations:
            api.show(*observations)
        return await api.get(path, method)

    return asyncio.run(main())


def test_before_the_first_frame_it_says_so() -> None:
    assert ask("/api/v1/frame").status_code == 503
    assert "first frame is not there yet" in ask("/api/v1/frame").text
    assert ask("/-/ready").status_code == 503
    assert ask("/-/healthy").status_code == 200
    assert ask("/api/v1/recent").json()["frame"] is None
    assert ask("/api/v1/relocations").json() == {"services": []}
    unknown = ask("/api/v1/rooms?service=spaces")
    assert unknown.status_code == 404
    assert "The services are: none yet." in unknown.json()["detail"]


def test_while_the_prober_is_away_rooms_cannot_be_listed_and_the_rest_can() -> None:
    away = ask("/api/v1/rooms?service=spaces", observation())
    assert away.status_code == 503
    assert away.json()["detail"] == "The prober is being started; try again in a second."
    assert ask("/api/v1/frame", observation()).json()["services"][0]["name"] == "spaces"


def test_health_counts_from_the_last_frame_whatever_the_clock_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The frame's own time is of 1970 here: only that it came just now counts."""

    async def main() -> list[int]:
        api = Api()
        told = []
        for silent in (9.0, 11.0):
            monkeypatch.setattr(Hub, "silent_seconds", silent)
            told.append((await api.get("/-/healthy")).status_code)
        monkeypatch.undo()
        api.show(observation())
        told.append((await api.get("/-/healthy")).status_code)
        for silent in (4.9, 5.1):
            monkeypatch.setattr(Hub, "silent_seconds", silent)
            told.append((await api.get("/-/healthy")).status_code)
        return told

    assert asyncio.run(main()) == [200, 503, 200, 200, 503]


def test_a_reload_that_failed_is_422_with_every_sentence() -> None:
    told = ask("/-/reload", method="POST", reload_says="x.yaml:3: one\nx.yaml:9: two")
    assert (told.status_code, told.text) == (422, "x.yaml:3: one\nx.yaml:9: two\n")
    assert ask("/-/reload", method="POST").text == "reloaded\n"


def test_a_question_of_the_past_is_bounded_and_few_are_answered_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    under_way: list[int] = [0, 0]
    real = module._past

    def counted(*given: Any) -> bytes:
        under_way[0] += 1
        under_way[1] = max(under_way)
        time.sleep(0.02)  # a question of a large file
        try:
            return real(*given)
        finally:
            under_way[0] -= 1

    monkeypatch.setattr(module, "_past", counted)

    async def main() -> list[int]:
        api = Api()
        path = "/api/v1/history?service=spaces&start=0&end=1e12"
        answers = await asyncio.gather(*(api.get(path) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        return api.history.asked

    assert max(asyncio.run(main())) <= 2000
    assert under_way[1] <= 2


def test_the_docs_escape_what_they_show() -> None:
    page = ask("/api/docs").text
    assert "<script" not in page
    assert "What was seen of a service between two times" in page


@pytest.mark.parametrize(
    ("given", "has"),
    [
        ('"7"', True),
        ('W/"7"', True),
        ('"1", W/"7"', True),
        ("*", True),
        ("7", False),
        ('"77"', False),
        ("", False),
    ],
)
def test_who_holds_an_answer(given: str, has: bool) -> None:
    assert has_it(Headers({"if-none-match": given} if given else {}), '"7"') is has


@pytest.mark.parametrize(
    ("given", "takes"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip; q=1.0", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, identity", False),
        ("br", False),
        ("not-gzip", False),
        ("", False),
    ],
)
def test_who_takes_gzip(given: str, takes: bool) -> None:
    assert takes_gzip(Headers({"accept-encoding": given})) is takes


def test_what_is_wrong_with_a_word_on_a_relocation_is_told_without_its_text() -> None:
    """Which may be none that can be sent: half of a surrogate pair is valid JSON."""
    app = FastAPI()
    nobody = Supervisor(ConfigText("", "", Path()), lambda _: None, lambda: None)
    app.include_router(make_judging(Hub(), nobody))
    app.add_exception_handler(RequestValidationError, say_what_is_wrong)

    async def main() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            body = b'{"service": "stage", "verdict": "\\ud800"}'
            told = {"Content-Type": "application/json"}
            return await client.post("/api/v1/relocations", content=body, headers=told)

    answer = asyncio.run(main())
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "verdict"]
    assert "ud800" not in answer.text
