"""Small HTML pages from templates; everything in them is escaped."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader("dashboard"), autoescape=True, undefined=StrictUndefined)


def render(template: str, **values: object) -> str:
    return _environment().get_template(template).render(**values)
