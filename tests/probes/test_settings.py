"""The config file: what is read, every mistake with its line and its sentence, and no secret in any of it."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
import structlog
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from probes import settings
from probes.config.schema import schema_text
from probes.config.units import Settings
from probes.joins import JOINS
from probes.services import SERVICES
from probes.settings import BadConfig, Config, parse, read_config

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad_config").glob("*.yaml"))
CONFIG = HERE.parents[1] / "config"
GOOD = [CONFIG / "roomwatch.yaml", *sorted((CONFIG / "examples").glob("*.yaml"))]
EXPECT = "# expect: "
HASH = "$argon2id$v=19$m=65536,t=3,p=4$aHVudGVyMg$aHVudGVyMmh1bnRlcjI"

MINIMAL = """
services:
  - name: spaces
    kind: janus
    admin_secret: adm
    nodes:
      - http://10.0.0.5:7088/admin
      - {id: b, url: http://10.0.0.6:7088/admin, label: EU 2}
"""
REST = f"""
    every: 500ms
    join: {{via: http, room: 1234, every: 1m}}
events:
  - name: launch
    service: spaces
    rooms: [1234, "demo-*"]
    starts_at: 2023-05-24T18:00:00-04:00
auth:
  tokens: [{{name: ops, token: hunter2-hunter2-hunter2}}]
  basic: [{{user: ann, password_hash: "{HASH}"}}]
  proxy: {{addresses: [10.0.0.0/8]}}
history: {{keep: 7d, max_size: 500MB}}
tick: 2s
"""
WHOLE = MINIMAL + REST


def read(text: str) -> Config:
    return parse(text, "roomwatch.yaml", HERE)


def expected(path: Path) -> list[str]:
    """The lines and sentences that the first comments of a bad config promise; KINDS: of services."""
    lines = path.read_text("utf-8").replace("KINDS", ", ".join(SERVICES)).splitlines()
    return [line.removeprefix(EXPECT) for line in lines if line.startswith(EXPECT)]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_each_mistake_is_told_with_its_line_and_a_sentence(path: Path) -> None:
    with pytest.raises(BadConfig) as caught:
        parse(*read_config(path))
    told = [f"{mistake.line}: {mistake.sentence}" for mistake in caught.value.mistakes]
    assert [line.replace(f"{path.parent}/", "HERE/") for line in told] == expected(path)
    assert {mistake.file for mistake in caught.value.mistakes} == {str(path)}


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_no_mistake_holds_what_may_be_a_secret(path: Path) -> None:
    """All that is secret in the bad configs holds `hunter2`; the traceback with its causes has none of it."""
    with pytest.raises(BadConfig) as caught:
        parse(*read_config(path))
    printed = [str(caught.value), repr(caught.value), *map(repr, caught.value.mistakes)]
    printed += traceback.format_exception(caught.value)
    assert not [text for text in printed if "hunter2" in text]
    assert caught.value.__context__ is None


def test_the_bad_configs_go_wrong_in_one_way_each() -> None:
    """Two files with the same promise would test one thing twice."""
    promises = [tuple(expected(path)) for path in BAD]
    assert len(BAD) > 70
    assert all(promises)


def test_a_config_is_read_as_types() -> None:
    config = read(WHOLE)
    (service,) = config.services
    assert (service.name, service.kind, service.every, service.timeout) == ("spaces", "janus", 0.5, 5.0)
    assert [(node.id, node.label) for node in service.endpoints] == [("10.0.0.5:7088", ""), ("b", "EU 2")]
    assert service.join is not None
    assert (service.join.room, service.join.every) == ("1234", 60.0)
    assert config.events[0].rooms == ["1234", "demo-*"]
    assert config.events[0].starts_at == datetime(2023, 5, 24, 22, tzinfo=UTC)
    assert config.auth.tokens[0].token.reveal() == "hunter2-hunter2-hunter2"
    assert config.auth.basic[0].password_hash.reveal() == HASH
    assert config.auth.proxy is not None
    assert config.auth.proxy.addresses == ["10.0.0.0/8"]
    assert (config.history.keep, config.history.max_size, config.tick) == (604_800.0, 500_000_000, 2.0)


def test_what_is_left_out_has_a_default() -> None:
    config = read(MINIMAL)
    assert (config.tick, config.events, config.objectives.join_success) == (1.0, [], 0.99)
    assert not config.auth.guards_reading


@pytest.mark.parametrize(
    "auth",
    [
        "tokens: [{name: ops, token: hunter2-hunter2-hunter2}]",
        f'basic: [{{user: ann, password_hash: "{HASH}"}}]',
        "proxy: {addresses: [10.0.0.5]}",
    ],
)
def test_each_way_to_say_who_it_is_guards_reading(auth: str) -> None:
    assert read(f"{MINIMAL}auth:\n  {auth}\n").auth.guards_reading


def test_secrets_come_from_files_beside_the_config(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "janus.txt").write_text("hunter2\n")
    path = tmp_path / "roomwatch.yaml"
    path.write_text(MINIMAL.replace("adm\n", "file:secrets/janus.txt\n", 1))
    assert getattr(parse(*read_config(path)).services[0], "admin_secret").reveal() == "hunter2"  # noqa: B009 - a janus key


def test_no_secret_is_printed_or_logged(caplog: pytest.LogCaptureFixture) -> None:
    text = WHOLE.replace("admin_secret: adm", "admin_secret: hunter2\n    headers: {X-Key: hunter2}")
    config = read(text)
    logging.getLogger("test").warning("%s %r", config, config)
    event = {"config": config, "token": config.auth.tokens[0].token}
    printed = [
        str(config),
        repr(config),
        config.model_dump_json(),
        str(config.model_dump()),
        str(structlog.processors.JSONRenderer()(None, "info", dict(event))),
        str(structlog.dev.ConsoleRenderer(colors=False)(None, "info", {"event": "x", **event})),
        caplog.text,
    ]
    assert not [text for text in printed if "hunter2" in text or "argon2" in text]
    assert all("***" in text for text in printed)


def test_a_mistake_elsewhere_does_not_give_a_secret_away() -> None:
    with pytest.raises(BadConfig) as caught:
        read(WHOLE.replace("every: 500ms", "evry: 500ms"))
    assert (
        str(caught.value) == "roomwatch.yaml:10: services[0].evry: unknown key `evry`; did you mean `every`?"
    )


def test_a_flood_of_mistakes_is_cut() -> None:
    with pytest.raises(BadConfig) as caught:
        read("services: [" + "5, " * 30 + "]\nevents: [" + "5, " * 30 + "]\n")
    *told, last = caught.value.mistakes
    assert len(told) == 50
    assert last.sentence == "10 more mistakes are not shown"


KEYS = (
    "services name kind janus http-json nodes url join via http every room auth tokens events rooms headers"
)
SIGNS = "5 5s null - : &a *a << !x { } [ ] , ' | > ? % @ # --- ${X} file:x"
WORDS = st.sampled_from([*KEYS.split(), *SIGNS.split(), '"', "\t", "\n", "\n  ", "\n    ", " "])
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(), inner, max_size=4),
    max_leaves=12,
)


def read_or_refused(text: str) -> None:
    """Read `text`; whatever it is, nothing but BadConfig comes out of it, with sentences that are inert."""
    try:
        read(text)
    except BadConfig as error:
        assert error.mistakes
        assert all(str(mistake).isprintable() for mistake in error.mistakes)


@given(st.text() | st.lists(WORDS | st.text(max_size=3)).map("".join))
@example("a: " + "[" * 5000)
@example("? " * 5000)
@example("- " * 5000)
@example("a: !!python/object/apply:os.system [x]")
@example("&a [*a]")
@example("\ud800")
@example('a: "\\UFFFFFFFF"')
@example('a: "\\U00110000"')
def test_whatever_text_is_read_nothing_but_bad_config_is_raised(text: str) -> None:
    read_or_refused(text)


@given(TREES, st.sampled_from(["x", "auth", "events", "history", "tick"]))
def test_whatever_stands_at_a_key_nothing_but_bad_config_is_raised(tree: object, key: str) -> None:
    read_or_refused(f"{MINIMAL}{key}: {json.dumps(tree)}\n")


@given(TREES, st.sampled_from(["x", "join", "headers", "capacity", "every"]))
def test_whatever_stands_in_a_service_nothing_but_bad_config_is_raised(tree: object, key: str) -> None:
    read_or_refused(f"{MINIMAL}    {key}: {json.dumps(tree)}\n")


@given(st.sampled_from(WHOLE.split()), WORDS | st.text(max_size=5))
def test_with_any_word_changed_nothing_but_bad_config_is_raised(old: str, new: str) -> None:
    read_or_refused(WHOLE.replace(old, new))


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_the_configs_that_people_start_from_are_good(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _variables(path):
        monkeypatch.setenv(name, HASH)
    assert parse(*read_config(path)).services
    _check_by_schema(path)


def test_the_example_has_every_section() -> None:
    """What is commented out in the first file that people edit is there with the comment sign taken off."""
    text = (CONFIG / "roomwatch.yaml").read_text("utf-8")
    for key in Config.model_fields:
        assert f"\n{key}:" in text or f"\n# {key}:" in text


def test_there_is_an_example_for_every_kind_and_every_way() -> None:
    texts = [path.read_text("utf-8") for path in GOOD]
    for kind in SERVICES:
        assert any(f"kind: {kind}\n" in text for text in texts), kind
    for via in JOINS:
        assert any(f"via: {via}\n" in text for text in texts), via


def test_the_schema_is_current_and_sound() -> None:
    """`make schema` writes it anew."""
    text = (CONFIG / "roomwatch.schema.json").read_text("utf-8")
    assert text == schema_text(Config)
    jsonschema.Draft202012Validator.check_schema(json.loads(text))


def test_the_schema_is_printed_by_the_module(capsys: pytest.CaptureFixture[str]) -> None:
    settings.main()
    assert capsys.readouterr().out == schema_text(Config)


def test_the_defaults_in_the_schema_are_written_as_people_write_them() -> None:
    """An editor offers them: each must be good where it stands."""
    schema = json.loads(schema_text(Config))
    service = schema["$defs"]["JanusSettings"]["properties"]
    assert (service["every"]["default"], service["max_body"]["default"]) == ("1s", "64MB")
    assert schema["$defs"]["HistorySettings"]["properties"]["keep"]["default"] == "30d"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("every: 500ms", "evry: 500ms"),
        ("every: 500ms", "every: 5"),
        ("kind: janus", "kind: jannus"),
        ("via: http,", "via: htp,"),
        ("name: spaces", "name: My Spaces"),
        ("tick: 2s", "tick: soon"),
    ],
)
def test_an_editor_with_the_schema_sees_the_common_mistakes(old: str, new: str) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schema_text(Config)))
    good = yaml.load(WHOLE, yaml.BaseLoader)
    good["services"][0]["join"]["room"] = 1234
    assert validator.is_valid(good)
    bad = yaml.load(WHOLE.replace(old, new), Words)
    assert not validator.is_valid(bad)


def test_every_part_of_the_file_refuses_unknown_keys() -> None:
    definitions = json.loads(schema_text(Config))["$defs"]
    parts = [name for name, part in definitions.items() if part.get("type") == "object"]
    assert parts
    assert all(definitions[name].get("additionalProperties") is False for name in parts)
    assert issubclass(Config, Settings)


class Words(yaml.SafeLoader):
    """YAML as editors read it: a time is text."""


Words.yaml_implicit_resolvers = {
    first: [rule for rule in rules if rule[0] != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _variables(path: Path) -> list[str]:
    return [part.split("}")[0] for part in path.read_text("utf-8").split("${")[1:]]


def _check_by_schema(path: Path) -> None:
    schema = json.loads((CONFIG / "roomwatch.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(yaml.load(path.read_text("utf-8"), Words))
