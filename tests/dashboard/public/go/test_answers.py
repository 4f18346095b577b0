"""What `/go/` answers: a redirect where there is a room to go to, a page that waits where there is none."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime

import msgspec
import pytest

from dashboard.public.facts import EventFacts, Facts
from dashboard.public.go.answers import answer
from dashboard.public.go.leading import Lead
from dashboard.public.ready import Ready
from dashboard.public.seeing import facts_of
from probes.model import Observation
from probes.settings import Config
from tests.dashboard.public.go.scenes import HOST, Story, config, facts_after, frame, overflow, room, way
from tests.probes.seen import AT

HOSTILE = "<script>alert(1)</script>\"'&\u202e{%}"


def facts(told: Config, *seen: Observation, at: float = AT, before: dict[str, Lead] | None = None) -> Facts:
    event = facts_after(told, *seen, at=at, before=before)
    return facts_of(frame(*seen, at=at), {}, told.embed.public, 0.99, (event,))


def asked(path: str, *seen: Observation, told: Config | None = None, **more: object) -> Ready:
    found = answer(f"/go/{path}", facts(told or config(), *seen, **more))  # type: ignore[arg-type]
    assert found is not None
    return found


def one_room() -> Observation:
    return Story().seen(room("launch-1", 168_400))


def no_room() -> tuple[Observation, dict[str, Lead]]:
    """A room has ended."""
    story = Story()
    before = story.tell(room("launch-1", 668_000))
    return story.seen(ways=(way("launch-1", None),)), {"launch": before}


# --- the redirect ---


def test_it_redirects_to_the_room_for_a_second() -> None:
    made = asked("launch", one_room())
    assert made.status == 302
    assert made.headers["Location"] == f"{HOST}/go/launch-1"
    assert re.match(r"public, max-age=1, stale-while-revalidate=\d,", made.headers["Cache-Control"])
    assert f'<a href="{HOST}/go/launch-1"' in made.body.decode(), "for those whose client does not follow"


def test_without_a_room_it_is_a_page_that_waits() -> None:
    seen, before = no_room()
    made = asked("launch", seen, before=before)
    body = made.body.decode()
    assert made.status == 200 and "Location" not in made.headers
    assert "The room has ended" in body and "This page will take you to the new one." in body
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in body
    assert "launch-1" not in body, "its id leads nowhere any more"


@pytest.mark.parametrize(
    "path", ["", "lunch", "launch/", "launch.gif", "launch/qr", "launch/qr.svg/", "launch.json.svg", "Launch"]
)
def test_what_is_no_public_event_is_not_there(path: str) -> None:
    assert answer(f"/go/{path}", facts(config(), one_room())) is None


def test_an_event_may_be_called_as_an_ending() -> None:
    event = facts_after(config(), one_room())
    names = ("a", "a.json")
    events = tuple(_renamed(event, name) for name in names)
    both = facts_of(frame(one_room()), {}, config().embed.public, 0.99, events)
    assert [_status(answer(f"/go/{path}", both)) for path in ("a", "a.json", "a.json.json")] == [
        302,
        302,
        200,
    ]


def _renamed(event: EventFacts, name: str) -> EventFacts:
    return msgspec.structs.replace(event, name=name)


def _status(found: Ready | None) -> int:
    assert found is not None
    return found.status


@pytest.mark.parametrize(
    "name",
    [
        "launch-../../x",
        "launch-@evil.com",
        "launch-//evil.com",
        "launch-%2f",
        "launch-\\evil",
        "launch-\u202e",
        "launch-" + "x" * 500,
    ],
)
def test_a_hostile_id_leads_to_the_configs_host_or_to_the_page(name: str) -> None:
    made = asked("launch", Story().seen(room(name, 10)))
    location = made.headers.get("Location")
    assert (made.status == 302) is (location is not None)
    assert location is None or re.fullmatch(rf"{re.escape(HOST)}/go/[A-Za-z0-9._~%-]+", location)


def test_a_room_that_has_no_address_is_said_to_be_open_and_not_led_to() -> None:
    made = asked("launch", Story().seen(room("launch-..~0123abcd", 10)))
    assert made.status == 200
    assert "The room is open" in made.body.decode()
    assert "0123abcd" not in made.body.decode()


def test_the_target_takes_turns_over_rooms_with_places_and_holds_for_a_second() -> None:
    rooms = (room("launch-1", 2_000, capacity=5_000), room("o1", 2_000, capacity=5_000))
    seen = Story().seen(*rooms, ways=(overflow("launch-1", "o1"),))
    targets = [facts_after(config(), seen, at=AT + n / 4).target for n in range(80)]
    assert all(len(set(targets[n : n + 4])) == 1 for n in range(0, 80, 4))
    assert set(targets) == {f"{HOST}/go/launch-1", f"{HOST}/go/o1"}


# --- what is told ---


def test_the_data_tells_where_and_since_when_and_no_more() -> None:
    story = Story()
    before = story.tell(room("launch-1", 668_000))
    seen = story.seen(room("x9", 168_400), ways=(way("launch-1", "x9"),))
    told = json.loads(asked("launch.json", seen, before={"launch": before}).body)
    assert (told["state"], told["url"], told["heading"]) == ("moved", f"{HOST}/go/x9", "The room moved")
    assert (told["people"], told["from"], told["to"]) == (170_000, "Title of launch-1", "Title of x9")
    assert told["address"] == "https://status.example.org/go/launch"
    assert told["spread_seconds"] == 8
    inside = json.dumps({**told, "url": "", "rooms": [], "last": ""})
    assert "x9" not in inside.replace("Title of x9", "") and "n1" not in inside


def test_titles_that_are_not_public_and_numbers_that_come_later_are_not_told() -> None:
    quiet = config(public=", delay: 30s")
    told = json.loads(asked("launch.json", one_room(), told=quiet).body)
    assert (told["people"], told["url"]) == (None, f"{HOST}/go/launch-1")
    secret = config(titles="[]")
    assert "Title of" not in asked("launch.json", one_room(), told=secret).body.decode()


def test_the_link_is_at_the_public_address() -> None:
    assert facts_after(config(), one_room()).link == "https://status.example.org/go/launch"


def test_a_service_that_is_not_public_is_not_named() -> None:
    told = config(services="[]")
    event = facts_after(told, one_room())
    assert (event.service, event.target) == ("", f"{HOST}/go/launch-1")


def test_a_full_room_and_one_out_of_sight_can_be_tried_by_hand() -> None:
    full = Story().seen(room("launch-1", 100, capacity=100))
    lost = Story().seen(room("launch-1", None), nodes=(), observed_at=AT - 900)
    for seen, heading in ((full, "The room is full"), (lost, "We cannot see the room at the moment")):
        made = asked("launch", seen)
        body = made.body.decode()
        assert made.status == 200 and heading in body
        assert f'href="{HOST}/go/launch-1"' in body


def test_before_the_start_it_says_when() -> None:
    starts = datetime.fromtimestamp(AT + 3_600, UTC)
    told = config(event=f", starts_at: '{starts.isoformat()}'")
    body = asked("launch", one_room(), told=told).body.decode()
    assert "The room has not opened yet" in body
    assert f'data-at="{AT + 3600}"' in body and f"{starts:%-d %B %Y, %H:%M} UTC" in body


def test_a_hostile_title_is_text_in_every_format() -> None:
    told = config(title=HOSTILE)
    story = Story()
    bad = msgspec.structs.replace(room("launch-1", 10), title=HOSTILE)
    before = story.tell(bad)
    for seen, memory in ((story.seen(bad), {}), (story.seen(), {"launch": before})):
        for path in ("launch", "launch.svg"):
            body = asked(path, seen, told=told, before=memory).body.decode()
            assert "<script>alert" not in body
        assert json.loads(asked("launch.json", seen, told=told, before=memory).body)["title"] == HOSTILE


# --- pictures ---


def test_the_badge_says_where_the_room_is() -> None:
    story = Story()
    before = story.tell(room("launch-1", 668_000))
    moved = story.seen(room("x9", 168_400), ways=(way("launch-1", "x9"),))
    ended, memory = no_room()
    told = [
        ElementTree.fromstring(asked("launch.svg", seen, before=known).body).attrib["aria-label"]
        for seen, known in (
            (one_room(), {}),
            (moved, {"launch": before}),
            (ended, memory),
            (Story().seen(), {}),
        )
    ]
    assert told == [
        "the room is here: 170k",
        "the room moved here: 170k",
        "the room: ended",
        "the room: not open yet",
    ]


def test_the_qr_code_holds_the_link_itself_and_not_where_it_leads() -> None:
    here, gone = asked("launch/qr.svg", one_room()), asked("launch/qr.svg", Story().seen())
    assert here.body == gone.body
    assert "max-age=300" in here.headers["Cache-Control"]
    root = ElementTree.fromstring(here.body)
    assert root.tag.endswith("svg")
    assert asked("launch/qr.png", one_room()).body.startswith(b"\x89PNG")
