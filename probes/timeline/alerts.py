"""The alerts on the timeline: two sources become one list, each alert with its start and its end."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from msgspec.structs import replace

from probes.alerting.firing import Firing, Subject
from probes.alerting.table import ALERTS, Severity
from probes.metrics.labels import label
from probes.model import plain_text
from probes.timeline.entries import Acknowledgement, AlertView, Ending, Entry, Silence, Source
from probes.timeline.words import Acknowledge, Heard, Listed

MOST_FIRING = 50
MOST_ENDED = 20
MOST_WATCHDOGS = 4
MOST_ACKNOWLEDGED = 8
"""What was said of one alert, silences that came and went included: the first and the last of it are kept."""

ENDED_SECONDS = 4 * 3600.0
"""For how long an alert that has ended is shown: as long as the charts reach back."""

DOUBT_SECONDS = 60.0
"""For so long Alertmanager's word that an alert has ended outranks our own evaluation, which may only be
slower. After that the alert is shown again: Prometheus may be gone, and Alertmanager then ends all."""

RETURN_SECONDS = 60.0
"""After a restart our own evaluation needs so long to find again what it had found."""

SLACK = 600.0
"""Alertmanager repeats when it next looks at a group, by default up to five minutes late, and tries again."""


class Alerts:
    """Holds what fires and what ended lately. Pure: time comes with each word.

    `repeats` and `watchdog`: seconds after which Alertmanager tells again what still fires, and after
    which a watchdog that was not heard is missing.
    """

    def __init__(self, repeats: float, watchdog: float) -> None:
        self.repeats = repeats
        self.watchdog = watchdog
        self._firing: dict[str, Entry] = {}
        self._ended: list[Entry] = []  # the newest last
        self._back_by = 0.0
        self._restored: set[str] = set()
        self._told: set[str] = set()
        """What was shown to fire: its end is shown once at least, or it would fire in history for ever."""

    def restore(self, entries: Sequence[Entry], at: float) -> None:
        """Go on from what was kept, after a restart at `at`."""
        for entry in sorted(entries, key=lambda entry: entry.view.ended_at or at):
            if entry.view.ended_at is not None:
                self._ended.append(entry)
            elif self._has_room(entry.view.severity):
                self._hold(entry)
            else:
                self._end(entry, entry.view.heard_at, Ending.UNHEARD)
        self._told = {entry.view.id for entry in entries}
        self._back_by = at + RETURN_SECONDS
        self._restored = set(self._firing)

    def hear(self, heard: Heard, at: float) -> None:
        """What a webhook says of one alert. A late word of the time before changes nothing."""
        held = (
            self._known_by(heard.fingerprint)
            or self._same_subject(heard.subject)
            or self._ended_as(heard.fingerprint, heard.since)
        )
        if heard.ended is not None and held is not None and held.view.since > heard.ended:
            return
        entry = _said(heard, held, at)
        if heard.ended is None:
            self._hold(entry)
        else:
            self._end(entry, min(heard.ended, at), Ending.RESOLVED)

    def list(self, listed: Listed, at: float) -> None:
        """All that Alertmanager has: what is not in it has ended, what had ended and is in it fires still.

        It sends no word of an alert that is silenced or inhibited, not even of its end.
        """
        for entry in [e for e in self._firing.values() if e.view.source is Source.ALERTMANAGER]:
            if entry.fingerprint in listed.since:
                self._hold(_with(entry, heard_at=at))
            elif entry.view.heard_at < listed.asked:
                self._end(entry, at, Ending.RESOLVED)
        for fingerprint, since in listed.since.items():
            again = None if self._known_by(fingerprint) else self._ended_as(fingerprint, since)
            if again is not None and (again.view.ended_at or at) < listed.asked:
                self._hold(_with(again, heard_at=at, ended_at=None, ending=None))

    def see(self, firing: Sequence[Firing], at: float) -> None:
        """What fires by our own evaluation at this tick, and all of it."""
        now = {_as_labelled(each.subject): each for each in firing}
        held = {_as_labelled(entry.view.subject): entry for entry in self._firing.values()}
        for subject, each in now.items():
            if subject in held:
                self._told_again(held[subject], each, at)
            elif self._has_room(ALERTS[subject.alert].severity) and not self._doubted(each, at):
                self._hold(self._own(each, at))
        for subject, entry in held.items():
            back = at >= self._back_by or entry.view.id not in self._restored
            if entry.view.source is Source.OWN and subject not in now and back:
                self._end(entry, at, Ending.OVER)
        self._give_up(at)

    def acknowledge(self, word: Acknowledge, at: float) -> str:
        """Returns why it cannot be, in a sentence, or ""."""
        entry = self._firing.get(word.alert)
        if entry is None:
            if any(ended.view.id == word.alert for ended in self._ended):
                return "this alert has ended; write a note instead"
            return f"no alert has the id “{plain_text(word.alert, 80)}”; /api/v1/timeline lists them"
        if _is_watchdog(entry):
            return "this alert is a sign of life; it cannot be acknowledged, for a silence would end it"
        acknowledged = Acknowledgement(by=word.by, at=at, note=plain_text(word.note, 400))
        if entry.view.acknowledged is not None:
            acknowledged = replace(acknowledged, silence=entry.view.acknowledged.silence)
        self._hold(_known(entry, acknowledged, at))
        return ""

    def silenced(self, alert: str, silence: Silence, at: float) -> str:
        """Note what became of a silence. Returns why that cannot be, or ""."""
        for entries in (list(self._firing.values()), self._ended):
            for index, entry in enumerate(entries):
                held = entry.view.acknowledged
                if entry.view.id == alert and held is not None:
                    changed = _known(entry, replace(held, silence=silence), at)
                    if entries is self._ended:
                        self._ended[index] = changed
                    else:
                        self._firing[alert] = changed
                    return ""
        return f"no alert with the id “{plain_text(alert, 80)}” is acknowledged"

    def shown(self, at: float) -> tuple[Entry, ...]:
        """What fires, pages first and the newest first of each; then what ended lately, the newest first."""
        fires = sorted(self._firing.values(), key=lambda entry: urgency(entry.view))
        lately = [
            e for e in self._ended if not _is_watchdog(e) and (e.view.ended_at or at) > at - ENDED_SECONDS
        ]
        # A watchdog that is missing stays so, however long.
        missing = {e.view.subject: e for e in self._ended if _is_watchdog(e)}
        earlier = [e for e in lately[:-MOST_ENDED] if e.view.id in self._told]
        self._ended = [*list(missing.values())[-MOST_WATCHDOGS:], *earlier, *lately[-MOST_ENDED:]]
        self._told = set(self._firing)
        return (*fires, *reversed(self._ended))

    # --- finding ---

    def _known_by(self, fingerprint: str) -> Entry | None:
        return next((e for e in self._firing.values() if e.fingerprint == fingerprint), None)

    def _same_subject(self, subject: Subject) -> Entry | None:
        """What our own evaluation has found already."""
        own = (e for e in self._firing.values() if e.view.source is Source.OWN)
        return next((entry for entry in own if _as_labelled(entry.view.subject) == subject), None)

    def _ended_as(self, fingerprint: str, since: float) -> Entry | None:
        """The same alert where it was thought to have ended and still counts from the same start."""
        for entry in reversed(self._ended):
            if entry.fingerprint == fingerprint and since <= (entry.view.ended_at or since):
                return entry
        return None

    def _doubted(self, firing: Firing, at: float) -> bool:
        """Whether Alertmanager has just said that what we still find has ended."""
        for entry in reversed(self._ended):
            view = entry.view
            if (
                view.subject == _as_labelled(firing.subject)
                and view.source is Source.ALERTMANAGER
                and view.ended_at is not None
            ):
                return firing.since <= view.ended_at and at - view.ended_at < DOUBT_SECONDS
        return False

    # --- changing ---

    def _own(self, firing: Firing, at: float) -> Entry:
        found = _id(repr(firing.subject), firing.since)
        before = next((ended for ended in self._ended if ended.view.id == found), None)
        view = AlertView(
            id=found,
            subject=firing.subject,
            severity=ALERTS[firing.subject.alert].severity,
            source=Source.OWN,
            since=firing.since,
            heard_at=at,
            summary=plain_text(firing.summary, 400),
            said_at=at,
            acknowledged=before.view.acknowledged if before else None,
        )
        return Entry(view=view, acknowledgements=before.acknowledgements if before else ())

    def _told_again(self, held: Entry, firing: Firing, at: float) -> None:
        """The numbers of this tick are in our words; Alertmanager's may be minutes old."""
        heard = at if held.view.source is Source.OWN else held.view.heard_at
        self._hold(_with(held, summary=plain_text(firing.summary, 400), said_at=at, heard_at=heard))

    def _hold(self, entry: Entry) -> None:
        """It fires. Where too much does, tickets give way to pages."""
        found = entry.view.id
        if found not in self._firing and len(self._firing) >= MOST_FIRING:
            if not self._has_room(entry.view.severity):
                return
            oldest = min(filter(_is_ticket, self._firing.values()), key=lambda e: e.view.since)
            self._end(oldest, oldest.view.heard_at, Ending.UNHEARD)
        self._ended = [ended for ended in self._ended if ended.view.id != found]
        self._firing[found] = entry

    def _has_room(self, severity: Severity) -> bool:
        if len(self._firing) < MOST_FIRING:
            return True
        return severity is not Severity.TICKET and any(map(_is_ticket, self._firing.values()))

    def _end(self, entry: Entry, ended_at: float, ending: Ending) -> None:
        found = entry.view.id
        self._firing.pop(found, None)
        self._ended = [ended for ended in self._ended if ended.view.id != found]
        self._ended.append(_with(entry, ended_at=max(ended_at, entry.view.since), ending=ending))

    def _give_up(self, at: float) -> None:
        """What Alertmanager has not told of for longer than it repeats may have ended: nobody knows."""
        for entry in list(self._firing.values()):
            patience = self.watchdog if _is_watchdog(entry) else self.repeats + SLACK
            if entry.view.source is Source.ALERTMANAGER and at - entry.view.heard_at > patience:
                self._end(entry, entry.view.heard_at, Ending.UNHEARD)


def _as_labelled(subject: Subject) -> Subject:
    """As Alertmanager names it: labels of metrics are shorter than an id may be."""
    told = {name: getattr(subject, name) for name in subject.__struct_fields__}
    return Subject(**{name: label(value) if value else "" for name, value in told.items()})


def urgency(view: AlertView) -> tuple[int, float]:
    """The order of what fires: pages first, and the newest first of each."""
    return view.severity.rank, -view.since


def _said(heard: Heard, held: Entry | None, at: float) -> Entry:
    """What Alertmanager says of an alert, of which `held` was known."""
    since = min(heard.since, at)
    view = AlertView(
        id=held.view.id if held else _id(heard.fingerprint, since),
        subject=heard.subject,
        severity=heard.severity,
        source=Source.ALERTMANAGER,
        since=min(held.view.since, since) if held else since,
        heard_at=at,
        summary=heard.summary,
        said_at=at,
        description=heard.description,
        runbook_url=heard.runbook_url,
        generator_url=heard.generator_url,
        dashboard_url=heard.dashboard_url,
        acknowledged=held.view.acknowledged if held else None,
    )
    known = held.acknowledgements if held else ()
    return Entry(view=view, acknowledgements=known, fingerprint=heard.fingerprint, labels=heard.labels)


def _known(entry: Entry, acknowledged: Acknowledgement, at: float) -> Entry:
    """`entry` as somebody knows of it from `at` on."""
    first, rest = entry.acknowledgements[:1], entry.acknowledgements[1:]
    known = (*first, *rest[2 - MOST_ACKNOWLEDGED :], (at, acknowledged))
    return replace(_with(entry, acknowledged=acknowledged), acknowledgements=known)


def _with(entry: Entry, **changes: object) -> Entry:
    return replace(entry, view=replace(entry.view, **changes))


def _is_ticket(entry: Entry) -> bool:
    return entry.view.severity is Severity.TICKET


def _is_watchdog(entry: Entry) -> bool:
    return entry.view.severity is Severity.NONE


def _id(name: str, since: float) -> str:
    return hashlib.sha256(f"{name} {since:.3f}".encode()).hexdigest()[:16]
