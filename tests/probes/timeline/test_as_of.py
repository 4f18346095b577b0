"""The timeline of a moment holds what was known then, and nothing that came later."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from probes.alerting.firing import Subject
from probes.alerting.table import Severity
from probes.timeline.alerts import ENDED_SECONDS
from probes.timeline.as_of import as_of
from probes.timeline.entries import (
    Acknowledgement,
    AlertView,
    Ending,
    Entry,
    Note,
    Past,
    Said,
    Silence,
    Source,
)


def alert(name: str, since: float, ended: float | None, severity: Severity = Severity.PAGE) -> Entry:
    known = Acknowledgement(by="ana", at=since + 60)
    silent = replace(known, silence=Silence(said="silent", id="s", until=since + 3660))
    lifted = replace(known, by="bo", at=since + 80, silence=Silence(said="the silence ended"))
    return Entry(
        acknowledgements=((since + 60, known), (since + 62, silent), (since + 90, lifted)),
        view=AlertView(
            id=name,
            subject=Subject(alert=name),
            severity=severity,
            source=Source.OWN,
            since=since,
            heard_at=since + 500,
            summary="9 people",
            said_at=since + 500,
            ended_at=ended,
            ending=None if ended is None else Ending.OVER,
            acknowledged=lifted,
        ),
    )


PAST = Past(
    alerts=(alert("a", 1000, 1200), alert("b", 1100, None, Severity.TICKET), alert("c", 1150, 1900)),
    notes=(Note(id="n", at=1120, by="ana", text="one"), Note(id="m", at=1160, by="ana", text="two")),
)


@pytest.mark.parametrize(
    ("at", "firing", "ended", "notes"),
    [
        (999, [], [], []),
        (1000, ["a"], [], []),
        (1150, ["c", "a", "b"], [], ["n"]),
        (1200, ["c", "b"], ["a"], ["m", "n"]),
        (2000, ["b"], ["c", "a"], ["m", "n"]),
        (1201 + ENDED_SECONDS, ["b"], ["c"], ["m", "n"]),
    ],
)
def test_what_fired_what_had_ended_and_what_was_noted(
    at: float, firing: list[str], ended: list[str], notes: list[str]
) -> None:
    alerts, noted = as_of(PAST, at)
    assert [view.id for view in alerts if view.ended_at is None] == firing
    assert [view.id for view in alerts if view.ended_at is not None] == ended
    assert [note.id for note in noted] == notes
    assert all(view.heard_at <= at for view in alerts)
    assert all((view.ending is None) == (view.ended_at is None) for view in alerts)


@pytest.mark.parametrize(
    ("at", "who", "silence"),
    [
        (1059, None, None),
        (1060, "ana", None),
        (1062, "ana", "silent"),
        (1089, "ana", "silent"),
        (1090, "bo", "the silence ended"),
    ],
)
def test_who_knew_and_whether_it_was_silent_is_as_it_was_then(
    at: float, who: str | None, silence: str | None
) -> None:
    ((view,), _) = as_of(PAST, at)
    known = view.acknowledged
    assert (known and known.by, known and known.silence and known.silence.said) == (who, silence)


def test_words_are_those_of_then_where_they_are_known() -> None:
    """Those of the others are the last, and say of when they are."""
    known, other = as_of(PAST, 1170, {"c": Said("5 people", 1168.0)})[0][:2]
    assert (known.summary, known.said_at) == ("5 people", 1168.0)
    assert (other.summary, other.said_at) == ("9 people", 1500.0)
