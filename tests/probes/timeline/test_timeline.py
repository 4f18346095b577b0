"""The timeline: notes and announcements beside the alerts."""

from __future__ import annotations

from probes.config.alertmanager import AlertmanagerSettings
from probes.timeline.entries import NoteKind, Past
from probes.timeline.timeline import MOST_NOTES, Timeline
from probes.timeline.words import Write

T = 1_000_000.0


def test_notes_are_inert_bounded_and_the_newest_first() -> None:
    timeline = Timeline(AlertmanagerSettings())
    assert timeline.take(Write(by="ops", text="first\n\x1b[2J<b>"), T) == ""
    word = Write(by="eve", text="x" * 5000, kind=NoteKind.ANNOUNCEMENT, service="spaces")
    assert timeline.take(word, T + 1) == ""
    second, first = timeline.notes()
    assert (first.at, first.by, first.text, first.service) == (T, "ops", "first [2J<b>", "")
    assert (second.kind, second.service) == (NoteKind.ANNOUNCEMENT, "spaces")
    assert len(second.text) < 700
    assert first.id != second.id
    for number in range(MOST_NOTES):
        timeline.take(Write(by="ops", text=f"note {number}"), T + 2)
    assert len(timeline.notes()) == MOST_NOTES
    assert len({note.id for note in timeline.notes()}) == MOST_NOTES


def test_a_note_without_a_text_is_none() -> None:
    timeline = Timeline(AlertmanagerSettings())
    assert timeline.take(Write(by="ops", text=" \u202e\n"), T) == "a note needs a text"
    assert timeline.notes() == ()


def test_notes_survive_a_restart_in_their_order() -> None:
    before, after = Timeline(AlertmanagerSettings()), Timeline(AlertmanagerSettings())
    for number in range(3):
        before.take(Write(by="ops", text=f"note {number}"), T + number)
    after.restore(Past(notes=tuple(reversed(before.notes()))), T + 10)
    assert after.notes() == before.notes()
