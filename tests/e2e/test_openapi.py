"""What the OpenAPI document says holds, whatever is asked: no fault of ours, and answers as described."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.dashboard.inside import Inside, told
from tests.probes.seen import note, observation, relocation
from tests.product import Product, Rooms, service, up

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import schemathesis
    from schemathesis import checks

EXAMPLES = 12
SLOW = {"POST /-/reload": 2}
"""Examples of what takes a second each, for it makes the board again."""

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]

OPERATIONS = (
    "GET /api/v1/history",
    "GET /api/v1/frame",
    "GET /api/v1/recent",
    "GET /api/v1/rooms",
    "GET /api/v1/relocations",
    "POST /api/v1/relocations",
    "GET /api/v1/timeline",
    "POST /api/v1/alerts/{alert}/acknowledge",
    "POST /api/v1/notes",
    "GET /-/healthy",
    "GET /-/ready",
    "POST /-/reload",
)


def token(label: str) -> str:
    """One for each operation: each is slowed for itself."""
    return f"the-token-of-operation-{OPERATIONS.index(label)}"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    tokens = [{"name": f"t{index}", "token": token(label)} for index, label in enumerate(OPERATIONS)]
    with (
        Rooms(main=120, other=7) as rooms,
        up(
            tmp_path_factory.mktemp("openapi"),
            service("stage", rooms.url),
            auth={"tokens": tokens, "local_reads": True},
        ) as board,
    ):
        board.wait(lambda frame: frame["stage"]["participants"] == 127, "people")
        yield board


@pytest.fixture(scope="module")
def described(product: Product) -> dict[str, Any]:
    schema = schemathesis.openapi.from_dict(product.json("/api/openapi.json"))
    return {found.ok().label: found.ok() for found in schema.get_all_operations()}


def test_every_operation_is_tried(described: dict[str, Any]) -> None:
    assert set(described) == set(OPERATIONS)


@pytest.mark.parametrize("label", OPERATIONS)
def test_what_is_described_holds(label: str, product: Product, described: dict[str, Any]) -> None:
    """Also with what is not asked for as described: that is refused in the way that is told."""
    operation = described[label]
    right = {"Authorization": f"Bearer {token(label)}"}
    asked = st.one_of(
        operation.as_strategy(), operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
    )

    @seed(2023)
    @settings(
        max_examples=SLOW.get(label, EXAMPLES),
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=asked)
    def holds(case: Any) -> None:
        case.call_and_validate(base_url=product.url, headers=right, checks=CHECKS, timeout=60)

    holds()


def check(document: dict[str, Any], path: str, answer: Any) -> None:
    """Raises ValidationError where `answer` is not what the document says of `path`."""
    content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    jsonschema.validate(answer, {**content["schema"], "components": document["components"]})


@pytest.mark.parametrize(
    "asked",
    [
        "/api/v1/rooms?service=stage",
        "/api/v1/history?service=stage&start=0&end=1e12",
        "/api/v1/timeline?start=0&end=1e12",
        "/api/v1/relocations?service=stage",
        "/api/v1/frame",
        "/api/v1/recent",
    ],
)
def test_what_is_answered_where_there_is_something_is_as_described(asked: str, product: Product) -> None:
    check(product.json("/api/openapi.json"), asked.partition("?")[0], product.json(asked))


def test_a_frame_with_everything_in_it_is_as_described(tmp_path: Path) -> None:
    async def main(inside: Inside) -> list[Any]:
        await inside.show(observation(relocations=(relocation(), relocation("x2", to=None))), notes=(note(),))
        paths = ("/api/openapi.json", "/api/v1/frame", "/api/v1/recent", "/api/v1/relocations")
        return [(await inside.ask("GET", path)).raise_for_status().json() for path in paths]

    document, *answers = told(tmp_path, main)
    for path, answer in zip(("frame", "recent", "relocations"), answers, strict=True):
        check(document, f"/api/v1/{path}", answer)
    answers[0]["services"][0]["participants"] = "many"
    with pytest.raises(jsonschema.ValidationError, match="many"):
        check(document, "/api/v1/frame", answers[0])
