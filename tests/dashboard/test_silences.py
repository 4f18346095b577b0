"""Silences: who is asked for one, and what is said where there is none."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from msgspec.structs import replace

from dashboard import silences as module
from dashboard.silences import Silences
from probes.config.alertmanager import AlertmanagerSettings
from probes.settings import parse
from probes.timeline.entries import Acknowledgement, Entry, Silence, Source
from probes.timeline.words import Listed, Silenced, Word
from tests.probes.raw_http import Exchange, answer, serving
from tests.probes.seen import entry
from tests.servers import refusing_port

T = TypeVar("T")


class Told:
    """Keeps the words for the prober."""

    def __init__(self) -> None:
        self.words: list[Word] = []

    async def tell(self, word: Word) -> str:
        self.words.append(word)
        return ""


def settings(url: str | None) -> AlertmanagerSettings:
    return AlertmanagerSettings.model_validate(
        {"url": url, "headers": {"Authorization": "Bearer abc"}, "silence": "30m"}
    )


def known(held: Entry, until: float) -> Entry:
    """`held` as somebody acknowledged it, with a silence."""
    silence = Silence(said="silent", id="s1", until=until)
    return replace(
        held, view=replace(held.view, acknowledged=Acknowledgement(by="ops", at=0, silence=silence))
    )


def made(url: str | None, *entries: Entry) -> Silence | None:
    """What becomes of a silence for the alert a1."""

    async def main() -> Silence | None:
        silences = Silences(settings(url), Told())
        silences.show(entries)
        try:
            return await silences.make("a1", "ops", "on it")
        finally:
            await silences._http.close()

    return asyncio.run(main())


def told(
    reply: Callable[[int], bytes], ask: Callable[[Silences], Awaitable[T]], *entries: Entry
) -> tuple[T, list[Exchange]]:
    """What `ask` finds where Alertmanager answers so to the first question, the second and so on."""
    exchanges: list[Exchange] = []

    async def handler(exchange: Exchange) -> bool:
        exchanges.append(exchange)
        exchange.writer.write(reply(len(exchanges)))
        return True

    async def main() -> T:
        async with serving(handler) as server:
            silences = Silences(settings(server.url), Told())
            silences.show(entries)
            try:
                return await ask(silences)
            finally:
                await silences._http.close()

    return asyncio.run(main()), exchanges


def asked(status: int, body: bytes, *entries: Entry) -> tuple[Silence | None, list[Exchange]]:
    """A silence for the alert a1 from an Alertmanager that answers so, and what it was asked."""

    async def ask(silences: Silences) -> Silence | None:
        return await silences.make("a1", "ops", "on it")

    return told(lambda _: answer(body, status=status), ask, *entries)


def test_a_silence_that_was_made() -> None:
    before = time.time()
    silence, _ = asked(200, b'{"silenceID": "s-1"}', entry())
    assert silence is not None
    assert (silence.id, silence.said) == ("s-1", "Alertmanager is silent about it")
    assert silence.until is not None
    assert before + 1800 <= silence.until <= time.time() + 1800


def test_two_who_acknowledge_it_at_once_make_one_silence() -> None:
    """Also one more who comes before a tick has shown it."""

    async def ask(silences: Silences) -> list[Silence | None]:
        made = await asyncio.gather(*(silences.make("a1", by, "") for by in ("ana", "bo")))
        silences.show([entry()])
        made.append(await silences.make("a1", "cy", ""))
        silences.show([known(entry(), time.time() + 100)])
        silences.show([entry()])  # it is over, and was lifted
        return [*made, await silences.make("a1", "di", "")]

    made, exchanges = told(lambda number: answer(b'{"silenceID": "s-%d"}' % number), ask, entry())
    assert [silence and silence.id for silence in made] == ["s-1", "s-1", "s-1", "s-2"]
    assert len(exchanges) == 2


def test_after_a_failure_the_next_asks_again() -> None:
    async def ask(silences: Silences) -> list[Silence | None]:
        return [await silences.make("a1", by, "") for by in ("ana", "bo")]

    (failed, made), _ = told(
        lambda number: answer(b'{"silenceID": "s-1"}', status=500 if number == 1 else 200), ask, entry()
    )
    assert failed is not None
    assert "answered 500" in failed.said
    assert made is not None
    assert made.id == "s-1"


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (400, b'"bad matcher \x1b[2J"', "answered 400: "),
        (401, b"who are you", "answered 401: who are you"),
        (200, b"<html>", "its answer names no silence"),
    ],
)
def test_a_failure_is_a_sentence(status: int, body: bytes, sentence: str) -> None:
    silence, _ = asked(status, body, entry())
    assert silence is not None
    assert silence.said.startswith("Alertmanager is not silent about it: ")
    assert sentence in silence.said
    assert silence.said.isprintable()
    assert (silence.id, silence.until) == ("", None)


def test_one_that_does_not_answer_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing_port() as port:
        silence = made(f"http://127.0.0.1:{port}", entry())
    assert silence is not None
    assert "refused" in silence.said


def test_nobody_is_asked_for_what_alertmanager_does_not_have() -> None:
    of_ours = entry(source=Source.OWN)
    assert made(None, entry()) is None
    assert made("http://127.0.0.1:1", of_ours) is None
    assert made("http://127.0.0.1:1") is None
    assert made("http://127.0.0.1:1", known(entry(), time.time() + 100)) is None


def test_without_all_its_labels_there_is_no_silence() -> None:
    """With some of them it would be silent about other alerts too."""
    silence = made("http://127.0.0.1:1", replace(entry(), labels={}))
    assert silence is not None
    assert "labels are too long" in silence.said


def test_the_list_is_handed_on_and_the_silence_of_what_has_ended_is_lifted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "EVERY", 0.01)
    lines: list[str] = []

    async def handler(exchange: Exchange) -> bool:
        lines.append(f"{exchange.method} {exchange.target}")
        exchange.writer.write(answer(b"[]"))
        return True

    async def main() -> Word:
        async with serving(handler) as server:
            told = Told()
            silences = Silences(settings(server.url), told)
            silences.show([known(entry(ended_at=1.0), time.time() + 100)])
            running = asyncio.create_task(silences.run())
            async with asyncio.timeout(30):
                while not any(isinstance(word, Silenced) for word in told.words):
                    await asyncio.sleep(0.01)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            assert isinstance(told.words[0], Listed)
            return told.words[1]

    assert asyncio.run(main()) == Silenced("a1", Silence(said="the silence ended with the alert"))
    assert lines[0].startswith("GET /api/v2/alerts?")
    assert lines[1] == "DELETE /api/v2/silence/s1"


def test_its_settings_are_read_and_its_headers_never_print() -> None:
    text = """
services: [{name: a, kind: http-json, url: 'http://127.0.0.1:1/'}]
alertmanager: {url: 'http://127.0.0.1:9093', headers: {Authorization: Bearer secret-word}, silence: 5m}
"""
    config = parse(text, "roomwatch.yaml", Path())
    assert config.alertmanager.silence == 300.0
    assert "secret-word" not in repr(config)
