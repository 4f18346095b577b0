"""The condition of every alert in PromQL, made from the config.

Several Roomwatch may watch the same services, each scraped as an `instance`. Each is judged by its
own series, and of the verdicts the worst counts (`max by`): one that was just started has seen little,
and must not quieten what another has seen for long. For signs of life the best counts, for a node or a
service that answers one of them is not down. Nothing is ever summed over instances: two would count twice.

Valid for Prometheus 2.42 and later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from probes.alerting import conditions as c
from probes.alerting.conditions import Pair, share_of
from probes.config.units import duration_text
from probes.metrics.table import STAGE_BOUNDS
from probes.model import JOIN
from probes.settings import Config

_SERVICE = "by (rooms_service)"
_NODE = "by (rooms_service, rooms_node)"
_ROOM = "by (rooms_service, rooms_node, room)"
_LINEAGE = "by (rooms_service, lineage)"
_PROBE = "by (rooms_service, rooms_node, probe)"

TRIES: Final = "rooms_join_attempts_total"
OWN_JOINS: Final = f'roomwatch_probe_runs_total{{probe="{JOIN}"}}'
"""What counts joins by their outcome: the service, and our own at each node."""
_PEOPLE = f"max {_SERVICE} (rooms_service_participants)"


def number(value: float) -> str:
    """A number as PromQL and people write it."""
    return f"{value:.10g}"


def tries(counter: str, window: float) -> str:
    """How many tries `counter` counts within `window` seconds, by whatever labels beside the outcome."""
    return f"sum without (outcome) (increase({counter}[{duration_text(window)}]))"


def selected(counter: str, matcher: str) -> str:
    """`counter` with one label more that must match."""
    name, _, matchers = counter.rstrip("}").partition("{")
    return f"{name}{{{','.join(filter(None, [matchers, matcher]))}}}"


def failed(counter: str, window: float) -> str:
    """How many of them failed."""
    return tries(selected(counter, 'outcome!="joined"'), window)


def failed_share(counter: str, window: float) -> str:
    return f"{failed(counter, window)} / {tries(counter, window)}"


def _burns(counter: str, pair: Pair, fewest_over: float, config: Config) -> str:
    """Whether both windows burn too fast, on enough tries within `fewest_over` seconds."""
    share = number(share_of(pair, config.objectives.join_success))
    return (
        f"  {failed_share(counter, pair.long)} > {share}\n"
        f"and\n  {failed_share(counter, pair.short)} > {share}\n"
        f"and\n  {tries(counter, fewest_over)} >= {c.FEWEST_TRIES}\n"
        f"and\n  {failed(counter, fewest_over)} >= {c.FEWEST_FAILED}"
    )


def _within(by: str, condition: str) -> str:
    inner = "\n".join(f"  {line}" for line in condition.splitlines())
    return f"max {by} (\n{inner}\n)"


def _joins_failing(config: Config) -> str:
    return _within(_SERVICE, _burns(TRIES, c.LAUNCH, c.LAUNCH.long, config))


def _own_joins_failing(config: Config) -> str:
    in_a_row = f'max {_NODE} (roomwatch_probe_failures_in_a_row{{probe="{JOIN}"}}) >= {c.OWN_RUN}'
    often = _within(_NODE, _burns(OWN_JOINS, c.LAUNCH, c.LAUNCH.long, config))
    return f"{in_a_row}\nor\n{often}"


def _joins_burning(config: Config) -> str:
    return "\nor\n".join(
        _within(by, _burns(counter, pair, pair.short, config))
        for by, counter in ((_SERVICE, TRIES), (_NODE, OWN_JOINS))
        for pair in c.SLOW_BURNS
    )


def _joins_slow(config: Config) -> str:
    """A quantile beyond the last bound is told as that bound: from there on it cannot be said better."""
    within, last = config.objectives.join_within, STAGE_BOUNDS[-1]
    beyond = f"> {number(within)}" if within < last else f">= {number(last)}"
    quantile = number(min(c.SLOW_QUANTILE, config.objectives.join_success))
    window = duration_text(c.SLOW_OVER)
    metric = "roomwatch_join_stage_seconds"
    return _within(
        _SERVICE,
        f'  histogram_quantile({quantile}, rate({metric}_bucket{{stage="total"}}[{window}])) {beyond}\n'
        f'and\n  increase({metric}_count{{stage="total"}}[{window}]) >= {c.FEWEST_JOINED}',
    )


def _ended(_config: Config) -> str:
    """Ended for all who know of it: whoever has found a successor is right."""
    return (
        f"max {_LINEAGE} (rooms_relocation_participants_before)\n"
        f"and\nmin {_LINEAGE} (rooms_relocation_lost) == 1"
    )


def _few_followed(_config: Config) -> str:
    before = f"max {_LINEAGE} (rooms_relocation_participants_before)"
    now, then = "rooms_service_timestamp_seconds", "rooms_relocation_timestamp_seconds"
    rest = number(round(1 / c.MATTERS - 1, 6))
    return (
        f"max {_LINEAGE} (rooms_relocation_carried_over_ratio) < {number(c.FOLLOWED)}\n"
        "and\n"
        f"max {_SERVICE} ({now}) - on (rooms_service) group_right () max {_LINEAGE} ({then})"
        f" >= {number(c.FOLLOWED_AFTER)}\n"
        f"unless\nmax {_LINEAGE} (rooms_relocation_lost) == 1\n"
        f"unless\n{before} * {rest} < on (rooms_service) group_left () {_PEOPLE}"
    )


_CEILING = "\nunless on (rooms_service, rooms_node)\n  max by (rooms_service) (rooms_capacity_observed) == 1"
"""A ceiling is observed because joins fail at it, and that is told already."""


def _filling(config: Config, condition: str, but: str = "") -> str:
    """For the service and its nodes, and for rooms that matter. `but`: which services it is not said of."""
    whole, room = (f'min {_ROOM} (rooms_seconds_to_full{{room{of}""}}) {condition}' for of in ("=", "!="))
    share = f"max {_ROOM} (rooms_participants) * {number(1 / c.MATTERS)}"
    return (
        f"{whole}{but}\nor\n(\n  {room}\n"
        f"and\n  {share} >= on (rooms_service) group_left () {_PEOPLE}\n"
        f"and\n  ({_with_an_audience(config)})\n)"
    )


def _with_an_audience(config: Config) -> str:
    """Rooms with the audience from which the rooms of their service matter."""
    names: dict[int, list[str]] = {}
    for service in config.services:
        names.setdefault(service.audience, []).append(service.name)
    return " or ".join(
        f'max {_ROOM} (rooms_participants{{rooms_service=~"{_any_of(some)}"}}) >= {audience}'
        for audience, some in sorted(names.items())
    )


def _any_of(names: list[str]) -> str:
    """A regular expression for names of services, in which only the dot means more than itself."""
    return "|".join(name.replace(".", "[.]") for name in names)


def _data_stale(_config: Config) -> str:
    """Of a Roomwatch that hangs all data are old, and that is told already: those that go on know."""
    interval = f"max {_SERVICE} (rooms_poll_interval_seconds)"
    return (
        f"time() - max {_SERVICE} (\n  rooms_snapshot_timestamp_seconds\n"
        f"unless on (job, instance)\n  time() - roomwatch_frame_timestamp_seconds > {number(c.FRAME_STALE)}\n"
        f")\n  > {c.STALE_INTERVALS} * {interval} + {number(c.STALE_BEYOND)}"
    )


def _probe_overrun(_config: Config) -> str:
    window = duration_text(c.OVERRUN_OVER)
    late = (
        f"(increase(roomwatch_probe_overruns_total[{window}])"
        f" + increase(roomwatch_probe_missed_total[{window}]))"
    )
    runs = tries("roomwatch_probe_runs_total", c.OVERRUN_OVER)
    return _within(
        _PROBE, f"  {late} >= {c.FEWEST_LATE}\nand\n  {late} >= {number(c.LATE_SHARE)} * ({runs} + {late})"
    )


def _down(config: Config) -> str:
    up = f'up{{job="{config.alerts.job}"}}'
    return f"max ({up}) == 0\nor\nmax (absent({up}))"


def _stale(config: Config) -> str:
    """One that hangs goes on showing what it saw last, which would keep alerts firing: any of them counts."""
    frame = f'roomwatch_frame_timestamp_seconds{{job="{config.alerts.job}"}}'
    return f"time() - min ({frame}) > {number(c.FRAME_STALE)}"


def _replica_down(config: Config) -> str:
    """One that is away leaves no series but `up`. Another lives if any has a new frame.

    The value says which of the three it is: 0 down, 1 without a frame, else the age of its newest.
    """
    job = f'{{job="{config.alerts.job}"}}'
    frame = f"roomwatch_frame_timestamp_seconds{job}"
    trouble = (
        f"  up{job} == 0\nor\n"
        f"  time() - {frame} > {number(c.FRAME_STALE)}\nor\n"
        f"  up{job} == 1 unless on (instance) {frame}"
    )
    return f"{_within('by (instance)', trouble)}\nand on ()\n{_alive(config)}"


def _alive(config: Config) -> str:
    """The age of the newest frame of any Roomwatch: a sign of life of all that a page comes through."""
    frame = f'roomwatch_frame_timestamp_seconds{{job="{config.alerts.job}"}}'
    return f"time() - max ({frame}) <= {number(c.FRAME_STALE)}"


EXPRESSIONS: Final[Mapping[str, Callable[[Config], str]]] = {
    "RoomsJoinsFailing": _joins_failing,
    "RoomsOwnJoinsFailing": _own_joins_failing,
    "RoomsJoinBudgetBurning": _joins_burning,
    "RoomsJoinsSlow": _joins_slow,
    "RoomsRetryStorm": lambda _: f"max {_SERVICE} (rooms_retry_storm) == 1",
    "RoomsEnded": _ended,
    "RoomsFewFollowed": _few_followed,
    "RoomsCollapsed": lambda _: f"max {_SERVICE} (rooms_collapsed) == 1",
    "RoomsFull": lambda config: _filling(config, "== 0", _CEILING),
    "RoomsSoonFull": lambda config: _filling(config, f"> 0 < {number(c.SOON_FULL)}"),
    "RoomsNodeDown": lambda _: f"max {_NODE} (rooms_node_up) == 0",
    "RoomsDataStale": _data_stale,
    "RoomsSourcesDisagree": lambda _: "max by (rooms_service, what) (rooms_sources_disagree) == 1",
    "RoomsProbeFailing": lambda _: f"max {_PROBE} (roomwatch_probe_failures_in_a_row) >= {c.PROBE_RUN}",
    "RoomsProbeOverrun": _probe_overrun,
    "RoomwatchDown": _down,
    "RoomwatchStale": _stale,
    "RoomwatchReplicaDown": _replica_down,
    "RoomwatchWatchdog": _alive,
}
"""By the alert's name. Each keeps the labels of its alert in `ALERTS`, and no others."""
