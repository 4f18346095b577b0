"""Plays a seed to a Watch as the seeds service would tell it, with joins of our own where they are wanted."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from dashboard.demo import MAPPING
from probes.config.objectives import Objectives
from probes.joins.http import HttpJoinSettings
from probes.model import JoinAttempt, Observation, Outcome, ProbeResult
from probes.services.http_json import HttpJson, HttpJsonSettings
from probes.watch import Watch
from seeds import load
from seeds.play import Moment, Played


class Seen(NamedTuple):
    """What is known at `at` (wall time), `t` seconds after the start, and the runs that told it."""

    t: float
    at: float
    observation: Observation
    results: tuple[ProbeResult, ...]


def played(
    name: str,
    *,
    step: float = 1.0,
    speed: float = 1.0,
    until: float | None = None,
    start: float = 1000.0,
    join_every: float | None = None,
) -> Iterator[Seen]:
    """The seed `name` from `start` (wall time) on, polled every `step` seconds of its own time.

    Our joins come every `join_every` of its seconds, and fare as the crowd does.
    """
    play = Played(load(name))
    settings = _settings(step / speed, None if join_every is None else join_every / speed)
    service, watch = HttpJson(settings), Watch(settings, Objectives())
    node = settings.endpoints[0].id
    nodes = [{"id": n.id, "label": n.label} for n in play.seed.nodes]
    dice = random.Random(name)
    steps = int((play.lasts if until is None else until) // step)
    for t in (n * step for n in range(steps + 1)):
        moment, at = play.at(t), start + t / speed
        body = {
            "time": play.starts + t,
            "nodes": nodes,
            "rooms": [msgspec.to_builtins(room) for room in moment.rooms],
            "joins": moment.joins,
        }
        part = service.read(msgspec.json.encode(body), node, "the seeds service")
        results = [_result(node, "rooms", Outcome.OK, at, part=part)]
        if join_every is not None and t % join_every == 0:
            results.append(_join(node, moment, at, dice))
        for result in results:
            watch.observe(result)
        yield Seen(t, at + 0.01, watch.observation(at + 0.01), tuple(results))


def _settings(every: float, join_every: float | None) -> HttpJsonSettings:
    settings = HttpJsonSettings.model_validate(
        {"name": "spaces", "kind": "http-json", "url": "http://127.0.0.1/rooms", **MAPPING}
    ).model_copy(update={"every": every})
    if join_every is None:
        return settings
    join = HttpJoinSettings.model_validate({"via": "http", "room": "current", "every": "1s"})
    return settings.model_copy(update={"join": join.model_copy(update={"every": join_every})})


def _join(node: str, moment: Moment, at: float, dice: random.Random) -> ProbeResult:
    outcome = Outcome.NOT_FOUND
    if moment.current is not None:
        shares = moment.doors[moment.current].shares
        outcome = Outcome(dice.choices([*shares], [*shares.values()])[0])
    return _result(node, "join", outcome, at, attempt=JoinAttempt(room="current", outcome=outcome))


def _result(node: str, probe: str, outcome: Outcome, at: float, **told: object) -> ProbeResult:
    made = ProbeResult(service="spaces", node=node, probe=probe, outcome=outcome, at=at, seconds=0.01)
    return msgspec.structs.replace(made, **told)
