"""The desk: made once a tick, cheap where nothing is, and nothing left of what is no longer public."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from dashboard.public import desk, keeping, paths
from dashboard.public.facts import Facts
from dashboard.public.keeping import Keeping
from dashboard.public.panels import embed
from dashboard.public.ready import Ready, ready
from tests.dashboard.public.desks import Serving, config
from tests.product import PATIENCE

PATH = "/embed/state.json"


@pytest.fixture
def serving() -> Iterator[Serving]:
    with Serving() as made:
        yield made


class Made:
    """Stands for all answers: counts what is made, and waits where a test wants it to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths: list[str] = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self._monkeypatch = monkeypatch
        self._stand_in(embed.exists)

    def _stand_in(self, exists: Callable[[str, Facts], bool]) -> None:
        self._monkeypatch.setitem(paths.ANSWERS, embed.PREFIX, paths.Answering(self, exists))

    def whatever_is_asked(self) -> None:
        """Every path may exist."""
        self._stand_in(lambda _path, _facts: True)

    def __call__(self, path: str, facts: Facts) -> Ready:
        self.paths.append(path)
        assert self.may_go_on.wait(PATIENCE)
        return ready(f"{path} {facts.seq}", "text/plain")


def test_a_crowd_that_asks_first_at_once_has_it_made_once(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Made(monkeypatch)

    async def crowd() -> list[Ready | None]:
        return await asyncio.gather(*(serving.desk.answer(PATH) for _ in range(500)))

    answers = serving.do(crowd)
    assert made.paths == [PATH]
    assert len({id(answer) for answer in answers}) == 1


def test_with_each_tick_what_was_asked_for_is_made_once_more_and_the_rest_is_not(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Made(monkeypatch)
    serving.lay_ready(PATH)
    for seq in (2, 3):
        serving.show(seq)
        answer = serving.desk.at_hand(PATH)
        assert answer is not None
        assert answer.body == f"{PATH} {seq}".encode()
    assert made.paths == [PATH] * 3
    assert serving.desk.at_hand("/embed/joins.json") is None


@pytest.mark.parametrize(
    "path",
    ["/embed/", "/embed/nothing", "/embed/errors.json", "/embed/state@other.json", f"/embed/{'x' * 5_000}"],
)
def test_what_is_not_there_is_told_without_a_thread(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    made = Made(monkeypatch)
    assert serving.do(lambda: serving.desk.answer(path)) is None
    assert made.paths == []


def test_only_a_few_first_answers_are_made_at_a_time(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Made(monkeypatch)
    made.whatever_is_asked()
    made.may_go_on.clear()

    async def ask() -> list[Ready | None]:
        asked = [asyncio.create_task(serving.desk.answer(f"/embed/{n}")) for n in range(100)]
        refused = [await each for each in asked[desk.MOST_AT_ONCE :]]
        made.may_go_on.set()
        return refused + [await each for each in asked[: desk.MOST_AT_ONCE]]

    statuses = [answer.status for answer in serving.do(ask) if answer]
    assert statuses == [503] * (100 - desk.MOST_AT_ONCE) + [200] * desk.MOST_AT_ONCE


def test_a_first_answer_that_comes_after_the_next_tick_is_not_kept(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asked gets what there was; a newer tick is never followed by an older one."""
    made = Made(monkeypatch)
    made.may_go_on.clear()
    asked = threading.Thread(target=lambda: serving.do(lambda: serving.desk.answer(PATH)))
    asked.start()
    while not made.paths:
        asked.join(0.01)
    serving.show(2)
    made.may_go_on.set()
    asked.join(PATIENCE)
    assert serving.desk.at_hand(PATH) is None


def test_when_nothing_is_public_any_more_nothing_lies_there(serving: Serving) -> None:
    serving.lay_ready(PATH)
    sent = f"GET {PATH} HTTP/1.1\r\n\r\nGET {PATH} HTTP/1.1\r\nConnection: close\r\n\r\n".encode()
    assert serving.told(sent).count(b" 200 OK") == 2
    serving.config = config("")
    serving.show(2)
    told = serving.told(sent)
    assert told.count(b" 404 Not Found") == 2
    assert told.count(b"cache-control: public, max-age=1\r\n") == 2, "or a proxy shows on what it has"


def test_before_the_first_tick_a_proxy_keeps_what_it_has(serving: Serving) -> None:
    serving.desk._facts = None
    told = serving.told(f"GET {PATH} HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
    assert told.startswith(b"HTTP/1.1 503 ")
    assert b"cache-control: no-store\r\n" in told


def test_what_is_kept_is_what_was_asked_for_last() -> None:
    kept = Keeping()
    for number in range(1_000):
        kept.asked(f"/{number}", number / 1000)
    assert list(kept.wanted(1.0)) == [f"/{999 - n}" for n in range(keeping.MOST)]
    assert list(kept.wanted(0.999 + keeping.FORGOTTEN_AFTER)) == []
