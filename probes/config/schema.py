"""The JSON schema of the config file, by which editors complete and check it."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from probes.config.units import DURATION_SCHEMA, SIZE_SCHEMA, duration_text, size_text

__all__ = ["json_schema", "schema_text"]


class _AsPeopleWriteIt(GenerateJsonSchema):
    """Defaults of durations and sizes as text; none of whole sections, whose keys have their own."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        default = made.get("default")
        patterns = {choice.get("pattern") for choice in (made, *made.get("anyOf", []))}
        if DURATION_SCHEMA["pattern"] in patterns and default is not None:
            return {**made, "default": duration_text(float(str(default)))}
        if made.get("pattern") == SIZE_SCHEMA["pattern"]:
            return {**made, "default": size_text(int(str(default)))}
        if default is None or isinstance(default, dict):
            made.pop("default", None)
        return made


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a config file that `model` reads."""
    schema = model.model_json_schema(schema_generator=_AsPeopleWriteIt)
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema, "title": "Roomwatch"}


def schema_text(model: type[BaseModel]) -> str:
    """The schema as it stands in `config/roomwatch.schema.json`."""
    return json.dumps(json_schema(model), indent=2, ensure_ascii=False) + "\n"
