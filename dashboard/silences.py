"""Silences in Alertmanager for what somebody acknowledged, and the end of what is silenced.

Alertmanager sends no word of an alert that is silenced or inhibited, not even that it has ended. So where
its address is known, its list of alerts is asked for as long as one of its alerts is on the board.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

import structlog

from dashboard.alert_hook import Teller
from dashboard.supervisor import ProberAway
from probes.config.alertmanager import AlertmanagerSettings
from probes.failure import ProbeFailed
from probes.http import Answer, Http, Limits
from probes.model import Outcome, plain_text
from probes.timeline.entries import Entry, Silence, Source
from probes.timeline.words import Listed, Silenced
from probes.vendors.alertmanager import Unreadable, read_listed, read_silence, silence_request

EVERY = 5.0
"""Seconds between two lists."""

SECONDS = 5.0
"""Until when Alertmanager must have answered."""

_LIMITS = Limits(max_body=8_000_000)
_log = structlog.get_logger()


class Silences:
    """Asks Alertmanager, for the web process. Failure is a sentence, never an exception."""

    def __init__(self, settings: AlertmanagerSettings, teller: Teller) -> None:
        self._settings = settings
        self._teller = teller
        self._http = Http()
        self._entries: Mapping[str, Entry] = {}
        self._asked: dict[str, asyncio.Task[Silence]] = {}
        """What was asked for and no tick has shown yet, by alert: whoever comes meanwhile gets the same."""
        self._trouble = ""

    def follow(self, settings: AlertmanagerSettings) -> None:
        """Take over other settings after a reload."""
        self._settings = settings

    def show(self, entries: Sequence[Entry]) -> None:
        """What is on the timeline at this tick."""
        self._entries = {entry.view.id: entry for entry in entries}
        shown = {name for name, entry in self._entries.items() if _is_silenced(entry)}
        self._asked = {
            name: asked
            for name, asked in self._asked.items()
            if not asked.done() or (name in self._entries.keys() - shown and _made(asked))
        }

    async def make(self, alert: str, by: str, note: str) -> Silence | None:
        """A silence for one alert, or why there is none; None where nobody is to be asked.

        Of several who acknowledge it at once, the first asks.
        """
        entry = self._entries.get(alert)
        if self._settings.url is None or entry is None or entry.view.source is not Source.ALERTMANAGER:
            return None
        if _is_silenced(entry):
            return None
        if not entry.labels:
            return Silence(said="Alertmanager is not silent about it: its labels are too long to be kept")
        asked = self._asked.get(alert)
        if asked is None or (asked.done() and not _made(asked)):
            asked = self._asked[alert] = asyncio.create_task(self._request(entry, by, note))
        return await asyncio.shield(asked)  # who asked first may leave

    async def _request(self, entry: Entry, by: str, note: str) -> Silence:
        start = time.time()
        end = start + self._settings.silence
        comment = note or "acknowledged on Roomwatch's board"
        try:
            request = silence_request(entry.labels, by, comment, start, end)
            answer = await self._ask("POST", "/api/v2/silences", request)
            return Silence(said="Alertmanager is silent about it", id=read_silence(answer.body), until=end)
        except (ProbeFailed, Unreadable) as error:
            return Silence(said=f"Alertmanager is not silent about it: {error}")

    async def run(self) -> None:
        """Ask for the list of alerts, and lift silences, until cancelled."""
        try:
            while True:
                await asyncio.sleep(EVERY)
                if self._settings.url is not None:
                    await self._look()
        finally:
            await self._http.close()

    async def _look(self) -> None:
        trouble = ""
        try:
            entries = [e for e in self._entries.values() if e.view.source is Source.ALERTMANAGER]
            if entries:
                await self._teller.tell(await self._listed())
            for entry in entries:
                if entry.view.ended_at is not None and _is_silenced(entry):
                    await self._lift(entry)
        except (ProbeFailed, Unreadable, ProberAway) as error:
            trouble = str(error)
        if trouble and trouble != self._trouble:
            _log.warning("Alertmanager cannot be asked", why=trouble)
        self._trouble = trouble

    async def _listed(self) -> Listed:
        asked = time.time()
        answer = await self._ask("GET", "/api/v2/alerts?active=true&silenced=true&inhibited=true")
        return read_listed(answer.body, asked)

    async def _lift(self, entry: Entry) -> None:
        """What has ended and begins again is to be told of again."""
        held = entry.view.acknowledged
        if held is not None and held.silence is not None:
            said = "the silence ended with the alert"
            try:
                await self._ask("DELETE", f"/api/v2/silence/{held.silence.id}")
            except ProbeFailed as error:  # not tried again: somebody may have ended it by hand
                said = f"the silence could not be ended: {error}"
            await self._teller.tell(Silenced(entry.view.id, Silence(said=said)))

    async def _ask(self, method: str, path: str, body: object = None) -> Answer:
        """Raises ProbeFailed."""
        headers = {name: value.reveal() for name, value in self._settings.headers.items()}
        url = (self._settings.url or "").rstrip("/") + path
        try:
            async with asyncio.timeout(SECONDS):
                answer = await self._http.ask(method, url, headers=headers, json=body, limits=_LIMITS)
        except TimeoutError:
            raise ProbeFailed(Outcome.TIMEOUT, f"it did not answer within {SECONDS:g} s") from None
        if answer.status != 200:
            said = plain_text(answer.body.decode("utf-8", "replace"), 200)
            raise ProbeFailed(Outcome.OTHER, f"{answer.where} answered {answer.status}: {said}")
        return answer


def _is_silenced(entry: Entry) -> bool:
    """Whether there is a silence of ours for it that has not ended."""
    held = entry.view.acknowledged
    return held is not None and held.silence is not None and _goes_on(held.silence)


def _made(asked: asyncio.Task[Silence]) -> bool:
    return not asked.cancelled() and asked.exception() is None and _goes_on(asked.result())


def _goes_on(silence: Silence) -> bool:
    return bool(silence.id) and (silence.until or 0.0) > time.time()
