"""Plain names as msgspec types: one decoder that reads a whole document in one go."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import msgspec

from probes.mapping.paths import ID, TEXT, Kind


class NotPlainError(Exception):
    """The mapping holds an expression, or two fields want the same value as different kinds."""


class Tree:
    """Plain names that share their beginnings, as nested msgspec structs."""

    def __init__(self) -> None:
        self._leaf: Kind | None = None
        self._branches: dict[str, Tree] = {}

    def add(self, names: tuple[str, ...], kind: Kind) -> None:
        if not names:
            self._become(kind)
            return
        if self._leaf is not None:
            raise NotPlainError
        self._branches.setdefault(names[0], Tree()).add(names[1:], kind)

    def _become(self, kind: Kind) -> None:
        if self._branches:
            raise NotPlainError
        if self._leaf is None or (self._leaf, kind) == (TEXT, ID):
            self._leaf = kind
        elif self._leaf is not kind and (self._leaf, kind) != (ID, TEXT):
            raise NotPlainError

    @property
    def _required(self) -> bool:
        return self._leaf is ID or any(branch._required for branch in self._branches.values())

    def build(self) -> Any:
        """The type: a leaf's own, or a struct that has a field for each branch."""
        if self._leaf is not None:
            return self._leaf.type
        fields: list[Any] = []
        for index, branch in enumerate(self._branches.values()):
            built = branch.build()
            fields.append((f"f{index}", built) if branch._required else (f"f{index}", built | None, None))
        rename = {f"f{index}": name for index, name in enumerate(self._branches)}
        return msgspec.defstruct("Part", fields, rename=rename, kw_only=True, gc=False)

    def getter(self, names: tuple[str, ...]) -> Callable[[Any], Any]:
        """What finds the value of `names` in the built struct, or None on the way."""
        attributes = self.attributes(names)
        if not attributes:
            return lambda value: value
        if len(attributes) == 1:
            return attrgetter(attributes[0])

        def find(value: Any) -> Any:
            for attribute in attributes:
                if value is None:
                    return None
                value = getattr(value, attribute)
            return value

        return find

    def attributes(self, names: tuple[str, ...]) -> list[str]:
        """What the value of `names` is called in the built struct, from the outermost to the innermost."""
        if not names:
            return []
        own = f"f{list(self._branches).index(names[0])}"
        return [own, *self._branches[names[0]].attributes(names[1:])]
