"""No public answer holds an internal name: all are asked for, and searched for names that are marked."""

from __future__ import annotations

import time
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dashboard.public.address import Format, Theme
from dashboard.public.links import PREFIX
from dashboard.public.paths import ANSWERS, is_public
from dashboard.public.signing import signed
from probes.config.embed import PublicPanel
from probes.model import (
    Cause,
    Disagreement,
    Outcome,
    Place,
    ProbeView,
    Revision,
    State,
    Status,
)
from probes.settings import parse
from probes.timeline.entries import Note, NoteKind
from tests.dashboard.inside import SERVICES, Inside, told
from tests.probes.seen import AT, node, observation, relocation, room

INTERNAL = (
    "LEAK-NODE",
    "LEAK-LABEL",
    "LEAK-ROOM",
    "LEAK-TITLE",
    "LEAK-HOST",
    "LEAK-LINEAGE",
    "LEAK-MOVE",
    "LEAK-REASON",
    "LEAK-EVIDENCE",
    "LEAK-PERSON",
    "LEAK-NOTE",
    "LEAK-PROBE",
    "LEAK-SERVICE",
    "leak-secret-service",
    "leak-alert",
    "10.9.8.7",
    "http-json",
    "Traceback",
    "history.sqlite",
    "site-packages",
)
"""Marks of what is ours alone, and what would show how Roomwatch is made."""

OTHERS = (
    "/status",
    "/status/dark",
    "/status.json",
    "/status.rss",
    "/status.atom",
    "/api/v2/summary.json",
    "/embed/embed.js",
    "/oembed",
    "/oembed?url=http%3A%2F%2F127.0.0.1%3A8050%2Fembed%2Fstate",
    "/go/launch",
    "/go/launch.svg",
    "/go/launch.json",
    "/go/launch/qr.svg",
    "/go/launch/qr.png",
    "/go/nothing",
    *(
        f"/badge/{panel}{service}{ending}"
        for panel in PublicPanel
        for service in ("", "@spaces")
        for ending in (".svg", ".json")
    ),
)
"""Public addresses beside panels, also some that are nothing; each beginning of the desk's is among them."""

PANELS = [
    f"{panel}{service}{theme}{'' if form is Format.HTML else '.' + form}"
    for panel, service, theme, form in product(
        PublicPanel, ("", "@spaces"), ("", *(f"/{theme}" for theme in Theme)), Format
    )
]
HAVE_DATA = [panel for panel in PublicPanel if panel is not PublicPanel.STATUS]

EMBED: dict[str, Any] = {
    "public": {
        "title": "Our status",
        "panels": [panel.value for panel in PublicPanel],
        "services": [{"name": "spaces", "label": "Live audio"}],
        "rooms": ["open-*"],
        "nodes": {"LEAK-NODE-2": "Second"},
        "numbers": "exact",
        "events": ["launch"],
        "address": "https://status.example.org",
    },
    "origins": ["*"],
    "key": "a-key-of-at-least-thirty-two-characters",
}
EVENTS = [
    {
        "name": "launch",
        "title": "Launch",
        "service": "spaces",
        "rooms": ["open-*"],
        "link": "https://rooms.example.org/{room}",
    }
]


def marked(name: str = "spaces") -> Any:
    """A service in trouble, with a mark in every text that is not for the public."""
    gone = Place("LEAK-ROOM-1", "LEAK-NODE-1", "LEAK-TITLE-1")
    there = Place("open-2", "LEAK-NODE-2", "The public room")
    probe = ProbeView(
        name="LEAK-PROBE",
        node="LEAK-NODE-1",
        outcome="timeout",
        success=False,
        seconds=1.0,
        observed_at=AT,
        detail="http://10.9.8.7/admin: LEAK-HOST refused",
    )
    return observation(
        name,
        state=State.FAILING,
        reasons=("LEAK-REASON: http://10.9.8.7:7088/admin did not answer",),
        nodes=(
            msgspec.structs.replace(node("LEAK-NODE-1", answering=False), label="LEAK-LABEL-1"),
            msgspec.structs.replace(node("LEAK-NODE-2"), label="LEAK-LABEL-2"),
        ),
        rooms=(
            msgspec.structs.replace(
                room("LEAK-ROOM-1", "LEAK-NODE-1", 90, "LEAK-TITLE-1"), lineage="LEAK-LINEAGE"
            ),
            room("open-2", "LEAK-NODE-2", 40, "The public room"),
        ),
        relocations=(
            relocation(
                "LEAK-MOVE-1",
                lineage="LEAK-LINEAGE",
                from_=gone,
                to=there,
                evidence=("LEAK-EVIDENCE: same host LEAK-PERSON",),
                revisions=(Revision(AT, "LEAK-EVIDENCE was weak"),),
                judged_by="LEAK-PERSON",
                ruled_out=(gone,),
            ),
            relocation("LEAK-MOVE-2", cause=Cause.ENDED, from_=gone, to=None, status=Status.CONFIRMED),
            relocation("LEAK-MOVE-3", cause=Cause.MOVED, from_=there, to=gone, status=Status.PROPOSED),
        ),
        probes=(probe,),
        disagreements=(Disagreement("people", (("LEAK-SERVICE rooms", 40.0), ("nodes", 900.0)), AT),),
    )


NOTES = (
    Note(id="LEAK-NOTE-1", at=AT, by="LEAK-PERSON", text="LEAK-NOTE: call 10.9.8.7"),
    Note(id="LEAK-NOTE-2", at=AT, by="LEAK-PERSON", text="We are on it", kind=NoteKind.ANNOUNCEMENT),
    Note(
        id="LEAK-NOTE-3",
        at=AT,
        by="LEAK-PERSON",
        text="LEAK-NOTE of another service",
        kind=NoteKind.ANNOUNCEMENT,
        service="leak-secret-service",
    ),
)


def found(folder: Path, *paths: str) -> dict[str, tuple[int, str]]:
    """By path: the status, and everything that came back as text, headers too."""

    async def main(inside: Inside) -> dict[str, tuple[int, str]]:
        inside.web.visitors.buckets._clock = time.time_ns  # nobody waits
        for _ in range(3):
            await inside.show(marked(), marked("leak-secret-service"), notes=NOTES)
        answers = {}
        for path in paths:
            answer = await inside.ask("GET", path)
            text = answer.content.decode("utf-8", "replace") + str(answer.headers.raw)
            answers[path] = (answer.status_code, text)
        return answers

    services = [*SERVICES, {**SERVICES[0], "name": "leak-secret-service", "url": "http://10.9.8.7:7088/x"}]
    answers: dict[str, tuple[int, str]] = told(folder, main, services=services, events=EVENTS, embed=EMBED)
    return answers


def leaks(answers: dict[str, tuple[int, str]]) -> dict[str, list[str]]:
    return {
        path: held
        for path, (_, text) in answers.items()
        if (held := [mark for mark in INTERNAL if mark.lower() in text.lower()])
    }


def test_every_beginning_of_a_public_path_is_asked_for() -> None:
    asked = [f"/embed/{panel}" for panel in PANELS] + list(OTHERS)
    assert not [start for start in ANSWERS if not any(path.startswith(start) for path in asked)]


def test_no_panel_tells_an_internal_name(tmp_path: Path) -> None:
    answers = found(tmp_path, *(f"/embed/{panel}" for panel in PANELS))
    assert leaks(answers) == {}
    shown = {path for path, (status, _) in answers.items() if status == 200}
    assert shown >= {f"/embed/{panel}{service}.json" for panel in HAVE_DATA for service in ("", "@spaces")}
    assert {status for status, _ in answers.values()} <= {200, 404}


def test_what_is_public_is_told(tmp_path: Path) -> None:
    """Else the others would prove nothing."""
    answers = found(tmp_path, *(f"/embed/{panel}.json" for panel in HAVE_DATA))
    told_of = " ".join(text for _, text in answers.values())
    for public in ("Live audio", "The public room", "Second", "Server 1"):
        assert public in told_of


def test_nothing_else_that_is_public_tells_an_internal_name(tmp_path: Path) -> None:
    answers = found(tmp_path, *(path for path in OTHERS if is_public(path.partition("?")[0])))
    assert leaks(answers) == {}
    assert {status for status, _ in answers.values()} <= {200, 302, 303, 307, 404}


def test_what_is_said_of_a_service_that_is_not_public_does_not_tell_that_it_is_there(tmp_path: Path) -> None:
    answers = found(tmp_path, "/embed/state@leak-secret-service.json", "/embed/state@no-such.json")
    (one, other) = answers.values()
    assert one == other
    assert one[0] == 404


def test_a_link_to_a_service_that_is_not_public_tells_its_name_and_nothing_else_of_ours(
    tmp_path: Path,
) -> None:
    config = parse(
        f"services: {[{**SERVICES[0], 'name': 'leak-secret-service'}]}\nembed: {{key: {EMBED['key']}}}",
        "x",
        Path(),
    )
    paths = []
    for panel in HAVE_DATA:
        url = signed(config, f"{panel}@leak-secret-service.json", "1d", "", time.time()).url
        paths.append(url[url.index(PREFIX) :])
    answers = found(tmp_path, *paths)
    assert {status for status, _ in answers.values()} == {200}
    assert {mark for held in leaks(answers).values() for mark in held} <= {"leak-secret-service"}


@pytest.mark.parametrize("mark", INTERNAL[:13])
def test_every_mark_is_really_in_what_was_seen(mark: str) -> None:
    everything = msgspec.json.encode([marked(), NOTES]).decode()
    assert mark in everything


EXACT = (667_871, 345_673, 322_198, 167_239, 654_321, 712_345, 712_345 - 667_871)
SHARES = (0.87654, 0.12346, 0.25321)


def counted() -> Any:
    """A service of which each number of people and each share is one of those above."""
    inside, before, now, first, event, most, _ = EXACT
    here = msgspec.structs.replace(room("open-1", "n1", inside, "One"), capacity=most)
    ended = relocation("x2", cause=Cause.ENDED, to=None, participants_before=before, at=AT - 200)
    return observation(
        participants=inside,
        nodes=tuple(node(f"n{n}", people) for n, people in enumerate((inside, before, now), 1)),
        rooms=(here, room("open-2", "n1", first, "Two")),
        door=msgspec.structs.replace(
            observation().door,  # type: ignore[type-var]
            success_ratio=SHARES[0],
            errors={Outcome.TIMEOUT: SHARES[1]},
            waiting=event,
        ),
        relocations=(
            relocation(participants_before=before, participants_now=now, carried_over=SHARES[2]),
            relocation("x3", participants_before=first, carried_over=SHARES[2], settled=True),
            ended,
        ),
    )


def test_where_numbers_are_rounded_no_answer_tells_them_exactly(tmp_path: Path) -> None:
    rounded = {**EMBED, "public": {**EMBED["public"], "numbers": "rounded"}}
    paths = [*(f"/embed/{panel}" for panel in PANELS if not panel.endswith("png")), *OTHERS]

    async def main(inside: Inside) -> dict[str, str]:
        inside.web.visitors.buckets._clock = time.time_ns  # nobody waits
        await inside.web.days.read()
        for _ in range(3):
            await inside.show(counted())
        assert inside.web.desk.facts is not None and inside.web.desk.facts.day is not None
        return {
            path: (await inside.ask("GET", path)).text for path in paths if is_public(path.partition("?")[0])
        }

    events = [{**EVENTS[0], "audience": EXACT[4]}]
    answers: dict[str, str] = told(tmp_path, main, services=SERVICES, events=events, embed=rounded)
    assert "670k" in answers["/status"] and "350k" in answers["/status"], "else it would prove nothing"
    digits = [str(n) for n in EXACT] + [f"{n:,}" for n in EXACT] + [f"{n // 1000}k" for n in EXACT]
    digits += [f"{share:.4f}" for share in SHARES] + [f"{share:.3f}" for share in SHARES]
    digits += [f"{share * 100:.1f}%" for share in SHARES]
    assert {path: held for path, text in answers.items() if (held := [d for d in digits if d in text])} == {}
