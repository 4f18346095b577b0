"""What every kind of history keeps of the timeline."""

from __future__ import annotations

from pathlib import Path

from probes.alerting.table import Severity
from probes.history import Backend, Kept
from probes.timeline.entries import WORDS_SECONDS, Past, Said
from tests.probes.seen import AT, entry, note, observation, tick

ALL = Kept(detail=1e9, keep=1e9, max_size=10**10)


def test_the_timeline_is_kept_as_it_was_seen_last(backend: Backend, path: Path) -> None:
    history, reader = backend.write(path, ALL), backend.read(path)
    assert reader.timeline(0, 1e12, 10) == Past()
    first, second, word = entry("a", AT), entry("b", AT + 5), note("n", AT + 1)
    history.append(tick(observation(), alerts=(second, first), notes=(word,)))
    ended = entry("a", AT, ended_at=AT + 9)
    history.append(tick(observation(), at=AT + 1, alerts=(second, ended), notes=(word,)))
    history.append(tick(observation(), at=AT + 2))
    assert reader.timeline(0, 1e12, 10) == Past(alerts=(ended, second), notes=(word,))
    history.close()
    assert backend.read(path).timeline(AT + 1, 1e12, 10).alerts == (ended, second), "it reaches into it"
    assert backend.read(path).timeline(AT + 10, 1e12, 10) == Past(alerts=(second,)), "it fires still"
    assert backend.read(path).timeline(0, AT + 1, 10) == Past(alerts=(ended,))


def test_of_too_much_on_the_timeline_the_newest_is_told_and_what_still_fires(
    backend: Backend, path: Path
) -> None:
    history, reader = backend.write(path, ALL), backend.read(path)
    many = tuple(entry(f"e{n}", AT + n, ended_at=AT + n + 1) for n in range(1, 50))
    history.append(tick(observation(), alerts=(entry("fires", AT), *many)))
    assert [e.view.id for e in reader.timeline(0, 1e12, 3).alerts] == ["fires", "e48", "e49"]
    history.close()


def test_the_timeline_is_deleted_with_the_rest_but_not_what_still_fires(backend: Backend, path: Path) -> None:
    history = backend.write(path, Kept(detail=1.0, keep=100.0, max_size=10**10))
    reader = backend.read(path)
    old = (entry("fires", AT), entry("ended", AT, ended_at=AT + 1))
    history.append(tick(observation(), alerts=old, notes=(note("n", AT),)))
    history.append(tick(observation(), at=AT + 200, seq=2, notes=(note("new", AT + 199),)))
    history.tidy()
    left = reader.timeline(0, 1e12, 10)
    assert [e.view.id for e in left.alerts] == ["fires"]
    assert [n.id for n in left.notes] == ["new"]
    history.close()


def test_words_that_change_at_each_tick_are_kept_rarely_and_with_each_whole_board(
    backend: Backend, path: Path
) -> None:
    """The board of then tells the numbers of then, whichever are kept of the alert itself."""
    history, reader = backend.write(path, ALL), backend.read(path)
    words = ["one", *(f"{n} people" for n in range(1, 20))]
    for second, summary in enumerate(words):
        now = AT + second
        told = entry("a", AT, summary=summary, said_at=now, heard_at=now)
        history.append(tick(observation(), at=now, seq=int(now), alerts=(told,)))
        (kept,) = reader.timeline(0, 1e12, 10).alerts
        assert kept.view.summary == words[second // int(WORDS_SECONDS) * int(WORDS_SECONDS)]
    moments = [reader.moment(AT), reader.moment(AT + 19)]
    said = [(each.at, each.services[0].said["a"]) for each in moments if each is not None]
    assert said == [(at, Said(words[int(at - AT)], at)) for at, _ in said]
    assert len({at for at, _ in said}) == 2
    history.close()


def test_what_is_new_about_an_alert_is_kept_at_once(backend: Backend, path: Path) -> None:
    history, reader = backend.write(path, ALL), backend.read(path)
    history.append(tick(observation(), alerts=(entry("a", AT),)))
    for second, change in enumerate(({"ended_at": AT + 1}, {"severity": Severity.TICKET}), 1):
        told = entry("a", AT, **change)
        history.append(tick(observation(), at=AT + second, alerts=(told,)))
        assert reader.timeline(0, 1e12, 10).alerts == (told,)
    history.close()
