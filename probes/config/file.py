"""A YAML file as plain data, with the line of every key and value.

What a word means follows YAML 1.2, as editors read it: `true` and `false` alone are truth values, and
`no`, `on`, `0123`, `12:30` and dates stay the text that stands there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from probes.model import plain_text

__all__ = ["BadConfig", "Document", "KeyPath", "Mistake", "read_text", "read_yaml"]

KeyPath = tuple[str | int, ...]
"""Where something is in the file, such as `("services", 0, "every")`."""

MAX_BYTES = 1_000_000
_MAX_ENTRIES = 20_000  # counted with every alias followed, so that aliases cannot multiply
_MAX_DEPTH = 32
_SENTENCE_BYTES = 1_000
_TOO_LARGE = "is larger than 1 MB; expected a config file"
_TOO_MUCH = f"expected at most {_MAX_ENTRIES} entries, at most {_MAX_DEPTH} deep, with every alias followed"

_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_HALF = re.compile("[\ud800-\udfff]")
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")  # longer ones stay text, as ids often are
_DECIMAL = re.compile(
    r"[-+]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18}|[0-9]{1,18}(?=[eE]))(?:[eE][-+]?[0-9]{1,2})?"
)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong with a config file. `line` counts from 1; None is the file as a whole."""

    file: str
    line: int | None
    sentence: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return plain_text(f"{where}: {self.sentence}", _SENTENCE_BYTES)


class BadConfig(Exception):
    """The config file cannot be used. `mistakes` holds at least one, and none of them holds a secret."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = tuple(mistakes)


class Lines(NamedTuple):
    """The lines on which a key and its value begin; an entry of a list has its value's line twice."""

    key: int
    value: int


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML mapping as plain data. `lines` has an entry for every path in it."""

    name: str
    value: dict[str, object]
    lines: Mapping[KeyPath, Lines]

    def known(self, path: KeyPath) -> KeyPath:
        """The longest beginning of `path` that is in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return path

    def at(self, path: KeyPath) -> object:
        """The value at `path`, which must be in the file."""
        found: object = self.value
        for part in path:
            found = found[part]  # type: ignore[index]
        return found

    def line(self, path: KeyPath) -> int:
        """The line to look at for `path`: that of a plain value, or else of its key."""
        path = self.known(path)
        lines = self.lines[path]
        return lines.key if isinstance(self.at(path), dict | list) else lines.value


def read_text(path: Path) -> str:
    """The text of a file of at most 1 MB. Raises BadConfig."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise BadConfig([Mistake(str(path), None, _TOO_LARGE)])
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        why = "it is not UTF-8 text"
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its name cannot be used"
    raise BadConfig([Mistake(str(path), None, f"cannot be read: {why}; expected a YAML file")])


def read_yaml(text: str, name: str) -> Document:
    """Read the YAML mapping in `text`, called `name` in errors.

    Every key is text, whatever it looks like. Raises BadConfig for bad YAML, keys that are there twice,
    tags, merges, too much of anything, and whatever is not a mapping.
    """
    if len(text) > MAX_BYTES:
        raise BadConfig([Mistake(name, None, _TOO_LARGE)])
    node = _compose(text, name)
    if node is None:
        raise BadConfig([Mistake(name, 1, "the file is empty; expected keys such as `services:`")])
    if not isinstance(node, MappingNode):
        raise BadConfig(
            [Mistake(name, _line(node), "expected keys such as `services:` at the top of the file")]
        )
    reader = _Reader(name)
    value = reader.mapping(node, ())
    if reader.mistakes:
        raise BadConfig(reader.mistakes)
    return Document(name, value, reader.lines)


class _Composer(yaml.BaseLoader):
    """PyYAML's composer, which gives no meaning to words and tags, with bounds on what it builds."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name
        self._depth = 0
        self._entries = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        self._depth += 1
        self._entries += 1
        line = event.start_mark.line + 1
        if self._depth > _MAX_DEPTH or self._entries > _MAX_ENTRIES:
            raise BadConfig([Mistake(self.name, line, _TOO_MUCH)])
        if getattr(event, "tag", None) is not None:
            raise BadConfig(
                [Mistake(self.name, line, "tags (words that begin with `!`) are not read; remove it")]
            )
        node: Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _compose(text: str, name: str) -> Node | None:
    line, why = 1, ""
    try:
        composer = _Composer(text, name)
        try:
            return composer.get_single_node()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, why = (mark.line + 1 if mark else 1), _without_quotes(error.problem or "")
        except (ValueError, OverflowError):  # PyYAML lets them through for escapes such as "\UFFFFFFFF"
            line, why = composer.line + 1, "a number or an escape is out of range"
        finally:
            composer.dispose()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        why = "there is a character that YAML does not allow"
    raise BadConfig([Mistake(name, line, f"this is not readable as YAML: {why}")])


def _without_quotes(problem: str) -> str:
    """PyYAML's own words, cut where it quotes more than a sign: that may be part of a secret."""
    if "'\\t'" in problem:
        return "a tab cannot indent; use spaces"
    if "another document" in problem:
        return "a second document begins here; expected one"
    harmless = re.match(r"(?:[^'\"]|'(?:<[a-z ]+>|\W)')*", problem)
    kept = harmless[0] if harmless else ""
    return plain_text(kept if kept == problem else f"{kept}…", 200)


class _Reader:
    """Turns composed nodes into plain data and notes where everything is."""

    def __init__(self, name: str) -> None:
        self.lines: dict[KeyPath, Lines] = {(): Lines(1, 1)}
        self.mistakes: list[Mistake] = []
        self._name = name

    def mapping(self, node: MappingNode, path: KeyPath) -> dict[str, object]:
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            here = (*path, key)
            if here in self.lines:
                first = self.lines[here].key
                self._refuse(
                    key_node, f"{shown_path(here)} is here twice (first on line {first}); remove one"
                )
            else:
                self._note(value_node, here, _line(key_node))
                found[key] = self._value(value_node, here)
        return found

    def _key(self, node: Node) -> str:
        if not isinstance(node, ScalarNode):
            self._refuse(node, "a key is a list or a mapping; expected a word")
            return ""
        if node.value == "<<" and node.style is None:
            self._refuse(node, "merging with `<<` is not read; write the keys out")
        return str(node.value)

    def _value(self, node: Node, path: KeyPath) -> object:
        if isinstance(node, MappingNode):
            return self.mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self._entry(entry, (*path, index)) for index, entry in enumerate(node.value)]
        if _HALF.search(node.value):
            self._refuse(node, "half a character (\\ud800 to \\udfff); write the character itself")
        return _plain(node.value) if isinstance(node, ScalarNode) and node.style is None else node.value

    def _entry(self, node: Node, path: KeyPath) -> object:
        self._note(node, path, _line(node))
        return self._value(node, path)

    def _note(self, node: Node, path: KeyPath, key_line: int) -> None:
        if len(self.lines) > _MAX_ENTRIES or len(path) > _MAX_DEPTH:
            self._refuse(node, _TOO_MUCH)
            raise BadConfig(self.mistakes)
        self.lines[path] = Lines(key_line, _line(node))

    def _refuse(self, node: Node, sentence: str) -> None:
        self.mistakes.append(Mistake(self._name, _line(node), sentence))


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _plain(word: str) -> object:
    """What an unquoted word means."""
    if word in _WORDS:
        return _WORDS[word]
    if _WHOLE.fullmatch(word):
        return int(word)
    if _DECIMAL.fullmatch(word):
        return float(word)
    return word


def shown_key(key: str) -> str:
    """`key` as it may be printed: one that is not like a key at all may be a value in the wrong place."""
    return key if re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", key) else "…"


def shown_path(path: KeyPath) -> str:
    """`path` as people write it: `services[0].every`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{shown_key(part)}" for part in path)
    return text.removeprefix(".")
