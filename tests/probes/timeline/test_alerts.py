"""The alerts on the timeline: one list of two sources, with starts, ends and acknowledgements."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from probes.alerting.firing import Firing, Subject
from probes.alerting.table import Severity
from probes.metrics.labels import label
from probes.timeline.alerts import (
    DOUBT_SECONDS,
    ENDED_SECONDS,
    MOST_ACKNOWLEDGED,
    MOST_ENDED,
    MOST_FIRING,
    SLACK,
    Alerts,
)
from probes.timeline.entries import AlertView, Ending, Silence, Source
from probes.timeline.words import Acknowledge, Heard, Listed

T = 1_000_000.0
LONG = "r" * 200
REPEATS, WATCHDOG = 3600.0, 300.0


@pytest.fixture
def alerts() -> Alerts:
    return Alerts(REPEATS, WATCHDOG)


def heard(
    fingerprint: str = "f1",
    since: float = T,
    ended: float | None = None,
    severity: Severity = Severity.PAGE,
    alert: str = "RoomsEnded",
    labels: Mapping[str, str] = {"alertname": "RoomsEnded"},
) -> Heard:
    return Heard(
        fingerprint=fingerprint,
        subject=Subject(alert=alert, service="spaces", lineage="l1"),
        severity=severity,
        since=since,
        ended=ended,
        summary="it ended",
        labels=labels,
    )


def own(since: float = T, summary: str = "by ourselves", lineage: str = "l1") -> Firing:
    return Firing(
        Subject(alert="RoomsEnded", service="spaces", lineage=lineage), since=since, summary=summary
    )


def views(alerts: Alerts, at: float) -> list[AlertView]:
    return [entry.view for entry in alerts.shown(at)]


def only(alerts: Alerts, at: float) -> AlertView:
    (view,) = views(alerts, at)
    return view


class TestAlertmanager:
    def test_an_alert_fires_from_its_start_until_its_end(self, alerts: Alerts) -> None:
        alerts.hear(heard(), T + 2)
        view = only(alerts, T + 3)
        assert (view.since, view.ended_at, view.source) == (T, None, Source.ALERTMANAGER)
        alerts.hear(heard(ended=T + 60), T + 61)
        view = only(alerts, T + 62)
        assert (view.since, view.ended_at, view.ending) == (T, T + 60, Ending.RESOLVED)

    def test_a_repetition_is_the_same_alert_and_was_heard_later(self, alerts: Alerts) -> None:
        alerts.hear(heard(), T)
        before = only(alerts, T).id
        alerts.hear(heard(), T + 100)
        view = only(alerts, T + 100)
        assert (view.id, view.since, view.heard_at) == (before, T, T + 100)

    def test_an_end_that_comes_without_a_start_is_on_the_timeline_once(self, alerts: Alerts) -> None:
        for _ in range(2):
            alerts.hear(heard(ended=T + 60), T + 61)
        view = only(alerts, T + 62)
        assert (view.since, view.ended_at) == (T, T + 60)

    def test_the_late_end_of_the_time_before_ends_nothing(self, alerts: Alerts) -> None:
        alerts.hear(heard(since=T + 100), T + 100)
        alerts.hear(heard(ended=T + 60), T + 101)
        assert only(alerts, T + 102).ended_at is None

    def test_what_fires_again_is_another_alert(self, alerts: Alerts) -> None:
        alerts.hear(heard(ended=T + 60), T + 60)
        alerts.hear(heard(since=T + 90), T + 90)
        fires, ended = views(alerts, T + 91)
        assert (fires.ended_at, ended.ended_at) == (None, T + 60)
        assert fires.id != ended.id

    def test_times_to_come_are_now(self, alerts: Alerts) -> None:
        """Another machine's clock is ahead."""
        alerts.hear(heard(since=T + 50), T)
        assert only(alerts, T).since == T
        alerts.hear(heard(since=T + 50, ended=T + 80), T + 10)
        assert only(alerts, T + 10).ended_at == T + 10

    def test_what_is_never_resolved_does_not_fire_for_ever(self, alerts: Alerts) -> None:
        """No word for longer than Alertmanager repeats: whether it ended is not known."""
        alerts.hear(heard(), T + 5)
        alerts.see((), T + 5 + REPEATS + SLACK)
        assert only(alerts, T + 5 + REPEATS + SLACK).ended_at is None
        alerts.see((), T + 6 + REPEATS + SLACK)
        view = only(alerts, T + 6 + REPEATS + SLACK)
        assert (view.ended_at, view.ending) == (T + 5, Ending.UNHEARD)
        alerts.hear(heard(), T + 20_000)
        assert only(alerts, T + 20_000).ended_at is None

    def test_a_watchdog_is_missing_sooner(self, alerts: Alerts) -> None:
        alerts.hear(heard(severity=Severity.NONE, alert="RoomwatchWatchdog"), T)
        alerts.see((), T + WATCHDOG + 1)
        assert only(alerts, T + WATCHDOG + 1).ending is Ending.UNHEARD

    def test_a_missing_watchdog_is_missing_until_it_is_heard_again(self, alerts: Alerts) -> None:
        watchdog = heard(severity=Severity.NONE, alert="RoomwatchWatchdog")
        alerts.hear(watchdog, T)
        alerts.see((), T + WATCHDOG + 1)
        for number in range(MOST_ENDED + 1):
            alerts.hear(heard(f"f{number}", T + 400, ended=T + 401), T + 401)
        late = T + 10 * ENDED_SECONDS
        assert only(alerts, late).heard_at == T
        alerts.hear(watchdog, late)
        assert only(alerts, late).ended_at is None


class TestList:
    def test_what_is_not_listed_has_ended(self, alerts: Alerts) -> None:
        """Alertmanager tells nobody of the end of what is silenced."""
        alerts.hear(heard(), T)
        alerts.list(Listed({"f1": T}, T + 5), T + 6)
        assert only(alerts, T + 6).ended_at is None
        alerts.list(Listed({}, T + 10), T + 11)
        assert only(alerts, T + 11).ended_at == T + 11

    def test_what_was_told_after_the_list_was_asked_for_has_not(self, alerts: Alerts) -> None:
        alerts.hear(heard(), T + 10)
        alerts.list(Listed({}, T + 9), T + 11)
        assert only(alerts, T + 11).ended_at is None

    def test_what_is_listed_is_heard(self, alerts: Alerts) -> None:
        alerts.hear(heard(), T)
        alerts.list(Listed({"f1": T}, T + 5), T + 6)
        view = only(alerts, T + 6)
        assert (view.heard_at, view.said_at) == (T + 6, T), "its words are older"

    def test_what_seemed_to_have_ended_and_is_listed_with_the_same_start_fires_still(
        self, alerts: Alerts
    ) -> None:
        """Alertmanager was started again and had to be told of its alerts."""
        alerts.hear(heard(), T)
        alerts.acknowledge(Acknowledge(only(alerts, T).id, "ops"), T + 1)
        alerts.list(Listed({}, T + 10), T + 11)
        alerts.list(Listed({"f1": T}, T + 40), T + 41)
        view = only(alerts, T + 41)
        assert (view.ended_at, view.ending, view.since) == (None, None, T)
        assert view.acknowledged is not None

    def test_what_is_ours_alone_is_no_business_of_the_list(self, alerts: Alerts) -> None:
        alerts.see([own()], T)
        alerts.list(Listed({}, T + 10), T + 11)
        assert only(alerts, T + 11).ended_at is None


class TestOwn:
    def test_it_fires_as_long_as_it_is_told(self, alerts: Alerts) -> None:
        alerts.see([own()], T + 1)
        view = only(alerts, T + 1)
        assert (view.source, view.since, view.severity) == (Source.OWN, T, Severity.PAGE)
        alerts.see([], T + 30)
        assert (only(alerts, T + 30).ended_at, only(alerts, T + 30).ending) == (T + 30, Ending.OVER)

    def test_its_words_are_those_of_this_tick(self, alerts: Alerts) -> None:
        for second, people in enumerate(("5 people", "6 people")):
            alerts.see([own(summary=people)], T + second)
            view = only(alerts, T + second)
            assert (view.summary, view.said_at, view.heard_at) == (people, T + second, T + second)

    def test_alertmanager_takes_over_what_we_found_first(self, alerts: Alerts) -> None:
        alerts.see([own()], T)
        before = only(alerts, T)
        alerts.acknowledge(Acknowledge(before.id, "ops", "mine"), T + 1)
        alerts.hear(heard(since=T + 4), T + 5)
        alerts.see([own(summary="other words")], T + 6)
        view = only(alerts, T + 6)
        assert (view.id, view.source, view.since) == (before.id, Source.ALERTMANAGER, T)
        assert (view.summary, view.said_at) == ("other words", T + 6), "ours are fresh"
        assert view.heard_at == T + 5
        assert view.acknowledged is not None
        alerts.see([], T + 7)
        view = only(alerts, T + 7)
        assert view.ended_at is None, "Alertmanager has the last word"
        assert (view.summary, view.said_at) == ("other words", T + 6)

    def test_another_subject_is_another_alert(self, alerts: Alerts) -> None:
        alerts.hear(heard(), T)
        alerts.see([own(), own(lineage="l2")], T + 1)
        assert [view.source for view in views(alerts, T + 1)] == [Source.ALERTMANAGER, Source.OWN]

    def test_alertmanagers_end_outranks_it_for_a_while_only(self, alerts: Alerts) -> None:
        """Where Prometheus has gone Alertmanager ends everything, and nothing has ended."""
        alerts.hear(heard(), T)
        alerts.hear(heard(ended=T + 60), T + 60)
        alerts.see([own()], T + 60 + DOUBT_SECONDS - 1)
        assert only(alerts, T + 119).ended_at == T + 60
        alerts.see([own()], T + 60 + DOUBT_SECONDS)
        fires, _ = views(alerts, T + 120)
        assert (fires.source, fires.ended_at) == (Source.OWN, None)

    def test_what_begins_after_alertmanagers_end_fires_at_once(self, alerts: Alerts) -> None:
        alerts.hear(heard(ended=T + 60), T + 60)
        alerts.see([own(since=T + 61)], T + 61)
        assert views(alerts, T + 61)[0].ended_at is None


class TestAcknowledged:
    def test_it_says_who_when_and_why_and_the_last_word_holds(self, alerts: Alerts) -> None:
        alerts.hear(heard(), T)
        found = only(alerts, T).id
        assert alerts.acknowledge(Acknowledge(found, "ops", "on it\x1b[2J"), T + 5) == ""
        held = only(alerts, T + 5).acknowledged
        assert held is not None
        assert (held.by, held.at, held.note) == ("ops", T + 5, "on it [2J")
        assert alerts.silenced(found, Silence(said="silent", id="s1", until=T + 99), T + 6) == ""
        alerts.acknowledge(Acknowledge(found, "eve", ""), T + 9)
        held = only(alerts, T + 9).acknowledged
        assert held is not None
        assert (held.by, held.silence) == ("eve", Silence(said="silent", id="s1", until=T + 99))

    def test_it_stays_with_what_has_ended(self, alerts: Alerts) -> None:
        alerts.hear(heard(), T)
        found = only(alerts, T).id
        alerts.acknowledge(Acknowledge(found, "ops"), T + 1)
        alerts.hear(heard(ended=T + 60), T + 61)
        assert alerts.silenced(found, Silence(said="lifted"), T + 61) == ""
        held = only(alerts, T + 61).acknowledged
        assert held is not None
        assert held.silence == Silence(said="lifted")

    def test_what_was_said_before_is_kept_with_its_time_the_first_and_the_last_of_it(
        self, alerts: Alerts
    ) -> None:
        alerts.see([own()], T)
        found = only(alerts, T).id
        for second in range(20):
            alerts.acknowledge(Acknowledge(found, f"p{second}"), T + second)
        alerts.hear(heard(), T + 30)
        alerts.silenced(found, Silence(said="silent", id="s1"), T + 31)
        (entry,) = alerts.shown(T + 31)
        times, said = zip(*entry.acknowledgements, strict=True)
        assert times == (T, *(T + second for second in range(14, 20)), T + 31)
        assert len(times) == MOST_ACKNOWLEDGED
        assert [each.by for each in said] == ["p0", *(f"p{second}" for second in range(14, 20)), "p19"]
        assert said[-1] == entry.view.acknowledged

    def test_what_cannot_be_is_said(self, alerts: Alerts) -> None:
        assert "no alert has the id “x”" in alerts.acknowledge(Acknowledge("x", "ops"), T)
        assert "no alert with the id “x”" in alerts.silenced("x", Silence(said=""), T)
        alerts.hear(heard(ended=T + 60), T + 61)
        assert "has ended" in alerts.acknowledge(Acknowledge(only(alerts, T + 61).id, "ops"), T + 62)

    def test_a_sign_of_life_is_not_acknowledged(self, alerts: Alerts) -> None:
        """Silenced, it would no longer reach whoever calls where it is missing."""
        alerts.hear(heard(severity=Severity.NONE), T)
        before = alerts.shown(T)
        assert "sign of life" in alerts.acknowledge(Acknowledge(only(alerts, T).id, "ops"), T + 1)
        assert alerts.shown(T + 1) == before


class TestBounds:
    def test_pages_come_first_and_the_newest_of_each(self, alerts: Alerts) -> None:
        for number, severity in enumerate((Severity.TICKET, Severity.PAGE, Severity.PAGE)):
            alerts.hear(heard(f"f{number}", T + number, severity=severity), T + 10)
        assert [(v.severity, v.since) for v in views(alerts, T + 10)] == [
            (Severity.PAGE, T + 2),
            (Severity.PAGE, T + 1),
            (Severity.TICKET, T),
        ]

    def test_tickets_give_way_to_pages(self, alerts: Alerts) -> None:
        for number in range(MOST_FIRING + 5):
            alerts.hear(heard(f"t{number}", severity=Severity.TICKET), T)
        assert len(views(alerts, T)) == MOST_FIRING
        for number in range(MOST_FIRING + 5):
            alerts.hear(heard(f"p{number}"), T)
        fires = [view for view in views(alerts, T) if view.ended_at is None]
        assert {view.severity for view in fires} == {Severity.PAGE}
        assert len(fires) == MOST_FIRING

    def test_every_end_of_what_fired_is_shown_once_at_least(self, alerts: Alerts) -> None:
        """History keeps what is shown: an end that it missed would fire there for ever."""
        alerts.see([own(lineage=f"l{number}") for number in range(MOST_FIRING)], T)
        fired = {view.id for view in views(alerts, T)}
        alerts.see([], T + 60)
        assert {view.id for view in views(alerts, T + 60) if view.ended_at == T + 60} == fired
        assert len(views(alerts, T + 61)) == MOST_ENDED

    def test_of_a_ticket_that_gave_way_it_is_shown_that_nobody_knows(self, alerts: Alerts) -> None:
        alerts.hear(heard("t", severity=Severity.TICKET), T)
        ticket = only(alerts, T).id
        for number in range(MOST_FIRING):
            alerts.hear(heard(f"p{number}"), T + 1)
        gone = views(alerts, T + 1)[-1]
        assert (gone.id, gone.ended_at, gone.ending) == (ticket, T, Ending.UNHEARD)
        alerts.hear(heard("t", severity=Severity.TICKET), T + 2)
        assert views(alerts, T + 2)[-1] == gone, "there is still no room"
        alerts.hear(heard("p0", ended=T + 3), T + 3)
        alerts.hear(heard("t", severity=Severity.TICKET), T + 4)
        assert [v.ended_at for v in views(alerts, T + 4) if v.id == ticket] == [None]

    def test_what_is_too_much_after_a_restart_does_not_fire_for_ever_in_history(self, alerts: Alerts) -> None:
        alerts.see([own(lineage=f"l{number}") for number in range(MOST_FIRING)], T)
        kept = alerts.shown(T)
        another = Alerts(REPEATS, WATCHDOG)
        another.see([own(lineage=f"m{number}") for number in range(MOST_FIRING)], T)
        again = Alerts(REPEATS, WATCHDOG)
        again.restore([*kept, *another.shown(T)], T + 10)
        ended = [view.ending for view in views(again, T + 10) if view.ended_at is not None]
        assert ended == [Ending.UNHEARD] * MOST_FIRING

    def test_what_ended_is_shown_for_a_while_the_newest_first(self, alerts: Alerts) -> None:
        for number in range(MOST_ENDED + 5):
            alerts.hear(heard(f"f{number}", ended=T + number), T + number)
        ends = [view.ended_at for view in views(alerts, T + 100)]
        assert ends == [T + number for number in range(MOST_ENDED + 4, 4, -1)]
        assert views(alerts, T + 100 + ENDED_SECONDS) == []


class TestRestart:
    def test_what_fired_goes_on_with_its_acknowledgement(self, alerts: Alerts) -> None:
        alerts.hear(heard(), T)
        alerts.see([own(lineage="l2")], T)
        for view in views(alerts, T):
            alerts.acknowledge(Acknowledge(view.id, "ops"), T + 1)
        alerts.hear(heard("f3", ended=T + 2), T + 2)
        kept = alerts.shown(T + 3)
        again = Alerts(REPEATS, WATCHDOG)
        again.restore(kept, T + 10)
        assert again.shown(T + 10) == kept

    def test_our_own_evaluation_has_time_to_find_again_what_it_had_found(self, alerts: Alerts) -> None:
        alerts.see([own()], T)
        again = Alerts(REPEATS, WATCHDOG)
        again.restore(alerts.shown(T), T + 10)
        again.see([], T + 11)
        assert only(again, T + 11).ended_at is None
        again.see([own(since=T + 20)], T + 20)
        assert only(again, T + 20).since == T, "it is the same one"
        again.see([], T + 80)
        assert only(again, T + 80).ended_at == T + 80


def test_a_long_id_is_one_alert_though_its_label_is_shorter() -> None:
    own, labelled = (Subject(alert="RoomsFull", service="spaces", room=room) for room in (LONG, label(LONG)))
    assert own != labelled
    alerts = Alerts(repeats=14_400, watchdog=300)
    alerts.see([Firing(own, since=T, summary="full")], T)
    said = Heard(fingerprint="f", subject=labelled, severity=Severity.PAGE, since=T)
    alerts.hear(said, T + 1)
    alerts.see([Firing(own, since=T, summary="full")], T + 2)
    (shown,) = alerts.shown(T + 2)
    assert shown.view.source is Source.ALERTMANAGER
