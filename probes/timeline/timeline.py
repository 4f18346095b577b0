"""The timeline: takes words, tells what is to be shown and kept."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence

from probes.alerting.firing import Firing
from probes.config.alertmanager import AlertmanagerSettings
from probes.model import plain_text
from probes.timeline.alerts import Alerts
from probes.timeline.entries import Entry, Note, Past
from probes.timeline.words import Acknowledge, Listed, Silenced, Told, Word

MOST_NOTES = 30
RESTORED_SECONDS = 86400.0
MOST_RESTORED = 200
"""Of so long, and at most so many, are taken over after a restart; what still fires is among them."""


class Timeline:
    """Alerts and notes of all services. Pure: time comes with each word."""

    def __init__(self, settings: AlertmanagerSettings) -> None:
        self._alerts = Alerts(settings.repeats, settings.watchdog)
        self._notes: deque[Note] = deque(maxlen=MOST_NOTES)

    def follow(self, settings: AlertmanagerSettings) -> None:
        """Take over other settings after a reload."""
        self._alerts.repeats, self._alerts.watchdog = settings.repeats, settings.watchdog

    def restore(self, kept: Past, at: float) -> None:
        """Go on from what was kept, after a restart at `at`."""
        self._alerts.restore(kept.alerts, at)
        self._notes.extend(kept.notes)

    def take(self, word: Word, at: float) -> str:
        """Carry out a word that came at wall time `at`. Returns why it cannot be, in a sentence, or ""."""
        match word:
            case Told():
                for heard in word.alerts:
                    self._alerts.hear(heard, at)
                return ""
            case Listed():
                self._alerts.list(word, at)
                return ""
            case Acknowledge():
                return self._alerts.acknowledge(word, at)
            case Silenced():
                return self._alerts.silenced(word.alert, word.silence, at)
        text = plain_text(word.text, 600)
        if not text:
            return "a note needs a text"
        found = hashlib.sha256(f"{at} {word.by} {text}".encode()).hexdigest()[:16]
        note = Note(id=found, at=at, by=word.by, text=text, kind=word.kind, service=word.service)
        self._notes.append(note)
        return ""

    def see(self, firing: Sequence[Firing], at: float) -> None:
        """What fires by Roomwatch's own evaluation at this tick."""
        self._alerts.see(firing, at)

    def alerts(self, at: float) -> tuple[Entry, ...]:
        """What fires, the worst first, then what ended lately."""
        return self._alerts.shown(at)

    def notes(self) -> tuple[Note, ...]:
        """The last notes, the newest first."""
        return tuple(reversed(self._notes))
