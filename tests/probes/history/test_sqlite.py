"""What is peculiar to history in an SQLite file: its versions, its damage, its disk, its size."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from probes.history import HistoryTrouble, Kept
from probes.history.sqlite import SqliteHistory
from probes.history.sqlite_reader import SqliteReader
from probes.timeline.entries import Past
from tests.probes.seen import AT, entry, observation, rooms, tick

ALL = Kept(detail=1e9, keep=1e9, max_size=10**10)
ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite"


def write(history: SqliteHistory, count: int, first: int = 0, size: int = 20) -> None:
    for seq in range(first, first + count):
        history.append(tick(observation(rooms=rooms(size)), seq=seq, at=float(seq)))


def filled(path: Path, count: int = 200) -> None:
    history = SqliteHistory(path, ALL)
    write(history, count)
    history.close()


def set_aside(path: Path) -> list[Path]:
    return [p for p in path.parent.iterdir() if ".damaged-" in p.name]


def test_a_tick_of_200_rooms_takes_about_a_kilobyte(path: Path) -> None:
    """86,400 of them, a day at one a second, come to less than 120 MB."""
    history = SqliteHistory(path, ALL)
    for seq in range(1_000):
        people = tuple(
            msgspec.structs.replace(room, participants=(seq * 7_919 + i * 104_729) % 90_000)
            for i, room in enumerate(rooms(200))
        )
        history.append(tick(observation(rooms=people, pace=1.0), seq=seq, at=float(seq)))
    history.close()
    assert path.stat().st_size * 86.4 < 120_000_000


def as_of_format(version: int, path: Path) -> None:
    """Make it a file of an older version: the first kept numbers alone, the second no timeline."""
    with closing(sqlite3.connect(path)) as db:
        for table in ("whole", "timeline")[version - 1 :]:
            db.execute(f"DROP TABLE {table}")
        db.execute(f"PRAGMA user_version = {version}")
        db.commit()


@pytest.mark.parametrize("version", [1, 2])
def test_a_file_of_an_older_format_is_read_as_it_is_and_gets_a_timeline(path: Path, version: int) -> None:
    filled(path)
    as_of_format(version, path)
    reader = SqliteReader(path)
    assert reader.timeline(0, 1e12, 10) == Past()
    assert reader.trouble == ""
    before = reader.newest("spaces", 100)
    assert before
    history = SqliteHistory(path, ALL)
    history.append(tick(observation(), at=AT + 1000, alerts=(entry("a", AT),)))
    history.close()
    assert reader.newest("spaces", 101)[:-1] == before
    assert reader.timeline(0, 1e12, 10) == Past(alerts=(entry("a", AT),))


def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(path: Path) -> None:
    filled(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(
        HistoryTrouble, match=r"newer Roomwatch \(format 99, this one knows 3\).*history\.path"
    ):
        SqliteHistory(path, ALL)
    assert path.read_bytes() == before
    reader = SqliteReader(path)
    assert reader.newest("spaces", 5) == []
    assert "newer Roomwatch" in reader.trouble


def test_a_file_of_the_first_format_is_read_as_it_is_and_goes_on_with_boards(path: Path) -> None:
    filled(path, 20)
    as_of_format(1, path)
    reader = SqliteReader(path)
    assert (reader.moment(1e9), reader.span(), reader.trouble) == (None, None, "")
    assert len(reader.newest("spaces", 100)) == 20
    history = SqliteHistory(path, ALL)
    write(history, 1, 20)
    history.close()
    assert len(reader.newest("spaces", 100)) == 21
    assert (reader.moment(19.5), reader.span()) == (None, (20.0, 20.0))


def test_a_board_whose_bytes_are_damaged_is_left_out(path: Path) -> None:
    history = SqliteHistory(path, ALL)
    history.append(tick(observation("one"), observation("two")))
    history.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE whole SET body = x'00' WHERE tick = 1")
        db.commit()
    moment = SqliteReader(path).moment(1e12)
    assert moment is not None
    assert [each.observation.name for each in moment.services] == ["two"]


def test_no_board_is_kept_without_its_tick(path: Path) -> None:
    history = SqliteHistory(path, Kept(detail=50, keep=200, max_size=10**9))
    for seq in range(1_000):
        history.append(tick(observation(reasons=(f"{'a' * (seq % 7)}",)), seq=seq, at=float(seq)))
        history.tidy()
    history.close()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM whole").fetchone()[0] > 20
        stray = "SELECT count(*) FROM whole WHERE tick NOT IN (SELECT id FROM tick)"
        assert db.execute(stray).fetchone() == (0,)


def test_a_database_of_something_else_is_refused_and_left_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")
    before = path.read_bytes()
    with pytest.raises(HistoryTrouble, match=r"something else; set history\.path"):
        SqliteHistory(path, ALL)
    assert path.read_bytes() == before


def test_damage_inside_the_file_is_found_while_writing_and_the_next_tick_is_kept(path: Path) -> None:
    filled(path, 2_000)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4_096 * 2)  # the header and the tables' names stay readable
        file.write(b"\xff" * (size - 4_096 * 2))
    history = SqliteHistory(path, ALL)
    with pytest.raises(HistoryTrouble, match="malformed"):
        write(history, 1, 5_000)
    write(history, 3, 6_000)
    history.tidy()
    assert [s.seq for s in SqliteReader(path).newest("spaces", 10)] == [6_000, 6_001, 6_002]
    history.close()
    assert len(set_aside(path)) == 1


def test_a_tick_whose_bytes_are_damaged_is_a_gap(path: Path) -> None:
    filled(path, 10)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE tick SET body = x'00' WHERE seq = 4")
        db.commit()
    assert [s.seq for s in SqliteReader(path).newest("spaces", 10)] == [0, 1, 2, 3, 5, 6, 7, 8, 9]


def test_two_damaged_files_in_one_second_are_both_kept(path: Path) -> None:
    for text in (b"first" * 999, b"second" * 999):
        path.write_bytes(text)
        SqliteHistory(path, ALL).close()
        path.unlink()
    assert {p.read_bytes()[:5] for p in set_aside(path)} == {b"first", b"secon"}


def test_a_locked_file_is_a_sentence_and_passes(path: Path) -> None:
    history = SqliteHistory(path, ALL)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HistoryTrouble, match="another program has locked it"):
            write(history, 1)
    write(history, 1)
    assert len(SqliteReader(path).newest("spaces", 10)) == 1
    history.close()


def test_a_tick_that_failed_leaves_nothing_behind(path: Path) -> None:
    """A number too large for the file ends the whole tick; rooms seen first in it are written again later."""
    history = SqliteHistory(path, ALL)
    with pytest.raises(HistoryTrouble, match="cannot be kept"):
        history.append(tick(observation(), observation("big", participants=2**70), seq=1))
    assert SqliteReader(path).newest("spaces", 10) == SqliteReader(path).newest("big", 10) == []
    history.append(tick(observation(), seq=2))
    assert [len(s.rooms) for s in SqliteReader(path).newest("spaces", 10)] == [1]
    history.close()


@pytest.fixture(scope="session")
def namespace() -> list[str]:
    """A command that runs another with mounts of its own."""
    unshare = shutil.which("unshare")
    command = [str(unshare), "--user", "--map-root-user", "--mount"]
    if unshare is None or subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip("needs unshare --user --mount, which this machine does not allow")
    return command


def in_small_disk(namespace: list[str], folder: Path, script: str) -> list[str | int]:
    """Run Python with `folder` on a disk of 400 kB; the list that it prints last."""
    shell = 'mount -t tmpfs -o size=400k roomwatch "$1" && exec "$2" -c "$3" "$1"'
    preamble = """
        import json, subprocess, sys
        from pathlib import Path
        from probes.history import HistoryTrouble
        from tests.probes.history.test_sqlite import ALL, SqliteHistory, SqliteReader, write
        folder = Path(sys.argv[1])
    """
    code = textwrap.dedent(preamble) + textwrap.dedent(script)
    command = [*namespace, "sh", "-c", shell, "sh", str(folder), sys.executable, code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def test_a_full_disk_is_a_sentence_and_what_was_kept_stays_readable(
    namespace: list[str], tmp_path: Path
) -> None:
    said, lost, more = in_small_disk(
        namespace,
        tmp_path,
        """
        ballast = folder / "ballast"
        ballast.write_bytes(b"x" * 100_000)
        history = SqliteHistory(folder / "h", ALL)
        kept, said = 0, ""
        while not said:
            try:
                write(history, 1, kept, size=200)
                kept += 1
            except HistoryTrouble as trouble:
                said = str(trouble)
        readable = len(SqliteReader(folder / "h").newest("spaces", 10_000))
        ballast.unlink()
        write(history, 1, kept, size=200)
        after = len(SqliteReader(folder / "h").newest("spaces", 10_000))
        print(json.dumps([said, kept - readable, after - kept]))
        """,
    )
    assert "the disk is full; free some space, or lower history.max_size" in str(said)
    assert (lost, more) == (0, 1)


def test_a_read_only_folder_is_a_sentence_and_the_file_can_still_be_read(
    namespace: list[str], tmp_path: Path
) -> None:
    said, readable = in_small_disk(
        namespace,
        tmp_path,
        """
        history = SqliteHistory(folder / "h", ALL)
        write(history, 3)
        history.close()
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        said = ""
        try:
            write(SqliteHistory(folder / "h", ALL), 1)
        except HistoryTrouble as trouble:
            said = str(trouble)
        print(json.dumps([said, len(SqliteReader(folder / "h").newest("spaces", 10))]))
        """,
    )
    assert "cannot be written" in str(said)
    assert "folder" in str(said)
    assert readable == 3


def test_the_file_is_in_wal_mode_and_can_shrink(path: Path) -> None:
    history = SqliteHistory(path, ALL)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    history.close()


def test_rooms_stay_with_their_samples_after_a_start_with_a_clock_in_the_future(path: Path) -> None:
    history = SqliteHistory(path, ALL)
    write(history, 3, first=1_000_000)
    for seq in range(3):
        history.append(tick(observation(rooms=rooms(20)), seq=seq, at=float(seq)))
        history.tidy()
    history.close()
    assert [len(sample.rooms) for sample in SqliteReader(path).window("spaces", 0, 10, 100)] == [20, 20, 20]
