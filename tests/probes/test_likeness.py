"""Names of every script, and names that were made to be slow to compare."""

from __future__ import annotations

import pytest

from probes.watching.likeness import core, likeness_of


@pytest.mark.parametrize(
    ("name", "words"),
    [("Müller Gespräch", "muller gesprach"), ("हिन्दी कविता", "हनद कवत"), ("ราตรีสวัสดิ์", "ราตรสวสด")],
)
def test_marks_on_letters_do_not_break_words(name: str, words: str) -> None:
    assert core(name) == words


def test_of_a_name_whose_characters_stand_for_many_as_much_is_read_as_of_any_other() -> None:
    one, other = "\ufdfa" * 200, "\ufdfa" * 190 + "x" * 10
    assert len(core(one)) <= 200
    assert likeness_of(one, other) == 1.0
