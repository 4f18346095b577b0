"""Pydantic's errors as plain sentences: where, what was found, what was expected."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from probes.config.file import Document, KeyPath, Mistake, shown_key, shown_path
from probes.config.places import Place, find_place
from probes.config.units import Secret, is_duration, without_credentials
from probes.model import plain_text

__all__ = ["find_mistakes"]

MOST_MISTAKES = 50
_SHOWN_BYTES = 60
_SHOWN_KEYS = 6

_EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "greater_than": "more than {gt}{unit}",
    "greater_than_equal": "at least {ge}{unit}",
    "less_than": "less than {lt}{unit}",
    "less_than_equal": "at most {le}{unit}",
    "string_too_short": "text of at least {min_length} characters",
    "string_too_long": "text of at most {max_length} characters",
    "string_pattern_mismatch": "text of the form {pattern}",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
}


def find_mistakes(error: ValidationError, document: Document, model: type[BaseModel]) -> list[Mistake]:
    """Every error in `error` as a sentence with its line, in the order of the file.

    What stands in the file is shown only where no secret can stand. Beyond 50 mistakes they are counted.
    """
    details = error.errors(include_url=False)
    places = [(detail, find_place(model, detail["loc"], document.value)) for detail in details]
    places.sort(key=lambda found: document.line(found[1].path))
    shown = places[:MOST_MISTAKES]  # no more are explained: finding what was meant takes time
    meant = {path for detail, _ in shown for path in _meant(detail, document, model)}
    told: dict[Mistake, None] = {}
    for detail, place in shown:
        if detail["type"] != "missing" or place.path not in meant:
            path, sentence = _explain(detail, place, document, model)
            told[Mistake(document.name, document.line(path), sentence)] = None
    mistakes = sorted(told, key=lambda mistake: mistake.line or 0)
    if len(places) > MOST_MISTAKES:
        more = f"{len(places) - MOST_MISTAKES} more mistakes are not shown"
        mistakes.append(Mistake(document.name, None, more))
    return mistakes


def _meant(detail: ErrorDetails, document: Document, model: type[BaseModel]) -> Iterator[KeyPath]:
    """The key that an unknown key seems to be meant for: it is not told as missing too."""
    if detail["type"] == "extra_forbidden":
        parent = find_place(model, detail["loc"][:-1], document.value)
        if close := _closest(str(detail["loc"][-1]), list(parent.fields)):
            yield (*parent.path, close)


def _explain(
    detail: ErrorDetails, place: Place, document: Document, model: type[BaseModel]
) -> tuple[KeyPath, str]:
    """The place to look at, and what is wrong there."""
    if detail["type"] == "extra_forbidden":
        parent = find_place(model, detail["loc"][:-1], document.value)
        return _unknown_key(parent, str(detail["loc"][-1]))
    if detail["type"] == "missing":
        return _at(place.path[:-1], f"missing key `{place.path[-1]}`")
    if detail["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return _unknown_kind(place, document)
    path = document.known(place.path)
    value = path[-1] if detail["loc"][-1:] == ("[key]",) else document.at(path)
    return _at(path, _expected(detail, place, value) + _found(detail, place, value))


def _at(path: KeyPath, sentence: str) -> tuple[KeyPath, str]:
    return path, f"{shown_path(path)}: {sentence}" if path else sentence


def _unknown_key(parent: Place, key: str) -> tuple[KeyPath, str]:
    known = list(parent.fields)
    close = _closest(key, known)
    hint = f"did you mean `{close}`?" if close else f"known keys here: {', '.join(known)}"
    path = (*parent.path, key)
    if _may_be_a_value(parent, key, close):
        return path, _at(parent.path, f"unknown key; {hint}")[1]
    return _at(path, f"unknown key `{key}`; {hint}")


def _may_be_a_value(parent: Place, key: str, close: str | None) -> bool:
    """Whether `key` may be a secret in the wrong place, as in `{token:abc}` without the space."""
    beside = any(find_place(parent.expected, (known,), {}).expected is Secret for known in parent.fields)
    return shown_key(key) != key or (beside and not close)


def _unknown_kind(place: Place, document: Document) -> tuple[KeyPath, str]:
    """A key such as `kind`, which says what the rest means, is missing or names nothing known."""
    key, known = place.tag_key or "", [str(kind) for kind in place.kinds]
    mapping = document.at(place.path)
    here = mapping if isinstance(mapping, dict) else {}
    if key in here:
        given = here[key]
        close = _closest(given, known)
        sentence = f"unknown {key}, {_one_of(known, close)}, found {_shown(given)}"
        return _at((*place.path, key), sentence)
    for misspelt in here:
        if shown_key(misspelt) == misspelt and _closest(misspelt, [key]):
            return _at((*place.path, misspelt), f"unknown key `{misspelt}`; did you mean `{key}`?")
    return _at(place.path, f"missing key `{key}`, {_one_of(known, None)}")


def _expected(detail: ErrorDetails, place: Place, value: object) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in ("model_type", "model_attributes_type"):
        keys = list(place.fields)[:_SHOWN_KEYS] or [str(place.tag_key)]
        return f"expected a mapping with keys such as {', '.join(keys)}"
    if kind in ("literal_error", "enum"):
        known = [part.strip("'") for part in str(context["expected"]).replace(" or ", ", ").split(", ")]
        return _one_of(known, _closest(value, known))
    if kind in _EXPECTED:
        bounds = {key: f"{bound:g}" if isinstance(bound, float) else bound for key, bound in context.items()}
        return "expected " + _EXPECTED[kind].format(**bounds, unit=" s" if is_duration(place.notes) else "")
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return message.replace("Input should be", "expected", 1)


def _one_of(known: list[str], close: str | None) -> str:
    return f"expected one of {', '.join(known)}" + (f" (did you mean `{close}`?)" if close else "")


def _found(detail: ErrorDetails, place: Place, value: object) -> str:
    """What stands in the file, if it can be shown and helps."""
    about_type = detail["type"].endswith("_type") or isinstance(value, dict | list) != place.is_nested
    if isinstance(value, dict | list):
        return f", found {_type_of(value)}" if about_type else ""
    if place.may_be_secret:
        return f", found {_type_of(value)}" if about_type or not isinstance(value, str) else ""
    if detail["type"] == "string_type" and value is not None:
        return f", found {_shown(value)}; put it in quotes if it is meant as text"
    helps = detail["type"] in _EXPECTED or detail["msg"].startswith(("expected", "Input should"))
    return f", found {_shown(value)}" if helps else ""


def _type_of(value: object) -> str:
    """What kind of thing `value` is, without any of it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _shown(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return f"`{plain_text(without_credentials(value), _SHOWN_BYTES)}`"
        case _:
            return _type_of(value)


def _closest(word: object, known: list[str]) -> str | None:
    """The word among `known` that `word` seems to be meant for."""
    by_letters = {each.lower(): each for each in known}
    start = word[:_SHOWN_BYTES].lower() if isinstance(word, str) else ""
    near = get_close_matches(start, by_letters, n=1)
    return by_letters[near[0]] if near else None
