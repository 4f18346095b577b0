"""Where in a JSON document a value is, and of what kind it may be."""

from __future__ import annotations

import re
from typing import Annotated, Any, NamedTuple

import jmespath
from jmespath.exceptions import JMESPathError
from msgspec import Meta
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from probes.model import LARGEST_COUNT, plain_text

_PLAIN = re.compile(r"[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*")


class Kind(NamedTuple):
    """What a field may hold, and how a sentence calls it."""

    type: Any
    expected: str


ID = Kind(Annotated[str, Meta(min_length=1)] | int, "an id")
TEXT = Kind(str | int | None, "a text")
COUNT = Kind(
    Annotated[int, Meta(ge=0, le=LARGEST_COUNT)] | None, f"a whole number from 0 to {LARGEST_COUNT:,}"
)
TOTAL = Kind(Annotated[int, Meta(ge=0, le=2**53)] | None, "a whole number from 0 to 2^53")
WHEN = Kind(float | str | None, "a time")
WORD = Kind(str | bool | int | None, "a word")
NAMES = Kind(tuple[str | int, ...] | None, "a list of texts")


class Path:
    """Where a value is: dotted names, a JMESPath expression, or `@` or nothing for all of it."""

    def __init__(self, text: str) -> None:
        """Raises ValueError where `text` is none of the three."""
        self.text = text
        self.names: tuple[str, ...] | None = None
        if text in ("", "@"):
            self.names = ()
        elif _PLAIN.fullmatch(text):
            self.names = tuple(text.split("."))
        try:
            self._expression = jmespath.compile(text) if self.names is None else None
        except JMESPathError as error:
            raise ValueError(str(error)) from None

    def find(self, value: Any) -> Any:
        """What is there in `value`, or None. Raises JMESPathError."""
        if self._expression is not None:
            try:
                return self._expression.search(value)
            except JMESPathError:
                raise
            except (TypeError, ArithmeticError, LookupError, ValueError, AttributeError) as error:
                raise JMESPathError(str(error)) from error  # what its functions let through
        for name in self.names or ():
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value


def readable_path(text: str) -> str:
    try:
        Path(text)
    except ValueError as error:
        raise PydanticCustomError(
            "field_path",
            "expected a field such as participants or stats.count, or a JMESPath expression ({why})",
            {"why": plain_text(str(error), 160)},
        ) from None
    return text


FieldPath = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(readable_path)]
ListPath = Annotated[str, Field(max_length=500), AfterValidator(readable_path)]
