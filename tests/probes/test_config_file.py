"""A YAML file as plain data: what words mean, where everything is, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from probes.config.file import MAX_BYTES, BadConfig, Mistake, read_text, read_yaml

TEXT = """\
# a comment
services:
  - name: one
    every:
      5s
  - name: two
    nodes:
      - http://a
      - {url: http://b, id: b}
events: []
"""


def refused(text: str) -> list[str]:
    with pytest.raises(BadConfig) as caught:
        read_yaml(text, "x.yaml")
    return [str(mistake) for mistake in caught.value.mistakes]


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("services",), 2, 3),
        (("services", 0), 3, 3),
        (("services", 0, "every"), 4, 5),
        (("services", 1), 6, 6),
        (("services", 1, "nodes"), 7, 8),
        (("services", 1, "nodes", 1, "id"), 9, 9),
        (("events",), 10, 10),
    ],
)
def test_every_path_maps_to_the_lines_of_its_key_and_its_value(
    path: tuple[str | int, ...], key: int, value: int
) -> None:
    assert read_yaml(TEXT, "x").lines[path] == (key, value)


def test_a_mistake_in_a_plain_value_is_on_its_line_and_one_in_a_block_on_that_of_its_key() -> None:
    document = read_yaml(TEXT, "x")
    assert document.line(("services", 0, "every")) == 5
    assert document.line(("services", 1, "nodes")) == 7


def test_a_path_that_is_not_in_the_file_is_looked_for_where_it_would_be() -> None:
    document = read_yaml(TEXT, "x")
    assert document.known(("services", 0, "kind")) == ("services", 0)
    assert document.line(("services", 0, "kind")) == 3
    assert document.line(("nowhere", 3)) == 1


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("true", True),
        ("False", False),
        ("", None),
        ("~", None),
        ("5", 5),
        ("-5", -5),
        ("0", 0),
        ("0.5", 0.5),
        ("1e3", 1000.0),
        ("yes", "yes"),
        ("on", "on"),
        ("NO", "NO"),
        ("0123", "0123"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("0x1f", "0x1f"),
        (".inf", ".inf"),
        ("1e999", "1e999"),
        ("2023-05-24", "2023-05-24"),
        ("2023-05-24T18:00:00-04:00", "2023-05-24T18:00:00-04:00"),
        ("12345678901234567890", "12345678901234567890"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("|\n  5\n", "5\n"),
    ],
)
def test_a_word_means_what_editors_take_it_for(word: str, meaning: object) -> None:
    value = read_yaml(f"a: {word}", "x").value["a"]
    assert (value, type(value)) == (meaning, type(meaning))


def test_keys_are_text_whatever_they_look_like() -> None:
    assert read_yaml("485: not_found\ntrue: x\n", "x").value == {"485": "not_found", "true": "x"}


def test_an_alias_stands_for_its_anchor() -> None:
    document = read_yaml("a: &h {X: 1}\nb: *h\n", "x")
    assert document.value == {"a": {"X": 1}, "b": {"X": 1}}
    assert document.lines["b", "X"] == (1, 1)


def test_what_pyyaml_quotes_from_the_file_is_left_out() -> None:
    """An anchor, an alias or a tag can be a password that begins with such a sign."""
    texts = (
        "a: *hunter2",
        "a: &hunter2 1\nb: &hunter2 2",
        "a: !hunter2 1",
        "%hunter2\n--- a",
        'a: "\\hunter2"',
    )
    for text in texts:
        (told,) = refused(text)
        assert "unter2" not in told


def test_a_line_that_is_no_yaml_is_named() -> None:
    assert refused("a: 1\nb: c: d\n") == [
        "x.yaml:2: this is not readable as YAML: mapping values are not allowed here"
    ]


def test_a_sign_that_yaml_does_not_allow_is_found_on_its_line() -> None:
    assert refused("a: 1\nb: \x00\n") == [
        "x.yaml:2: this is not readable as YAML: there is a character that YAML does not allow"
    ]


def test_half_a_character_is_refused() -> None:
    """JSON writes one sign as two such halves; one of them alone can be sent nowhere."""
    assert refused('a: "\\ud800"') == [
        "x.yaml:1: half a character (\\ud800 to \\udfff); write the character itself"
    ]


def test_every_key_that_is_there_twice_is_told() -> None:
    assert refused("a: 1\nb: {c: 1, c: 2}\na: 2\n") == [
        "x.yaml:2: b.c is here twice (first on line 2); remove one",
        "x.yaml:3: a is here twice (first on line 1); remove one",
    ]


@pytest.mark.parametrize(
    "text", ["a: [" + "x, " * 30_000 + "]", "a:\n" + "".join(" " * n + "- \n" for n in range(40))]
)
def test_what_is_read_is_bounded(text: str) -> None:
    (told,) = refused(text)
    assert "expected at most 20000 entries, at most 32 deep" in told


def test_a_file_beyond_a_megabyte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_text("#" * (MAX_BYTES + 1))
    with pytest.raises(BadConfig, match=r"big\.yaml: is larger than 1 MB"):
        read_text(path)
    assert refused("#" * (MAX_BYTES + 1)) == ["x.yaml: is larger than 1 MB; expected a config file"]


def test_an_endless_file_is_not_read_to_its_end() -> None:
    with pytest.raises(BadConfig, match="/dev/zero: is larger than 1 MB"):
        read_text(Path("/dev/zero"))


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"nowhere.yaml: cannot be read: No such file or directory"):
        read_text(tmp_path / "nowhere.yaml")
    with pytest.raises(BadConfig, match="cannot be read: Is a directory"):
        read_text(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9\xe9")
    with pytest.raises(BadConfig, match="cannot be read: it is not UTF-8 text"):
        read_text(tmp_path / "latin.yaml")
    with pytest.raises(BadConfig, match="cannot be read: its name cannot be used"):
        read_text(Path("a\0b"))


def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    document = read_yaml(read_text(path), "x")
    assert document.value == {"a": 1, "b": 2}
    assert document.lines[("b",)] == (2, 2)


def test_a_mistake_is_one_inert_line() -> None:
    """A name in the file may hold terminal escapes; what is printed may not."""
    told = str(Mistake("x.yaml", 3, "found `\x1b[31m\n\u202eabc`"))
    assert told.isprintable()
    assert str(Mistake("x.yaml", None, "is larger")) == "x.yaml: is larger"
