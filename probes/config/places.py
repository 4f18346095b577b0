"""What the models expect at a place of the config file.

Pydantic tells where an error is in its own terms, with the tags of unions among the keys. Here the
models are walked beside the file, which gives the place in the file and the type that was expected there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from probes.config.file import KeyPath
from probes.config.units import Secret

__all__ = ["Place", "find_place"]

_OPEN_TYPES = (str, int, float, bool, NoneType, Enum, datetime)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the file. `expected` is the type there without its optional None; None is not known."""

    path: KeyPath
    expected: Any
    notes: tuple[Any, ...] = ()

    @property
    def fields(self) -> dict[str, FieldInfo]:
        """The keys that a mapping here may have, in the order of the model."""
        if not _is_model(self.expected):
            return {}
        return {field.alias or name: field for name, field in self.expected.model_fields.items()}

    @property
    def tag_key(self) -> str | None:
        """The key that tells the types of a union apart, such as `kind`."""
        for note in self.notes:
            if isinstance(note, FieldInfo) and isinstance(note.discriminator, str):
                return note.discriminator
        return None

    @property
    def kinds(self) -> dict[object, Any]:
        """The types of such a union, under the word that stands at that key."""
        key = self.tag_key
        models = get_args(self.expected) if key else ()
        return {tag: model for model in models for tag in get_args(model.model_fields[key].annotation)}

    @property
    def is_nested(self) -> bool:
        """Whether a mapping or a list is expected here."""
        return not isinstance(self.expected, type) or bool(self.fields)

    @property
    def may_be_secret(self) -> bool:
        """Whether what stands here may be a secret or hold one; so may all that is not known."""
        return _may_hold_secret(self.expected)


def find_place(model: type[BaseModel], loc: Sequence[str | int], value: object) -> Place:
    """Follow pydantic's `loc` through `model` and through `value`, which is what the file holds.

    Where the last of `loc` is `[key]`, the key itself is wrong, and what is expected is of the key.
    """
    place, key_type = _place((), model), None
    for part in loc:
        if part == "[key]":
            return _place(place.path, key_type)
        kinds = place.kinds
        if part in kinds:
            place = _place(place.path, kinds[part])
            continue
        if kinds:
            place = _place(place.path, _chosen(place, value))
        if _is_union(place.expected):
            place = _place(place.path, _branch(place.expected, part))
        elif place.expected is not None or _child(value, part) is not None:
            key_type = None if place.may_be_secret else _key_type(place)
            place = _place((*place.path, part), *_inner(place, part))
            value = _child(value, part)
    return place


def _place(path: KeyPath, annotation: Any, notes: tuple[Any, ...] = ()) -> Place:
    """The place with `Annotated` and the None of an optional taken off its type."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            notes = (*notes, *more)
        elif _is_union(annotation) and len(present := _without_none(annotation)) == 1:
            annotation = present[0]
        else:
            return Place(path, annotation, notes)


def _inner(place: Place, part: str | int) -> tuple[Any, tuple[Any, ...]]:
    """The type of the key or entry `part` of `place`, and what is noted with it."""
    if field := place.fields.get(str(part)):
        return field.annotation, (*field.metadata, field)
    if get_origin(place.expected) in (list, dict, Mapping, Sequence):
        return get_args(place.expected)[-1], ()
    return None, ()


def _key_type(place: Place) -> Any:
    return get_args(place.expected)[0] if get_origin(place.expected) in (dict, Mapping) else None


def _chosen(place: Place, value: object) -> Any:
    """The type that the file chooses from a tagged union."""
    tag = value.get(place.tag_key) if isinstance(value, dict) else None
    return place.kinds.get(tag) if isinstance(tag, str) else None


def _branch(union: Any, label: str | int) -> Any:
    """The type in `union` that pydantic calls `label`, where that can be told."""
    named = {str(b) if get_origin(b) else getattr(b, "__name__", ""): b for b in get_args(union)}
    return named.get(str(label))


def _child(value: object, part: str | int) -> object:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, UnionType)


def _without_none(annotation: Any) -> list[Any]:
    return [argument for argument in get_args(annotation) if argument is not NoneType]


def _may_hold_secret(annotation: Any) -> bool:
    return any(_is_secret(leaf) for leaf in _leaves(annotation, frozenset()))


def _is_secret(leaf: Any) -> bool:
    return leaf is Secret or not (isinstance(leaf, type) and issubclass(leaf, _OPEN_TYPES))


def _leaves(annotation: Any, within: frozenset[Any]) -> Iterator[Any]:
    """The plain types that make up `annotation`."""
    if annotation in within:
        return
    if _is_model(annotation):
        for field in annotation.model_fields.values():
            yield from _leaves(field.annotation, within | {annotation})
    elif get_origin(annotation) is Annotated:
        yield from _leaves(get_args(annotation)[0], within)
    elif get_origin(annotation) is Literal:
        yield str
    elif get_origin(annotation) is not None:
        for argument in get_args(annotation):
            yield from _leaves(argument, within)
    else:
        yield annotation
