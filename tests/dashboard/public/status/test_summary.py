"""`summary.json`: the shape and the words of Statuspage's, so that tools read it that know that."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.public.facts import Facts
from dashboard.public.status.answers import SUMMARY, answer
from probes.model import Door, Observer, Outcome, State
from probes.timeline.entries import Note, NoteKind
from tests.dashboard.public.status.played import Stretch, config, days, facts, facts_after, frame, samples
from tests.probes.seen import AT, node, observation, relocation

OK, STRAINED, FAILING, UNKNOWN = State.OK, State.STRAINED, State.FAILING, State.UNKNOWN

INDICATORS = {"none", "minor", "major", "critical"}
STATUSES = {"operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"}
PHASES = {"investigating", "identified", "monitoring", "resolved", "postmortem"}
COMPONENT = {
    "id",
    "name",
    "status",
    "created_at",
    "updated_at",
    "position",
    "description",
    "showcase",
    "start_date",
    "group_id",
    "page_id",
    "group",
    "only_show_if_degraded",
}
INCIDENT = {
    "id",
    "name",
    "status",
    "created_at",
    "updated_at",
    "monitoring_at",
    "resolved_at",
    "impact",
    "shortlink",
    "started_at",
    "page_id",
    "incident_updates",
    "components",
}
UPDATE = {
    "id",
    "status",
    "body",
    "incident_id",
    "created_at",
    "updated_at",
    "display_at",
    "affected_components",
}


def summary(of: Facts, path: str = SUMMARY) -> Any:
    ready = answer(path, of)
    assert ready is not None
    assert ready.headers["Content-Type"] == "application/json"
    return json.loads(ready.body)


def test_it_has_the_shape_that_tools_know() -> None:
    told = summary(facts_after((OK, 600), (FAILING, 300)))
    assert list(told) == ["page", "status", "components", "incidents", "scheduled_maintenances"]
    assert set(told["page"]) == {"id", "name", "url", "time_zone", "updated_at"}
    assert set(told["status"]) == {"indicator", "description"}
    assert told["status"]["indicator"] in INDICATORS
    for component in told["components"]:
        assert set(component) == COMPONENT
        assert component["status"] in STATUSES
        assert component["page_id"] == told["page"]["id"]
    (incident,) = told["incidents"]
    assert set(incident) == INCIDENT
    assert (incident["impact"] in INDICATORS, incident["status"] in PHASES) == (True, True)
    for update in incident["incident_updates"]:
        assert set(update) >= UPDATE
        assert update["status"] in PHASES
        assert update["incident_id"] == incident["id"]
    assert told == summary(facts_after((OK, 600), (FAILING, 300)), "/status.json")


@pytest.mark.parametrize(
    ("state", "success", "indicator"),
    [
        (OK, 1.0, "none"),
        (STRAINED, 0.97, "minor"),
        (FAILING, 0.8, "major"),
        (FAILING, 0.4, "critical"),
        (UNKNOWN, None, "minor"),
    ],
)
def test_the_indicator_says_how_bad_it_is(state: State, success: float | None, indicator: str) -> None:
    totals = {Outcome.JOINED: 900, Outcome.TIMEOUT: 100}
    door = Door(
        observer=Observer.SERVICE, success_ratio=success, errors={Outcome.TIMEOUT: 0.1}, totals=totals
    )
    told = summary(facts_after((state, 60), door=door))
    assert told["status"]["indicator"] == indicator


def test_what_was_seen_before_watching_broke_off_is_not_told_as_good() -> None:
    of = config()
    seen = observation(state=OK, relocations=())
    told = summary(facts(of, frame(seen, alive=False), {"spaces": samples((OK, 600))}))
    assert told["status"]["indicator"] == "minor"
    assert {each["status"] for each in told["components"]} == {"degraded_performance"}


def test_a_node_that_does_not_answer_is_out_altogether() -> None:
    told = summary(facts_after((FAILING, 60), nodes=(node("n1", None, answering=False),)))
    assert told["components"][-1]["status"] == "major_outage"


def incidents(*stretches: Stretch) -> Any:
    return summary(facts_after(*stretches))["incidents"]


def test_only_what_goes_on_is_an_incident_and_it_keeps_its_id() -> None:
    assert incidents((OK, 600)) == []
    assert incidents((FAILING, 300), (OK, 600)) == []
    (now,) = incidents((OK, 600), (FAILING, 300))
    assert (now["status"], now["name"], now["impact"]) == (
        "investigating",
        "Some people cannot get in",
        "major",
    )
    assert now["started_at"] == "2023-11-14T22:08:20.000Z"
    (recovering,) = incidents((OK, 600), (FAILING, 300), (OK, 60))
    assert recovering["status"] == "monitoring"


def test_what_the_public_was_told_is_an_update_of_the_incident() -> None:
    of = config()
    note = Note(id="n1", at=AT - 30, by="ops", text="We know of it.", kind=NoteKind.ANNOUNCEMENT)
    seen = observation(service_time=None, pace=1.0, relocations=(relocation(at=AT - 200),))
    told = facts(of, frame(seen, notes=(note,)), {"spaces": samples((OK, 600), (FAILING, 300))}, days(of))
    (incident,) = summary(told)["incidents"]
    assert incident["status"] == "identified"
    assert [update["body"] for update in incident["incident_updates"]] == [
        "We know of it.",
        "The room moved. The room opened again as another room after 1 min 58 s.",
        "Some people cannot get in. About one try in ten fails: timeout 10%.",
        "The room has ended. The room ended with 668k people.",
    ], "the end comes before the state is bad, and belongs to it"


def test_a_launch_that_has_not_started_is_scheduled() -> None:
    soon, past = "2023-11-15T00:00:00+00:00", "2023-11-14T00:00:00+00:00"
    events = [
        {"name": "launch", "title": "The launch", "service": "spaces", "starts_at": soon},
        {"name": "before", "title": "The one before", "service": "spaces", "starts_at": past},
        {"name": "some-day", "title": "Some day", "service": "spaces"},
    ]
    (scheduled,) = summary(facts_after((OK, 60), of=config(events=events)))["scheduled_maintenances"]
    assert set(scheduled) == INCIDENT | {"scheduled_for", "scheduled_until"}
    assert (scheduled["name"], scheduled["status"]) == ("The launch", "scheduled")
    assert scheduled["scheduled_for"] == "2023-11-15T00:00:00.000Z"


def test_a_launch_of_a_service_that_is_not_public_is_not_told() -> None:
    events = [{"name": "x", "service": "spaces", "starts_at": "2033-11-15T00:00:00+00:00"}]
    of = config(services=["spaces", "other"], events=events)
    seen = observation("other", state=OK, relocations=())
    told = facts(of, frame(seen, of=of), {"other": samples((OK, 60))})
    assert summary(told)["scheduled_maintenances"] == []
