"""Durations, sizes, times, urls, names and secrets, as people write them."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from probes.config.units import (
    Duration,
    Moment,
    Name,
    Network,
    RoomId,
    Secret,
    Settings,
    Size,
    Url,
    duration_text,
    moment,
    seconds,
    size,
    size_text,
    without_credentials,
)


class Everything(Settings):
    """One of each."""

    duration: Duration = 1.0
    size: Size = 1
    moment: Moment | None = None
    url: Url = "http://a"
    name: Name = "a"
    room: RoomId = "a"
    network: Network = "10.0.0.1"
    secret: Secret | None = None
    headers: dict[str, Secret] = {}  # noqa: RUF012 - pydantic copies it


def read(**values: object) -> Everything:
    return Everything.model_validate(values)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("800ms", 0.8),
        ("5s", 5.0),
        ("2m", 120.0),
        ("1m30s", 90.0),
        ("1h", 3600.0),
        ("30d", 2_592_000.0),
        ("0.5s", 0.5),
    ],
)
def test_a_duration_is_a_number_with_its_unit(text: str, length: float) -> None:
    assert read(duration=text).duration == pytest.approx(length)


@pytest.mark.parametrize(
    "text", ["", "5", "s", "5 s", "-5s", "0s", "5S", "5sec", "1e3s", "9" * 40 + "s", "٥s"]
)
def test_other_texts_are_no_duration(text: str) -> None:
    with pytest.raises(PydanticCustomError, match="expected a duration above zero such as"):
        seconds(text)


@pytest.mark.parametrize("text", ["3651d", "99999d", "3650d1ms"])
def test_a_duration_that_is_too_long_is_told_the_longest(text: str) -> None:
    assert seconds("3650d") == 3650 * 86400
    with pytest.raises(PydanticCustomError, match="expected a duration of at most 3650d"):
        seconds(text)


@pytest.mark.parametrize("number", [5, 5.0, 0])
def test_a_number_without_a_unit_is_told_what_is_missing(number: float) -> None:
    with pytest.raises(PydanticCustomError, match=r"expected a duration such as 5s, with its unit"):
        seconds(number)


@pytest.mark.parametrize("value", [None, True, [], {}])
def test_other_things_are_no_duration(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="expected a duration above zero"):
        seconds(value)


@given(st.integers(min_value=1, max_value=10**9))
def test_a_duration_reads_back_as_it_is_written(milliseconds: int) -> None:
    assert seconds(duration_text(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


@pytest.mark.parametrize(
    ("text", "length"), [("500kB", 500_000), ("11MB", 11_000_000), ("1.5GB", 1_500_000_000)]
)
def test_a_size_is_a_number_with_its_unit(text: str, length: int) -> None:
    assert read(size=text).size == length
    assert size(size_text(length)) == length


@pytest.mark.parametrize(
    "value", ["", "11", 11, "0MB", "0.0000001kB", "11 MB", "11mb", "11MiB", "9" * 30 + "GB", None]
)
def test_other_things_are_no_size(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="expected a size above zero"):
        size(value)


def test_a_moment_has_its_zone() -> None:
    expected = datetime(2023, 5, 24, 22, tzinfo=UTC)
    assert moment("2023-05-24T18:00:00-04:00") == expected
    assert moment("2023-05-24T22:00:00Z") == expected
    assert moment(expected) is expected


@pytest.mark.parametrize(
    "value", ["2023-05-24T18:00:00", "2023-05-24", "soon", "", 5, None, datetime(2023, 5, 24)]
)
def test_other_things_are_no_moment(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="expected a time with its zone"):
        moment(value)


@pytest.mark.parametrize("url", ["http://a", "https://[::1]:8443/x?y=1", "http://10.0.0.5:8088/admin"])
def test_urls_of_the_web_are_taken_as_they_are(url: str) -> None:
    assert read(url=url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a",
        "a:80",
        "ftp://a",
        "http://",
        "http://:80",
        "http://a:0",
        "http://a:99999",
        "http://a b",
        "http://a\n",
    ],
)
def test_other_texts_are_no_url(url: str) -> None:
    with pytest.raises(ValidationError, match="expected an http or https url"):
        read(url=url)


def test_a_url_holds_no_password() -> None:
    with pytest.raises(ValidationError, match=r"put them into `headers` as \$\{ENV\}") as caught:
        read(url="http://ops:hunter2@a")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("htp://ops:hunter2@a/b", "htp://…@a/b"),
        ("ops:hunter2@a", "…@a"),
        ("http://a/b?key=hunter2", "http://a/b?…"),
        ("http://a/b#hunter2", "http://a/b?…"),
        ("r2@conference.localhost", "r2@conference.localhost"),
        ("plain", "plain"),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


@pytest.mark.parametrize("name", ["a", "eu-2", "spaces.2023_05"])
def test_names_are_short_and_plain(name: str) -> None:
    assert read(name=name).name == name


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a b", "a/b", "a" * 65, "é", "a\n"])
def test_other_texts_are_no_names(name: str) -> None:
    with pytest.raises(ValidationError, match="expected a short name"):
        read(name=name)


@pytest.mark.parametrize(
    ("value", "room"), [(1234, "1234"), (0, "0"), ("1234", "1234"), ("0123", "0123"), ("*", "*")]
)
def test_a_room_may_be_a_number_and_is_a_text(value: object, room: str) -> None:
    assert read(room=value).room == room


@pytest.mark.parametrize("value", [True, 1.5, None, "", "a" * 257, [1]])
def test_other_things_are_no_room(value: object) -> None:
    with pytest.raises(ValidationError):
        read(room=value)


def test_a_network_is_one_address_or_many() -> None:
    assert read(network="10.0.0.5").network == "10.0.0.5/32"
    assert read(network="fd00::/8").network == "fd00::/8"


@pytest.mark.parametrize("text", ["", "a", "10.0.0.5/8", "10.0.0"])
def test_other_texts_are_no_network(text: str) -> None:
    with pytest.raises(ValidationError, match="expected an address or a network"):
        read(network=text)


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_TEST", "hunter2")
    secret = read(secret="Bearer ${TOKEN_OF_TEST}").secret
    assert secret is not None
    assert secret.reveal() == "Bearer hunter2"


@pytest.mark.parametrize("value", [None, ""])
def test_a_secret_of_an_unset_variable_names_the_variable(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOKEN_OF_TEST", raising=False)
    if value is not None:
        monkeypatch.setenv("TOKEN_OF_TEST", value)
    with pytest.raises(
        ValidationError, match="the environment variable TOKEN_OF_TEST is not set; set it, or use file:PATH"
    ):
        read(secret="hunter2 ${TOKEN_OF_TEST}")


def test_what_a_variable_holds_is_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password may itself hold `${...}` or begin with `file:`."""
    monkeypatch.setenv("TOKEN_OF_TEST", "file:${HOME}")
    secret = read(secret="${TOKEN_OF_TEST}").secret
    assert secret is not None
    assert secret.reveal() == "file:${HOME}"


def test_a_secret_file_is_seen_from_the_folder_of_the_config(tmp_path: Path) -> None:
    (tmp_path / "token.txt").write_text("hunter2\n")
    read_there = Everything.model_validate({"secret": "file:token.txt"}, context={"folder": tmp_path})
    assert read_there.secret == Secret("hunter2")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read: No such file or directory; expected a path from the config file's folder"),
        (b" \n", "is empty"),
        (b"\xff\xfe", "is not text; expected UTF-8 text"),
    ],
)
def test_a_secret_file_that_is_of_no_use_is_named(content: bytes | None, why: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "token.txt").write_bytes(content)
    with pytest.raises(ValidationError, match=f"the secret file .*token.txt {why}"):
        Everything.model_validate({"secret": "file:token.txt"}, context={"folder": tmp_path})


def test_a_secret_file_with_an_impossible_name_is_a_sentence() -> None:
    with pytest.raises(ValidationError, match="its name cannot be used"):
        read(secret="file:a\0b")


def test_a_secret_prints_as_stars_everywhere(caplog: pytest.LogCaptureFixture) -> None:
    settings = read(secret="hunter2", headers={"Authorization": "Bearer hunter2"})
    logging.getLogger("test").warning("%s %r", settings, settings.secret)
    printed = [
        str(settings),
        repr(settings),
        f"{settings.secret}",
        settings.model_dump_json(),
        str(settings.model_dump()),
        str(settings.model_dump(mode="json")),
        json.dumps(settings.model_dump(), default=repr),
        TypeAdapter(Everything).dump_json(settings).decode(),
        str(vars(settings)),
        caplog.text,
    ]
    for text in printed:
        assert "***" in text
        assert "hunter2" not in text


def test_secrets_are_equal_by_value_and_outlive_a_copy() -> None:
    secret = Secret("hunter2")
    assert secret == copy.deepcopy(secret) == pickle.loads(pickle.dumps(secret))
    assert len({secret, Secret("hunter2"), Secret("other")}) == 2
    assert secret != "hunter2"


@given(st.none() | st.booleans() | st.floats() | st.integers() | st.lists(st.text()))
def test_what_is_no_text_is_no_secret_and_is_not_shown(value: object) -> None:
    with pytest.raises(ValidationError, match=r"expected text in quotes, \$\{ENV\} or file:PATH") as caught:
        Everything.model_validate({"headers": {"a": value}})
    assert "input_value" not in str(caught.value)
