"""What the README shows works, and what there is to set stands in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from probes.joins import JOINS
from probes.joins.base import JoinBase
from probes.services import SERVICES
from probes.services.base import ServiceSettings
from probes.settings import Config, parse

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
CONFIGS = [block for block in BLOCKS if block.startswith("services:")]
SOME_SERVICE = "services: [{name: a, kind: http-json, url: 'http://127.0.0.1:1/'}]\n"


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in re.findall(r"\$\{([A-Z_]+)\}", README):
        monkeypatch.setenv(name, "$argon2id$a-secret-that-is-long-enough")
    for name in re.findall(r'"file:([a-z.]+)"', README):
        (tmp_path / name).write_text(f"a-token-of-enough-length-{name}")


@pytest.mark.parametrize("text", CONFIGS, ids=range(len(CONFIGS)))
def test_each_config_that_is_shown_is_good(text: str, tmp_path: Path) -> None:
    assert parse(text, "README.md", tmp_path).services


def test_the_auth_that_is_shown_is_good(tmp_path: Path) -> None:
    (auth,) = [block for block in BLOCKS if block.startswith("auth:")]
    assert parse(SOME_SERVICE + auth, "README.md", tmp_path).auth.guards_reading


@pytest.mark.parametrize("text", [block for block in BLOCKS if block.startswith("embed:")])
def test_what_is_shown_of_embed_is_good(text: str, tmp_path: Path) -> None:
    assert parse(SOME_SERVICE + text.replace("stage", "a"), "README.md", tmp_path)


def test_the_public_link_that_is_shown_is_good(tmp_path: Path) -> None:
    (link,) = [block for block in BLOCKS if block.startswith("events:")]
    config = parse(SOME_SERVICE.replace("name: a", "name: spaces") + link, "README.md", tmp_path)
    assert config.embed.public.events == [config.events[0].name]


def named(key: str) -> bool:
    return f"`{key}`" in README or re.search(rf"^\s*(- )?{key}:", README, re.MULTILINE) is not None


@pytest.mark.parametrize("kind", SERVICES)
def test_each_kind_of_service_and_its_keys_are_named(kind: str) -> None:
    missing = [key for key in ("kind", *SERVICES[kind].settings.model_fields) if not named(key)]
    assert named(kind)
    assert not missing


@pytest.mark.parametrize("way", JOINS)
def test_each_way_to_join_and_its_keys_are_named(way: str) -> None:
    missing = [key for key in JOINS[way].settings.model_fields if not named(key)]
    assert named(way)
    assert not missing


@pytest.mark.parametrize("model", [Config, ServiceSettings, JoinBase])
def test_each_common_key_is_named(model: type[Config | ServiceSettings | JoinBase]) -> None:
    assert not [key for key in model.model_fields if not named(key)]
