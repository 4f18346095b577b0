"""Observations and ticks for tests, with everything in them known unless a test says otherwise."""

from __future__ import annotations

import msgspec

from probes.alerting.firing import Subject
from probes.alerting.table import Severity
from probes.model import (
    Cause,
    Disagreement,
    Door,
    Headroom,
    NodeView,
    Observation,
    Observer,
    OtherRooms,
    Outcome,
    Place,
    ProbeResult,
    Relocation,
    RoomState,
    RoomView,
    State,
    Status,
)
from probes.pipeline import Tick
from probes.timeline.entries import AlertView, Entry, Note, Source

AT = 1_700_000_000.0


def room(
    name: str = "r1", node: str = "n1", participants: int | None = 40, title: str = "A room"
) -> RoomView:
    return RoomView(
        id=name, title=title, node=node, participants=participants, capacity=100, state=RoomState.OPEN
    )


def rooms(count: int) -> tuple[RoomView, ...]:
    return tuple(room(f"room-{i:06d}", f"n{i % 2 + 1}", 10_000 // (i + 1), f"Room {i}") for i in range(count))


def node(name: str = "n1", participants: int | None = 40, answering: bool = True) -> NodeView:
    return NodeView(
        id=name,
        label="",
        participants=participants,
        capacity=1_000,
        answering=answering,
        observed_at=AT - 0.4,
    )


def relocation(name: str = "x1", **changes: object) -> Relocation:
    before = Relocation(
        id=name,
        lineage="launch",
        cause=Cause.SUCCEEDED,
        status=Status.STANDING,
        from_=Place("r0", "n1"),
        to=Place("r1", "n1"),
        at=AT - 300,
        participants_before=668_000,
        participants_now=168_000,
        carried_over=0.25,
        dark_seconds=118.0,
        confidence=0.9,
    )
    return msgspec.structs.replace(before, **changes)


def observation(name: str = "spaces", **changes: object) -> Observation:
    everything = Observation(
        name=name,
        kind="http-json",
        state=State.FAILING,
        reasons=("one in ten cannot get in",),
        service_time=AT - 3_600,
        pace=60.0,
        observed_at=AT - 0.4,
        complete=True,
        participants=40,
        rooms_open=1,
        nodes=(node(),),
        rooms=(room(),),
        other=OtherRooms(rooms=7, participants=21),
        door=Door(
            observer=Observer.SERVICE,
            tries_per_second=360.0,
            success_ratio=0.9,
            errors={Outcome.TIMEOUT: 0.1},
            waiting=41_000,
            tries_per_person=2.5,
            storm=True,
            waiting_basis="41,000 tries failed in 10 s",
            totals={Outcome.JOINED: 900, Outcome.TIMEOUT: 100},
        ),
        headroom=Headroom(
            capacity=700_000,
            source="observed",
            ratio=0.75,
            seconds_to_full=90.0,
            soonest=70.0,
            latest=130.0,
            growth=50.0,
            growth_low=40.0,
            growth_high=60.0,
        ),
        relocations=(relocation(),),
        probes=(),
        relocations_total={Cause.SUCCEEDED: 1},
        retractions_total=2,
        poll_interval=12.0,
        disagreements=(Disagreement("people", (("rooms", 40.0), ("nodes", 900.0)), AT - 3_700),),
    )
    return msgspec.structs.replace(everything, **changes)


def tick(
    *observations: Observation,
    seq: int = int(AT),
    at: float = AT,
    alerts: tuple[Entry, ...] = (),
    notes: tuple[Note, ...] = (),
) -> Tick:
    return Tick(seq=seq, at=at, observations=observations, alerts=alerts, notes=notes)


def entry(name: str = "a1", since: float = AT, **changes: object) -> Entry:
    """An alert on the timeline that Alertmanager told of."""
    view = AlertView(
        id=name,
        subject=Subject(alert="RoomsEnded", service="spaces", lineage="launch"),
        severity=Severity.PAGE,
        source=Source.ALERTMANAGER,
        since=since,
        heard_at=since,
        summary="A room ended with 668,000 people in it.",
    )
    labels = {"alertname": "RoomsEnded", "rooms_service": "spaces"}
    return Entry(view=msgspec.structs.replace(view, **changes), fingerprint=f"f-{name}", labels=labels)


def note(name: str = "n1", at: float = AT) -> Note:
    return Note(id=name, at=at, by="ops", text="Told everybody where the new room is.")


def result(probe: str = "rooms", outcome: Outcome = Outcome.OK, **changes: object) -> ProbeResult:
    base = ProbeResult(service="spaces", node="n1", probe=probe, outcome=outcome, at=AT, seconds=0.04)
    return msgspec.structs.replace(base, **changes)
