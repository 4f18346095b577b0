"""Real events as data, and a rooms service that plays them.

`names()` lists the seeds, `load(name)` reads one. `seeds.play` computes what an
event was like at any second, `seeds.service` serves it over HTTP.
"""

from __future__ import annotations

import difflib
from importlib.resources import files

import yaml
from pydantic import ValidationError

from seeds.model import Seed

__all__ = ["BadSeed", "Seed", "UnknownSeed", "load", "names", "parse"]


class UnknownSeed(LookupError):
    """There is no seed of that name; the message lists those there are."""

    def __init__(self, name: str) -> None:
        near = difflib.get_close_matches(name, names(), n=1, cutoff=0.4)
        hint = f" Did you mean {near[0]}?" if near else ""
        super().__init__(f"There is no seed {name!r}.{hint} Seeds: {', '.join(names())}.")


class BadSeed(ValueError):
    """A seed file that does not fit the model; the message has one line a mistake."""


def names() -> list[str]:
    """The names of all seeds, sorted."""
    return sorted(
        entry.name.removesuffix(".yaml")
        for entry in files(__name__).iterdir()
        if entry.name.endswith(".yaml")
    )


def load(name: str) -> Seed:
    """Read the seed `name`. Raises UnknownSeed or BadSeed."""
    if name not in names():
        raise UnknownSeed(name)
    file = f"{name}.yaml"
    return parse((files(__name__) / file).read_text("utf-8"), file)


def parse(text: str, file: str) -> Seed:
    """Read a seed from YAML; `file` is its name in messages. Raises BadSeed."""
    try:
        return Seed.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise BadSeed(f"{file}: expected YAML: {error}") from None
    except ValidationError as error:
        lines = [f"{file}: {_where(mistake['loc'])}: {mistake['msg']}" for mistake in error.errors()]
        raise BadSeed("\n".join(lines)) from None


def _where(path: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in path) or "the seed"
