"""A file that is just being begun is an empty history, and no trouble."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from probes.history.sqlite_reader import SqliteReader


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite"


def nothing_and_no_trouble(path: Path) -> bool:
    reader = SqliteReader(path)
    return (reader.newest("s", 10), reader.relocations("s"), reader.trouble) == ([], [], "")


@pytest.mark.parametrize("statements", [[], ["PRAGMA journal_mode = WAL"]], ids=["empty", "without tables"])
def test_a_file_without_tables_yet_is_empty(path: Path, statements: list[str]) -> None:
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        path.touch()
        assert nothing_and_no_trouble(path)


def test_a_kill_while_the_file_was_begun_is_for_the_writer(path: Path) -> None:
    """The journal of what was not finished is there, and a reader may not roll it back."""
    child = os.fork()
    if child == 0:
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("CREATE TABLE first (x)")
        db.execute("PRAGMA cache_size = 1")
        db.execute("BEGIN")
        db.executemany("INSERT INTO first VALUES (?)", [("x" * 5000,)] * 100)
        os._exit(0)
    os.waitpid(child, 0)
    assert path.with_name(path.name + "-journal").stat().st_size > 0
    assert nothing_and_no_trouble(path)
