"""The address of a room: what a template may be, and that a hostile id leads nowhere but to listed hosts."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from probes.config.room_link import address, is_listed, listed_host, own_host, room_link

HOSTILE = [
    "../../admin",
    "..",
    ".",
    "@evil.com",
    "//evil.com",
    "/\\evil.com",
    "%2f%2fevil.com",
    "%2e%2e",
    "javascript:alert(1)",
    "a\nLocation: https://evil.com",
    "a\r\nb",
    "a\tb",
    "x.evil.com/",
    "evil.com#",
    "evil.com?",
    "evil.com:80",
    "evil.com%00",
    "\u202eevil",
    "[::1]",
    "ev\u0131l",
    "。evil。com",
    "\ud800",
    "{room}",
    "{node}",
    " ",
    "",
    "x" * 1_000,
    "ü" * 400,
]

GOOD = [
    ("https://x.com/i/spaces/{room}", "x.com"),
    ("http://127.0.0.1:8070/room/{room}", "127.0.0.1"),
    ("https://Meet.Example.org:8443/{name}#config.x=1", "meet.example.org"),
    ("https://{node}.meet.example.org/{room}?a={name}", None),
    ("https://{node}/{room}", None),
]


@pytest.mark.parametrize(("template", "host"), GOOD)
def test_a_template_has_its_own_host_or_one_that_hangs_on_the_room(template: str, host: str | None) -> None:
    assert room_link(template) == template
    assert own_host(template) == host


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("https://x.com/i/spaces", "expected {room} where the room's id belongs"),
        ("https://x.com/{node}", "expected {room}"),
        ("https://x.com/{rom}", "unknown placeholder {rom}; known are {room}, {name}, {node}"),
        ("https://x.com/{}{room}", "unknown placeholder {}"),
        ("javascript:{room}", "https or http address"),
        ("{room}://x.com/", "https or http address"),
        ("//x.com/{room}", "https or http address"),
        ("/rooms/{room}", "https or http address"),
        ("https://ops:pw@x.com/{room}", "without a user name"),
        ("https://@x.com/{room}", "without a user name"),
        ("https://{room}@x.com/", "without a user name"),
        ("https://x.com:{room}/", "https or http address"),
        ("https://x.com:/{room}", "https or http address"),
        ("https://x.com/{room", "expected {room}"),
        ("https://x.com/{{room}}", "https or http address"),
        ("https://x.com\\{room}", "https or http address"),
        ("https://x.com/ {room}", "https or http address"),
        ("https://bücher.example/{room}", "https or http address"),
        ("https://[::1]/{room}", "https or http address"),
        ("https://x.com/../{room}", "https or http address"),
        (f"https://x.com/{'a' * 512}{{room}}", "https or http address"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_in_a_sentence(template: str, why: str) -> None:
    with pytest.raises(PydanticCustomError, match=re.escape(why)) as refused:
        room_link(template)
    assert "meet.example.org" in str(refused.value) or "known are" in str(refused.value)


def test_an_id_is_encoded_whole() -> None:
    link = "https://x.com/i/{room}/on/{node}?n={name}#{room}"
    assert (
        address(link, ["x.com"], "a b/c@d&e=f", "n1")
        == "https://x.com/i/a%20b%2Fc%40d%26e%3Df/on/n1?n=a%20b%2Fc#a%20b%2Fc%40d%26e%3Df"
    )
    assert address("https://meet.example.org/{name}", ["meet.example.org"], "launch@conference.x", "") == (
        "https://meet.example.org/launch"
    )


def leads_only_there(made: str | None, hosts: list[str], ids: tuple[str, ...]) -> None:
    """Whatever reads the address finds one of the hosts, and the id in its place or nowhere."""
    if made is None:
        return
    assert re.fullmatch(r"[!-~]+", made) and "\\" not in made and len(made) <= 2_000
    parts = urlsplit(made)
    assert parts.scheme == "https" and parts.username is None and parts.port is None
    assert is_listed(parts.hostname or "", hosts), made
    assert re.fullmatch(r"[a-z0-9.-]+", parts.netloc), made
    assert not {".", ".."} & set(re.split(r"[/\\]", unquote(parts.path))), made
    assert all(each.isprintable() for each in ids)


TEMPLATES = {
    "path": ("https://x.com/i/{room}", ["x.com"]),
    "end": ("https://x.com/i/a-{room}/", ["x.com"]),
    "query": ("https://x.com/?r={room}", ["x.com"]),
    "fragment": ("https://x.com/#{name}", ["x.com"]),
    "node": ("https://{node}.x.com/{room}", ["*.x.com"]),
    "host": ("https://{room}/{node}", ["x.com", "*.x.com"]),
}


@pytest.mark.parametrize("where", TEMPLATES)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_id_leads_nowhere_else(hostile: str, where: str) -> None:
    template, hosts = TEMPLATES[where]
    used = (hostile.partition("@")[0],) if "{name}" in template else (hostile,)
    leads_only_there(address(template, hosts, hostile, hostile), hosts, used)


@given(room=st.text(), node=st.text(), where=st.sampled_from(sorted(TEMPLATES)))
@example(room="x.com", node="x", where="host")
def test_no_id_leads_anywhere_else(room: str, node: str, where: str) -> None:
    template, hosts = TEMPLATES[where]
    leads_only_there(address(template, hosts, room, node), hosts, ())


def test_a_host_that_hangs_on_the_room_must_be_listed() -> None:
    link = "https://{node}.x.com/{room}"
    assert address(link, ["*.x.com"], "r", "eu-1") == "https://eu-1.x.com/r"
    assert address(link, ["eu-1.x.com"], "r", "eu-2") is None
    assert address("https://{node}/{room}", ["*.x.com"], "r", "evilx.com") is None
    assert address("https://{node}/{room}", ["*.x.com"], "r", "x.com") is None
    assert address("https://x.com/{room}", [], "r", "n") is None


@pytest.mark.parametrize("text", ["X.com", "x.com:443", "https://x.com", "*", "*.*.com", "x..com", "", "a b"])
def test_what_is_no_host_is_not_listed(text: str) -> None:
    with pytest.raises(PydanticCustomError, match=r"such as x\.com or \*\.meet\.example\.org"):
        listed_host(text)
