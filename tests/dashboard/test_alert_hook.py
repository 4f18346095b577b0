"""`POST /hooks/alertmanager`: what is handed on, what is refused and why, and who may post."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from dashboard.alert_hook import PATH, AlertmanagerHook
from dashboard.guard import Guard
from dashboard.supervisor import ProberAway
from dashboard.webhook import MOST_BYTES
from probes.config.auth import Auth
from probes.timeline.words import Told, Word
from tests.probes.vendors.test_alertmanager import alert, webhook

TOKEN = "a-token-that-may-write"
READER = "a-token-that-may-only-read"
AUTH = Auth.model_validate(
    {
        "hosts": ["roomwatch"],
        "tokens": [{"name": "am", "token": TOKEN}, {"name": "eye", "token": READER, "may": "view"}],
    }
)


class Hooked:
    """The endpoint behind its guard, with what it handed on and counted."""

    def __init__(self) -> None:
        self.words: list[Word] = []
        self.counted: list[str] = []
        self.away = False

    async def tell(self, word: Word) -> str:
        if self.away:
            raise ProberAway("the prober is being started; try again in a second")
        self.words.append(word)
        return ""

    def post(self, body: bytes, token: str = TOKEN) -> httpx.Response:
        async def main() -> httpx.Response:
            hook = AlertmanagerHook(self, self.counted.append)
            guard = Guard(Starlette(routes=[Route(PATH, hook, methods=["POST"])]), AUTH, "127.0.0.1")
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(guard), base_url="http://roomwatch"
            ) as client:
                return await client.post(PATH, content=body, headers={"Authorization": f"Bearer {token}"})

        return asyncio.run(main())


@pytest.fixture
def hooked() -> Hooked:
    return Hooked()


def test_a_group_is_handed_on_as_one_word(hooked: Hooked) -> None:
    answer = hooked.post(webhook(alert(), alert(fingerprint="f2", status="resolved")))
    assert (answer.status_code, answer.text) == (200, "taken\n")
    (word,) = hooked.words
    assert isinstance(word, Told)
    assert [heard.ended is None for heard in word.alerts] == [True, False]
    assert hooked.counted == ["taken"]


def test_a_group_without_alerts_is_no_mistake(hooked: Hooked) -> None:
    assert hooked.post(webhook()).text == "ignored\n"
    assert (hooked.words, hooked.counted) == ([], ["ignored"])


@pytest.mark.parametrize(("token", "status"), [("not-the-token-at-all", 401), (READER, 403)])
def test_only_a_token_that_may_write_may_tell(hooked: Hooked, token: str, status: int) -> None:
    assert hooked.post(webhook(alert()), token).status_code == status
    assert hooked.words == []


@pytest.mark.parametrize("body", [b"", b"{}", webhook(alert(labels={})), webhook(version="5")])
def test_what_cannot_be_read_is_refused_in_a_sentence(hooked: Hooked, body: bytes) -> None:
    answer = hooked.post(body)
    assert answer.status_code == 400
    assert answer.text.startswith("expected ")
    assert (hooked.words, hooked.counted) == ([], ["unreadable"])


def test_too_much_is_refused(hooked: Hooked) -> None:
    assert hooked.post(b"x" * (MOST_BYTES + 1)).status_code == 413
    assert hooked.counted == ["too_large"]


def test_while_the_prober_is_away_alertmanager_is_to_try_again(hooked: Hooked) -> None:
    hooked.away = True
    assert hooked.post(webhook(alert())).status_code == 503
    hooked.away = False
    assert hooked.post(webhook(alert())).status_code == 200
    assert hooked.counted == ["away", "taken"]
