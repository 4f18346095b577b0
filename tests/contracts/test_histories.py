"""What every kind of history must do: the same cases over each entry of HISTORIES."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.history import HISTORIES, Backend, History, HistoryTrouble, Kept, Reader, sample_of
from probes.model import Cause, Door, Observer, Outcome, RoomState, RoomView, State, Status
from tests.probes.seen import AT, node, observation, relocation, room, rooms, tick

ALL = Kept(detail=1e9, keep=1e9, max_size=10**10)
ROOT = Path(__file__).parents[2]


def write(history: History, count: int, first: int = 0, size: int = 3) -> None:
    for seq in range(first, first + count):
        history.append(tick(observation(participants=seq, rooms=rooms(size)), seq=seq, at=float(seq)))


def seqs(reader: Reader, service: str = "spaces") -> list[int]:
    return [s.seq for s in reader.window(service, 0, 1e12, 1_000_000)]


def test_what_is_not_there_yet_is_empty(backend: Backend, path: Path) -> None:
    reader = backend.read(path)
    assert reader.window("spaces", 0, 1e12, 10) == []
    assert reader.newest("spaces", 10) == []
    assert reader.titles("spaces") == {}
    assert reader.relocations("spaces") == []
    assert not path.exists(), "reading makes no file"


def test_a_window_is_half_open_and_in_order(backend: Backend, path: Path) -> None:
    history, reader = backend.write(path, ALL), backend.read(path)
    write(history, 100)
    assert [s.seq for s in reader.window("spaces", 10, 20, 1_000)] == list(range(10, 20))
    assert [s.seq for s in reader.newest("spaces", 5)] == [95, 96, 97, 98, 99]
    assert reader.window("other", 0, 1e12, 10) == []
    history.close()


def test_a_window_with_more_than_its_limit_is_spread_evenly_and_has_the_newest(
    backend: Backend, path: Path
) -> None:
    history, reader = backend.write(path, ALL), backend.read(path)
    write(history, 1_000)
    assert len(reader.window("spaces", 0, 1e12, 1_000)) == 1_000
    few = [s.seq for s in reader.window("spaces", 0, 1e12, 10)]
    assert len(few) == 10
    assert few[-1] == 999
    assert all(90 <= later - earlier <= 110 for earlier, later in itertools.pairwise(few))
    history.close()


def test_services_are_kept_apart(backend: Backend, path: Path) -> None:
    history, reader = backend.write(path, ALL), backend.read(path)
    a, b = observation("a", rooms=(room(title="of a"),)), observation("b", rooms=(room(title="of b"),))
    history.append(tick(a, b))
    history.append(tick(a, seq=int(AT) + 1, at=AT + 1))
    assert len(seqs(reader, "a")) == 2
    assert len(seqs(reader, "b")) == 1
    assert reader.titles("b") == {("n1", "r1"): "of b"}
    history.close()


def test_titles_follow_their_rooms(backend: Backend, path: Path) -> None:
    history, reader = backend.write(path, ALL), backend.read(path)
    history.append(tick(observation(rooms=(room(title="before"), room("r2", "n2", title="two")))))
    history.append(tick(observation(rooms=(room(title="after"),)), at=AT + 1))
    assert reader.titles("spaces") == {("n1", "r1"): "after", ("n2", "r2"): "two"}
    history.close()


def test_a_relocation_is_kept_as_it_was_seen_last(backend: Backend, path: Path) -> None:
    history, reader = backend.write(path, ALL), backend.read(path)
    ended = relocation("x", cause=Cause.ENDED, to=None, status=Status.PROPOSED)
    other = relocation("y", at=AT)
    history.append(tick(observation(relocations=(ended, other))))
    history.append(tick(observation(relocations=(relocation("x", participants_now=5),)), at=AT + 1))
    history.append(tick(observation(relocations=()), at=AT + 2))
    assert reader.relocations("spaces") == [relocation("x", participants_now=5), other]
    history.close()


def test_a_restart_goes_on_where_it_was(backend: Backend, path: Path) -> None:
    for first in (0, 10, 20):
        history = backend.write(path, ALL)
        write(history, 10, first)
        history.close()
    reader = backend.read(path)
    assert seqs(reader) == list(range(30))
    assert reader.relocations("spaces") == [relocation()]


def test_readers_see_whole_ticks_while_it_is_written_and_tidied(backend: Backend, path: Path) -> None:
    """Every tick has rooms of its own, and old ones are deleted all the time."""
    history, reader = backend.write(path, ALL._replace(keep=20_000.0)), backend.read(path)
    done = threading.Event()
    torn: list[str] = []
    reads = [0]

    def read() -> None:
        while not done.is_set():
            found = reader.window("spaces", 0, 1e12, 10_000)
            numbers = [s.seq for s in found]
            expected = list(range(numbers[0], numbers[0] + len(numbers))) if numbers else []
            if numbers != expected or any(len(s.rooms) != 30 for s in found):
                torn.append(f"{numbers[-3:]}")
            reads[0] += 1

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for seq in itertools.count():
        mine = tuple(room(f"{seq}-{i}") for i in range(30))
        history.append(tick(observation(rooms=mine), seq=seq, at=1_000.0 * seq))
        history.tidy()
        if reads[0] >= 200 and seq > 100:
            break
    done.set()
    for thread in threads:
        thread.join()
    assert torn == []
    history.close()


def test_after_the_detailed_time_one_tick_is_left_of_each_ten_seconds(backend: Backend, path: Path) -> None:
    history, reader = backend.write(path, ALL._replace(detail=100)), backend.read(path)
    door = Door(observer=Observer.SERVICE, totals={Outcome.JOINED: 0})
    for seq in range(400):
        counted = msgspec.structs.replace(door, totals={Outcome.JOINED: 3 * seq})
        seen = observation(door=counted, pace=1.0), observation("other", pace=None)
        history.append(tick(*seen, seq=seq, at=float(seq)))
        history.tidy()
    for _ in range(4):
        history.tidy()
    thinned = list(range(0, 290, 10))
    for service in ("spaces", "other"):
        assert seqs(reader, service) == [*thinned, *range(290, 400)]
    kept = reader.window("spaces", 0, 1e12, 1_000)
    joined = [s.totals[Outcome.JOINED] for s in kept]
    assert joined[20] - joined[10] == 300, "people who joined in what was thinned out still count"
    history.close()


def test_a_long_pause_is_caught_up_in_small_steps(backend: Backend, path: Path) -> None:
    history = backend.write(path, ALL)
    write(history, 3_000)
    history.close()
    history, reader = backend.write(path, ALL._replace(detail=100)), backend.read(path)
    history.append(tick(observation(), seq=9_000, at=9_000.0))
    history.tidy()
    assert len(seqs(reader)) > 2_000, "one step must not do it all"
    for _ in range(20):
        history.tidy()
    assert seqs(reader) == [*range(9, 3_000, 10), 9_000]
    history.close()


def test_what_is_too_old_is_deleted(backend: Backend, path: Path) -> None:
    history, reader = backend.write(path, ALL._replace(keep=1_000)), backend.read(path)
    for seq in range(0, 5_000, 10):
        name = f"room-{seq}"
        history.append(
            tick(observation(rooms=(room(name),), relocations=(relocation(name),)), seq=seq, at=float(seq))
        )
        history.tidy()
    assert seqs(reader) == list(range(3_990, 5_000, 10))
    titles = reader.titles("spaces")
    assert ("n1", "room-4990") in titles
    assert len(titles) < 200, "titles of rooms that are in no tick any more must go"
    assert len(reader.relocations("spaces")) == 101
    history.close()


def test_what_is_too_much_is_deleted_oldest_first(backend: Backend, path: Path) -> None:
    """Rooms with ever new names are the worst that a service can send."""
    most = 1_000_000
    history, reader = backend.write(path, ALL._replace(max_size=most)), backend.read(path)
    largest = 0
    for seq in range(1_500):
        churn = tuple(room(f"{seq}-{i}-{random.random()}", title=f"{random.random()}") for i in range(20))
        history.append(tick(observation(rooms=churn), seq=seq, at=1_000.0 * seq))
        history.tidy()
        largest = max(largest, history.size())
    kept = seqs(reader)
    assert largest <= most
    assert kept == list(range(kept[0], 1_500))
    assert len(kept) > 50
    history.close()


def test_a_lower_size_is_reached_in_steps(backend: Backend, path: Path) -> None:
    history = backend.write(path, ALL)
    write(history, 2_000, size=100)
    history.close()
    history = backend.write(path, ALL._replace(max_size=500_000))
    before = history.size()
    steps = 0
    while history.size() > 500_000:
        write(history, 1, 2_000 + steps, size=100)
        history.tidy()
        steps += 1
        assert steps < 100
    assert steps > 2
    assert before > 900_000
    assert seqs(backend.read(path))[-1] == 2_000 + steps - 1
    history.close()


def test_a_place_that_cannot_be_written_is_a_sentence(backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(HistoryTrouble, match=r"cannot be written.*history\.path"):
        backend.write(tmp_path / "file" / "history", ALL)


def test_a_damaged_file_is_set_aside_and_a_new_one_begun(backend: Backend, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no history " * 1_000)
    assert backend.read(path).newest("spaces", 5) == []
    history = backend.write(path, ALL)
    write(history, 3)
    assert seqs(backend.read(path)) == [0, 1, 2]
    history.close()
    aside = [p for p in path.parent.iterdir() if ".damaged-" in p.name]
    assert len(aside) == 1
    assert aside[0].read_bytes().startswith(b"this is no history")


def test_a_history_has_one_keeper_however_its_path_is_written(backend: Backend, path: Path) -> None:
    with backend.claim(path) as held:
        again = path.parent / ".." / path.parent.name / path.name
        sentence = rf"{path.resolve()} is kept by another Roomwatch. End that one, or set history\.path"
        with pytest.raises(HistoryTrouble, match=sentence):
            backend.claim(again)
        assert held.moved_to(again) is held
        with held.moved_to(path.with_name("other")), pytest.raises(HistoryTrouble, match="other is kept"):
            backend.claim(path.with_name("other"))
        backend.write(path, ALL).close()
    backend.claim(path).release()


def test_a_keeper_that_is_killed_keeps_nothing(kind: str, backend: Backend, path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from probes.history import HISTORIES\n"
        "held = HISTORIES[sys.argv[1]].claim(Path(sys.argv[2])); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, kind, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as keeper:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == "held\n"
        with pytest.raises(HistoryTrouble, match="kept by another Roomwatch"):
            backend.claim(path)
        keeper.kill()
    backend.claim(path).release()


def test_where_nothing_can_be_written_opening_tells_and_not_the_claim(
    backend: Backend, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    backend.claim(tmp_path / "file" / "history").release()


def test_kill_9_twenty_times_loses_nothing_that_was_kept(kind: str, path: Path) -> None:
    """Each time the file opens, holds every tick that was reported as kept, and is written on."""
    command = [sys.executable, "-m", "tests.contracts.history_writer", kind, str(path)]
    reader = HISTORIES[kind].read(path)
    chance = random.Random(24)
    first = 1
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        for _ in range(20):
            writer.stdin.write(f"{first}\n")
            writer.stdin.flush()
            pid = int(writer.stdout.readline())
            for _ in range(chance.randrange(1, 300)):
                reported = int(writer.stdout.readline())
            os.kill(pid, signal.SIGKILL)
            reported = max([reported, *_rest(writer.stdout.readline)])
            newest = reader.newest("spaces", 2_000)
            kept = [s.seq for s in newest]
            assert kept[-1] in (reported, reported + 1)
            assert kept[-50:] == list(range(kept[-1] - 49, kept[-1] + 1))[-len(kept) :]
            assert all(s.participants == s.seq and len(s.rooms) == 50 for s in newest)
            first = kept[-1] + 1
        writer.stdin.close()
    assert first > 20
    assert not [p for p in path.parent.iterdir() if "damaged" in p.name]


def _rest(readline: Callable[[], str]) -> list[int]:
    lines = []
    while (line := readline()) != "ended\n":
        lines.append(int(line))
    return lines


small = st.integers(min_value=0, max_value=10**9)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
maybe = st.none() | small
shares = st.dictionaries(st.sampled_from(Outcome), st.floats(0, 1), max_size=4)
places = st.lists(st.tuples(texts, texts, texts, maybe), max_size=8, unique_by=lambda r: r[:2])
doors = st.builds(
    Door,
    observer=st.sampled_from(Observer),
    tries_per_second=st.none() | st.floats(0, 1e6),
    success_ratio=st.none() | st.floats(0, 1),
    errors=shares,
    waiting=maybe,
    totals=st.dictionaries(st.sampled_from(Outcome), small, max_size=4),
)


@settings(max_examples=50)
@given(
    seen=st.lists(
        st.tuples(texts, st.sampled_from(State), st.booleans(), maybe, st.none() | doors, places), max_size=6
    )
)
def test_what_is_put_in_is_what_comes_out(
    tmp_path_factory: pytest.TempPathFactory,
    seen: list[tuple[str, State, bool, int | None, Door | None, list[tuple[str, str, str, int | None]]]],
) -> None:
    for backend in HISTORIES.values():
        path = tmp_path_factory.mktemp("history") / "file"
        history, reader = backend.write(path, ALL), backend.read(path)
        expected: dict[str, list[object]] = {}
        for seq, (name, state, complete, people, door, found) in enumerate(seen):
            views = tuple(
                RoomView(id=i, node=n, title=t, participants=p, capacity=None, state=RoomState.OPEN)
                for n, i, t, p in found
            )
            it = observation(
                name,
                state=state,
                complete=complete,
                participants=people,
                door=door,
                rooms=views,
                nodes=tuple(node(n, p) for n, _, _, p in found),
            )
            moment = tick(it, seq=seq, at=AT + seq)
            history.append(moment)
            history.tidy()
            expected.setdefault(name, []).append(sample_of(it, moment.seq, moment.at))
        assert {name: reader.window(name, 0, 1e12, 100) for name in expected} == expected
        history.close()
