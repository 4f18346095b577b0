"""A real Alertmanager with the shipped config and templates: what people read is inert, and is told once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.alertmanager import SECRETS, Alertmanager, Shipped, ended, firing
from tests.product import PATIENCE
from tests.servers import wait_until

BOARD = "http://127.0.0.1:8050/?service=spaces&at=1684965630"
RUNBOOK = "https://github.com/example/roomwatch/blob/main/config/runbooks/full.md#what-to-do"
HOSTILE = (
    "<!channel> <!here> <@U024BE7LH> <#C024BE7LR> <http://evil.example/a|free tickets> & &lt;!channel&gt; "
    "*bold* _it_ `code` @everyone www.evil.example evil.example/b https://evil.example/c "
    "mailto:eve@evil.example \x1b[31mred\x1b[0m \x07 \r\nBcc: eve@evil.example \u202eesrever "
    "<script>alert(1)</script> <img src=x onerror=alert(1)> [link](http://evil.example/d) {{ 1 }} "
    '"quoted" \' ${x} %s'
)
ADDRESS = re.compile(r"\w+://|\bwww\.\w|\w@\w|\w\.(?:example|com)\b|mailto:\w", re.IGNORECASE)


@pytest.fixture(scope="module")
def running() -> Iterator[Shipped]:
    with Shipped() as found:
        yield found


@pytest.fixture(scope="module")
def told(running: Shipped) -> Shipped:
    """One page whose every word from outside is hostile, once it has come to all receivers."""
    words = {"summary": f"A: {HOSTILE}", "description": f"B: {HOSTILE}"}
    links = {"dashboard_url": BOARD, "runbook_url": RUNBOOK}
    running.post(firing("RoomsFull", {**words, **links}, rooms_service="hostile", room=HOSTILE[:120]))
    wait_until(
        lambda: bool(running.posted("/slack") and running.posted("/pagerduty") and running.mailed()),
        PATIENCE,
        "message at each receiver",
    )
    return running


def check_inert(text: str) -> None:
    """No mention, no link, nothing that a terminal obeys; one kind of control character, the line's end."""
    controls = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")} - {"\n", "\u200b"}
    assert not controls
    assert ADDRESS.search(text) is None, text
    assert "evil" in text, "the title is no longer there to be read"


def test_slack_reads_no_mention_no_link_and_no_markup_in_what_a_room_is_called(told: Shipped) -> None:
    (message,) = told.posted("/slack")
    (attachment,) = message["attachments"]
    assert attachment["mrkdwn_in"] == ["pretext"], "asterisks and backticks would be markup"
    assert "pretext" not in attachment
    assert not message.get("link_names"), "@here would be a mention"
    for part in ("title", "fallback", "text"):
        links = re.findall(r"<([^>]*)>", attachment[part])
        assert links == ([f"{BOARD}|board", f"{RUNBOOK}|what to do"] if part == "text" else [])
        rest = re.sub(r"<[^>]*>", "", attachment[part])
        assert not set("<>") & set(rest)
        check_inert(rest)
    assert attachment["title_link"] == BOARD
    assert attachment["title"].startswith("PAGE hostile: A: &lt;!channel&gt;")
    assert "&amp;lt;!channel&amp;gt;" in attachment["title"], "what looks escaped is text, too"


def test_pagerduty_is_told_text(told: Shipped) -> None:
    (event,) = told.posted("/pagerduty")
    assert event["routing_key"] == SECRETS["pagerduty.key"]
    assert event["client_url"] == BOARD
    check_inert(event["payload"]["summary"])
    check_inert(event["payload"]["custom_details"]["firing"])
    assert event["payload"]["severity"] == "critical"


class Tags(HTMLParser):
    """The tags and addresses of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_mail_has_our_tags_and_our_links_only(told: Shipped) -> None:
    (mail,) = told.mailed()
    html, plain = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html is not None
    assert plain is not None
    page = Tags(html.get_content().replace("\r\n", "\n"))
    assert page.tags <= {"html", "body", "h2", "p", "b", "br", "a"}
    assert [pair for pair in page.attributes if pair[0] not in ("style", "lang")] == [
        ("href", BOARD),
        ("href", RUNBOOK),
    ]
    check_inert(page.text)
    assert "<script>" in page.text
    text = plain.get_content().replace("\r\n", "\n")
    assert text.count(BOARD) == text.count(RUNBOOK) == 1
    check_inert(text.replace(BOARD, "").replace(RUNBOOK, ""))


def test_the_head_of_a_mail_is_ours(told: Shipped) -> None:
    (mail,) = told.mailed()
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("PAGE hostile: A: <!channel>")
    check_inert(mail["Subject"])
    assert told.mail.passwords == [SECRETS["smtp.password"]]


def test_roomwatch_is_told_with_its_token_and_in_full(told: Shipped) -> None:
    """The board makes text of it itself, so it gets what there is."""
    (post,) = told.posts("/hooks/alertmanager")
    assert post.headers["authorization"] == f"Bearer {SECRETS['roomwatch.token']}"
    (alert,) = post.document["alerts"]
    assert alert["annotations"]["summary"] == f"A: {HOSTILE}"
    assert alert["labels"]["room"] == HOSTILE[:120]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "http://a.example/|x> <!channel>", "", "//x", "http://a b"]
)
def test_an_address_that_is_none_leads_nowhere(running: Shipped, url: str) -> None:
    service = f"link-{len(url)}"
    running.post(firing("RoomsFull", {"dashboard_url": url, "runbook_url": url}, rooms_service=service))

    def sent() -> list[dict[str, Any]]:
        found = [m["attachments"][0] for m in running.posted("/slack")]
        return [attachment for attachment in found if f" {service}:" in attachment["title"]]

    wait_until(lambda: bool(sent()), PATIENCE, "message")
    assert sent()[0]["title_link"] == "about:blank"
    assert re.findall(r"<[^>]*>", sent()[0]["text"]) == ["<about:blank|board>", "<about:blank|what to do>"]


NODE = {"rooms_service": "s", "rooms_node": "n"}
OTHER_NODE = {"rooms_service": "s", "rooms_node": "m"}
SERVICE = {"rooms_service": "s"}
ROOM = {**NODE, "room": "r"}
PROBE = {**NODE, "probe": "join"}
KEPT_QUIET = [
    ("RoomsNodeDown", NODE, "RoomsFull", ROOM, True),
    ("RoomsNodeDown", NODE, "RoomsSoonFull", NODE, True),
    ("RoomsNodeDown", NODE, "RoomsOwnJoinsFailing", NODE, True),
    ("RoomsNodeDown", NODE, "RoomsProbeFailing", PROBE, True),
    ("RoomsNodeDown", NODE, "RoomsFull", {**OTHER_NODE, "room": "r"}, False),
    ("RoomsNodeDown", NODE, "RoomsNodeDown", OTHER_NODE, False),
    ("RoomsNodeDown", NODE, "RoomsEnded", {**SERVICE, "lineage": "l"}, False),
    ("RoomsNodeDown", NODE, "RoomsJoinsFailing", SERVICE, False),
    ("RoomsDataStale", SERVICE, "RoomsNodeDown", NODE, True),
    ("RoomsDataStale", SERVICE, "RoomsSourcesDisagree", {**SERVICE, "what": "people"}, True),
    ("RoomsDataStale", SERVICE, "RoomsJoinsFailing", SERVICE, False),
    ("RoomsJoinsFailing", SERVICE, "RoomsJoinBudgetBurning", SERVICE, True),
    ("RoomsJoinsFailing", SERVICE, "RoomsJoinsSlow", SERVICE, True),
    ("RoomsOwnJoinsFailing", NODE, "RoomsRetryStorm", SERVICE, True),
    ("RoomsJoinsFailing", SERVICE, "RoomsOwnJoinsFailing", NODE, False),
    ("RoomsFull", ROOM, "RoomsSoonFull", ROOM, True),
    ("RoomsFull", ROOM, "RoomsSoonFull", NODE, False),
    ("RoomwatchDown", {}, "RoomwatchStale", {}, True),
    ("RoomwatchDown", {}, "RoomwatchReplicaDown", {"instance": "a:8050"}, True),
    ("RoomwatchStale", {}, "RoomwatchReplicaDown", {"instance": "a:8050"}, False),  # it names which
    ("RoomwatchDown", {}, "RoomwatchWatchdog", {}, False),
    ("RoomwatchDown", {}, "RoomsDataStale", SERVICE, True),
    ("RoomwatchStale", {}, "RoomsNodeDown", NODE, False),  # another Roomwatch may well see it
    ("RoomwatchDown", {}, "RoomsProbeOverrun", PROBE, True),
    ("RoomwatchStale", {}, "RoomsEnded", {**SERVICE, "lineage": "l"}, False),
]


def test_what_follows_from_something_told_is_kept_quiet_and_nothing_else() -> None:
    """Each pair in an Alertmanager's memory by itself, its service renamed where it has one."""
    with Shipped() as running:
        for number, (source, of, target, at, quiet) in enumerate(KEPT_QUIET):
            cause, effect = (
                firing(name, **{**labels, **({"rooms_service": f"s{number}"} if labels else {})})
                for name, labels in ((source, of), (target, at))
            )
            assert suppressed(running, cause, effect) == (False, quiet), f"{source} and {target} at {at}"


def suppressed(running: Alertmanager, *pair: dict[str, Any]) -> tuple[bool, ...]:
    """Whether each of two alerts is kept quiet while both fire; afterwards they are over."""
    cause, effect = pair
    running.post(cause)
    wait_until(lambda: bool(_states(running, cause)), PATIENCE, "cause")
    running.post(effect)
    wait_until(lambda: bool(_states(running, effect)), PATIENCE, "effect")
    states = tuple(_states(running, alert) == ["suppressed"] for alert in pair)
    running.post(ended(cause), ended(effect))
    wait_until(lambda: not _states(running, cause) + _states(running, effect), PATIENCE, "end of both")
    return states


def _states(running: Alertmanager, alert: dict[str, Any]) -> list[str]:
    return [a["status"]["state"] for a in running.alerts() if a["labels"] == alert["labels"]]
