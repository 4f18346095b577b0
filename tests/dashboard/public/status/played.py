"""Days for tests: what was seen of a service, tick by tick, and the facts that come of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml

from dashboard.frames import Frame, ProberView, events_of
from dashboard.public.facts import Facts
from dashboard.public.seeing import facts_of
from dashboard.public.status.reading import Days
from probes.config.embed import PublicPanel
from probes.history import HISTORIES, Reader, sample_of
from probes.model import Observation, Outcome, Sample, State
from probes.settings import Config, parse
from probes.timeline.entries import Note
from tests.probes.seen import AT, observation

ALL = [panel.value for panel in PublicPanel]
STEP = 5.0
"""Seconds between two ticks."""

Stretch = tuple[State, float]
"""A state and for how many seconds."""


def config(services: Iterable[str] = ("spaces",), events: Sequence[Any] = (), **public: Any) -> Config:
    """Everything is public, exactly, unless `public` says otherwise."""
    document = {
        "services": [
            {"name": name, "kind": "http-json", "url": "http://127.0.0.1:1/rooms"} for name in services
        ],
        "events": list(events),
        "embed": {
            "public": {
                "title": "Live audio status",
                "panels": ALL,
                "services": [{"name": name, "label": f"The {name}"} for name in services],
                "rooms": ["*"],
                "numbers": "exact",
                **public,
            }
        },
    }
    return parse(yaml.safe_dump(document), "roomwatch.yaml", Path())


def samples(*stretches: Stretch, until: float = AT, like: Observation | None = None) -> list[Sample]:
    """A tick each `STEP` seconds up to `until`; nine in ten joins get in but where it is well."""
    seen = like or observation(service_time=None, pace=1.0)
    start = until - sum(seconds for _, seconds in stretches)
    made: list[Sample] = []
    totals: dict[Outcome, int] = {Outcome.JOINED: 0, Outcome.TIMEOUT: 0}
    at = start
    for state, seconds in stretches:
        for _ in range(int(seconds / STEP)):
            failed = 0 if state is State.OK else 10
            totals = {
                Outcome.JOINED: totals[Outcome.JOINED] + 100 - failed,
                Outcome.TIMEOUT: totals[Outcome.TIMEOUT] + failed,
            }
            made.append(
                msgspec.structs.replace(
                    sample_of(seen, int(at), at),
                    state=state,
                    totals=totals,
                    success_ratio=1 - failed / 100,
                    errors={Outcome.TIMEOUT: failed / 100} if failed else {},
                )
            )
            at += STEP
    return made


def frame(
    *observations: Observation,
    at: float = AT,
    notes: tuple[Note, ...] = (),
    of: Config | None = None,
    alive: bool = True,
) -> Frame:
    return Frame(
        seq=int(at),
        at=at,
        tick=1.0,
        services=observations,
        events=events_of(of) if of else (),
        notes=notes,
        prober=ProberView(alive=alive),
    )


def no_history() -> Reader:
    return HISTORIES["sqlite"].read(Path("there is no such file"))


def days(of: Config, reader: Reader | None = None, at: float = AT) -> Days:
    """With what history holds at wall time `at`, as it is after a start."""
    made = Days(lambda: of, lambda: reader or no_history(), lambda: at)
    asyncio.run(made.read())
    return made


def facts(
    of: Config, shown: Frame, pasts: Mapping[str, Sequence[Sample]], known: Days | None = None
) -> Facts:
    """What is public of a frame, with its day."""
    told = facts_of(shown, pasts, of.embed.public, of.objectives.join_success)
    day = (known or days(of)).day(shown, pasts, told, of)
    return msgspec.structs.replace(told, day=day)


def facts_after(*stretches: Stretch, of: Config | None = None, **changes: Any) -> Facts:
    """The facts of one service after these stretches; `changes` are to its observation of now."""
    seen = observation(
        **{"service_time": None, "pace": 1.0, "state": stretches[-1][0], "relocations": (), **changes}
    )
    settings = of or config()
    return facts(settings, frame(seen, of=settings), {"spaces": samples(*stretches)})
