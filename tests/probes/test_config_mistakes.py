"""Where pydantic's errors are in a file, told for models that hold every shape a setting may have."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from probes.config.file import read_yaml
from probes.config.mistakes import find_mistakes
from probes.config.units import Duration, Secret, Settings, one_of


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Small(Settings):
    """`box` is also the name of a kind below."""

    via: Literal["small"]
    box: int = 1


class Large(Settings):
    via: Literal["large", "huge"]
    wait: Annotated[Duration, Field(le=60)] = 1.0


Way = Annotated[Small | Large, Field(discriminator="via")]


def _short(values: list[str]) -> list[str]:
    if len(values) > 2:
        raise ValueError("expected at most two")
    return values


class Box(Settings):
    kind: Literal["box"]
    way: Way | None = None
    small: bool = False


class Bag(Settings):
    kind: Literal["bag"]
    key: Secret
    box: Small | None = None


class Whole(Settings):
    things: list[Annotated[Box | Bag, Field(discriminator="kind")]] = Field(default=[])
    either: int | list[str] | None = None
    colours: dict[Annotated[Colour, one_of(tuple(Colour))], int] = Field(default={})
    keys: dict[str, Secret] = Field(default={})
    pairs: dict[str, Box] = Field(default={})
    few: Annotated[list[str], AfterValidator(_short)] = Field(default=[])
    names: list[Annotated[Small, BeforeValidator(lambda v: {"via": v} if isinstance(v, str) else v)]] = Field(
        default=[]
    )
    any: JsonValue = None
    renamed: Annotated[int, Field(alias="re-named")] = 0

    @model_validator(mode="after")
    def _agrees(self) -> Whole:
        if self.renamed == 7:
            error = PydanticCustomError("seven", "not seven here")
            raise ValidationError.from_exception_data(
                "Whole", [InitErrorDetails(type=error, loc=("things", 1, "kind"), input=None)]
            )
        return self


def told(text: str) -> list[str]:
    document = read_yaml(text, "x")
    with pytest.raises(ValidationError) as caught:
        Whole.model_validate(document.value)
    return [f"{m.line}: {m.sentence}" for m in find_mistakes(caught.value, document, Whole)]


def test_the_tags_of_unions_are_no_part_of_the_place() -> None:
    text = "things:\n- kind: box\n  way:\n    via: huge\n    wait: 5\n"
    assert told(text) == [
        "5: things[0].way.wait: expected a duration such as 5s, with its unit (ms, s, m, h or d),"
        " found the number 5"
    ]


def test_a_key_named_like_a_kind_is_still_a_key() -> None:
    """`box` is a kind of thing, and a key of a bag; `small` a way, and a key of a box."""
    assert told("things:\n- kind: bag\n  key: a\n  box:\n    via: small\n    box: x\n") == [
        "6: things[0].box.box: expected a whole number, found `x`"
    ]
    assert told("things:\n- kind: box\n  small: 1\n") == [
        "3: things[0].small: expected true or false, found the number 1"
    ]


def test_an_unknown_way_names_the_known_ones() -> None:
    assert told("things:\n- kind: box\n  way: {via: hugo}\n") == [
        "3: things[0].way.via: unknown via, expected one of small, large, huge (did you mean `huge`?),"
        " found `hugo`"
    ]
    assert told("things:\n- kind: box\n  way: {via: [small]}\n") == [
        "3: things[0].way.via: unknown via, expected one of small, large, huge, found a list"
    ]


def test_a_place_with_two_possible_types_tells_of_both() -> None:
    assert told("either: 1.5\n") == [
        "1: either: expected a whole number, found the number 1.5",
        "1: either: expected a list, found the number 1.5",
    ]
    assert told("either:\n- a\n- 5\n")[-1] == (
        "3: either[1]: expected text, found the number 5; put it in quotes if it is meant as text"
    )


def test_a_bad_key_of_a_mapping_is_told_by_its_own_name() -> None:
    assert told("colours:\n  red: 1\n  gren: 2\n") == [
        "3: colours.gren: expected one of red, green (did you mean `green`?), found `gren`"
    ]


def test_a_mapping_of_parts_is_gone_into() -> None:
    assert told("pairs:\n  a:\n    kind: box\n    smal: true\n") == [
        "4: pairs.a.smal: unknown key `smal`; did you mean `small`?"
    ]


def test_a_short_form_is_told_where_it_stands() -> None:
    assert told("names:\n- small\n- hunter2\n") == [
        "3: names[1]: expected one of small, found `hunter2`",
    ]


def test_a_sentence_of_a_validator_is_kept() -> None:
    assert told("few:\n- a\n- b\n- c\n") == ["1: few: expected at most two"]


def test_a_bound_of_a_duration_has_its_unit() -> None:
    assert told("things:\n- {kind: box, way: {via: large, wait: 2m}}\n") == [
        "2: things[0].way.wait: expected at most 60 s, found `2m`"
    ]


def test_a_key_goes_by_the_name_that_people_write() -> None:
    assert told("re-named: x\n") == ["1: re-named: expected a whole number, found `x`"]
    assert told("renamed: 1\n") == ["1: renamed: unknown key `renamed`; did you mean `re-named`?"]


def test_what_does_not_agree_is_told_at_the_place_that_the_model_names() -> None:
    text = "re-named: 7\nthings:\n- kind: box\n- key: a\n  kind: bag\n"
    assert told(text) == ["5: things[1].kind: not seven here"]


@pytest.mark.parametrize(
    "text",
    [
        "keys: hunter2",
        "keys: [hunter2]",
        "keys: {a: [hunter2]}",
        "keys: {a: {hunter2: hunter2}}",
        "keys: {'a hunter2'}",
        "things: hunter2",
        "things: [hunter2]",
        "things: [{kind: bag, key: {hunter2: 1}}]",
        "things: [{kind: bag, hunter2}]",
        "things: [{kind: bag, key: a}, hunter2]",
        "things: [{kind: bag, key:hunter2}]",
        "things: [{kind:hunter2}]",
        "any: hunter2\nnames: 5",
    ],
)
def test_nothing_near_a_secret_is_shown(text: str) -> None:
    sentences = told(text + "\n")
    assert sentences
    assert not [sentence for sentence in sentences if "hunter2" in sentence]


def test_what_is_shown_is_short_and_inert() -> None:
    (sentence,) = told(f're-named: "\\e[31m{"x" * 500}"\n')
    assert (
        sentence.startswith("1: re-named: expected a whole number, found ` [31mxxx") or "[31mxxx" in sentence
    )
    assert sentence.isprintable()
    assert len(sentence) < 130


def test_mistakes_come_in_the_order_of_the_file() -> None:
    text = "either: x\nthings: [{kind: box, a: 1}, {kind: bog}]\ncolours: 5\nre-named: x\n"
    lines = [int(sentence.split(":")[0]) for sentence in told(text)]
    assert lines == sorted(lines)
    assert set(lines) == {1, 2, 3, 4}


def test_every_value_of_the_wrong_type_is_told() -> None:
    for word, found in [
        ("~", "nothing"),
        ("true", "true"),
        ("[]", "a list"),
        ("{}", "a mapping"),
        ("1.5", "the number 1.5"),
    ]:
        (sentence,) = told(f"re-named: {word}\n")
        assert sentence.endswith(f"expected a whole number, found {found}")
