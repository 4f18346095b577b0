"""Every metric's name, kind, labels and help, of both processes, in one place.

Times are Unix timestamps, never ages: a tick that hangs cannot look fresh.
A value that is not known has no series.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

SERIES_LIMIT: Final = 3_000
"""The most series of one Roomwatch, both processes together, whatever it watches."""

WEB_SERIES: Final = 50
"""The share of `SERIES_LIMIT` that belongs to the web process."""

OTHER: Final = "_other"
"""The label value of everything that has no series of its own."""

RUN_BOUNDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
STAGE_BOUNDS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
LAG_BOUNDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
BUILD_BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5)


class Kind(StrEnum):
    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


class Side(StrEnum):
    """Which process exposes a metric; a name is never in both."""

    PROBER = "prober"
    WEB = "web"


class Spec(NamedTuple):
    """One metric. `bounds` are the upper bounds of a histogram's buckets, in seconds."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    side: Side = Side.PROBER
    bounds: tuple[float, ...] = ()


_SERVICE = ("rooms_service",)
_NODE = ("rooms_service", "rooms_node")
_ROOM = ("rooms_service", "rooms_node", "room")
_LINEAGE = ("rooms_service", "lineage")
_PROBE = ("rooms_service", "rooms_node", "probe")
_G, _C, _H, _W = Kind.GAUGE, Kind.COUNTER, Kind.HISTOGRAM, Side.WEB

_TABLE = (
    # The service under watch.
    Spec("rooms_state", _G, "How the service is doing: 1 for the state that holds.", (*_SERVICE, "state")),
    Spec("rooms_open", _G, "Open rooms on the nodes that answer.", _SERVICE),
    Spec("rooms_other", _G, "Rooms beyond the largest ones, which share the label room=_other.", _SERVICE),
    Spec("rooms_service_participants", _G, "People in all rooms on the nodes that answer.", _SERVICE),
    Spec(
        "rooms_service_complete",
        _G,
        "1 if every node answered in full, so that sums cover all rooms.",
        _SERVICE,
    ),
    Spec("rooms_service_timestamp_seconds", _G, "The service's own clock, where it tells it.", _SERVICE),
    Spec(
        "rooms_service_pace_ratio",
        _G,
        "Service seconds that pass in one wall second; not 1 in a replay.",
        _SERVICE,
    ),
    Spec(
        "rooms_snapshot_timestamp_seconds", _G, "When the newest good answer of the service came.", _SERVICE
    ),
    Spec(
        "rooms_poll_interval_seconds",
        _G,
        "Seconds between two polls; more than configured where the service asks for it.",
        _SERVICE,
    ),
    Spec(
        "rooms_participants", _G, "People in one room; room=_other sums the rooms beyond the largest.", _ROOM
    ),
    Spec("rooms_room_capacity", _G, "The most people one room holds.", _ROOM),
    Spec("rooms_node_up", _G, "1 if the node answers, 0 if nothing good came for two intervals.", _NODE),
    Spec("rooms_node_participants", _G, "People in the rooms of one node.", _NODE),
    Spec("rooms_node_capacity", _G, "The most people one node holds.", _NODE),
    Spec("rooms_node_snapshot_timestamp_seconds", _G, "When the newest good answer of the node came.", _NODE),
    Spec("rooms_capacity", _G, "The most people the service holds: told, configured or observed.", _SERVICE),
    Spec(
        "rooms_capacity_observed",
        _G,
        "1 if the capacity is the observed ceiling, at which joins fail; 0 if it was told or configured.",
        _SERVICE,
    ),
    Spec("rooms_headroom_ratio", _G, "The share of the capacity that is free.", _SERVICE),
    Spec(
        "rooms_seconds_to_full",
        _G,
        "Seconds to full at the present growth; +Inf: never. A node has no room, the service neither.",
        _ROOM,
    ),
    Spec("rooms_soonest_seconds_to_full", _G, "The early end of the range of seconds to full.", _SERVICE),
    Spec("rooms_latest_seconds_to_full", _G, "The late end of the range of seconds to full.", _SERVICE),
    Spec("rooms_growth_per_second", _G, "People more a second of service time.", _SERVICE),
    Spec("rooms_growth_low_per_second", _G, "The low end of the range of growth.", _SERVICE),
    Spec("rooms_growth_high_per_second", _G, "The high end of the range of growth.", _SERVICE),
    Spec(
        "rooms_join_attempts_total",
        _C,
        "Tries to join that the service counted itself.",
        (*_SERVICE, "outcome"),
    ),
    Spec("rooms_door_waiting", _G, "People at the door who have not got in, estimated.", _SERVICE),
    Spec("rooms_door_tries_per_second", _G, "Tries to join a second, counted by the service.", _SERVICE),
    Spec("rooms_door_tries_per_person", _G, "Tries a person makes; 100 is that or more.", _SERVICE),
    Spec("rooms_retry_storm", _G, "1 while tries rise and no more people get in.", _SERVICE),
    Spec("rooms_sources_disagree", _G, "1 while two sources tell different things.", (*_SERVICE, "what")),
    Spec("rooms_collapsed", _G, "1 while half of all people are gone at once, as two sources say.", _SERVICE),
    Spec("rooms_relocations_total", _C, "Relocations, counted once they stand.", (*_SERVICE, "cause")),
    Spec("rooms_relocations_retracted_total", _C, "Relocations that stood and were taken back.", _SERVICE),
    Spec(
        "rooms_relocation_participants_before", _G, "People in the room before it moved or ended.", _LINEAGE
    ),
    Spec("rooms_relocation_participants_now", _G, "People in the room that it continues in.", _LINEAGE),
    Spec("rooms_relocation_carried_over_ratio", _G, "People now over people before.", _LINEAGE),
    Spec("rooms_relocation_dark_seconds", _G, "Seconds without a room, in the service's time.", _LINEAGE),
    Spec("rooms_relocation_confidence_ratio", _G, "How sure the relocation is, 0 to 1.", _LINEAGE),
    Spec(
        "rooms_relocation_lost", _G, "1 while nobody knows where the people of an ended room are.", _LINEAGE
    ),
    Spec("rooms_relocation_timestamp_seconds", _G, "When it happened, in the service's time.", _LINEAGE),
    # Our probes.
    Spec("roomwatch_probe_runs_total", _C, "Runs of a probe by how they ended.", (*_PROBE, "outcome")),
    Spec("roomwatch_probe_duration_seconds", _H, "How long runs of a probe took.", _PROBE, bounds=RUN_BOUNDS),
    Spec("roomwatch_probe_success", _G, "1 if the last run of the probe went well.", _PROBE),
    Spec(
        "roomwatch_probe_failures_in_a_row", _G, "Failed runs of the probe since its last good one.", _PROBE
    ),
    Spec("roomwatch_probe_last_duration_seconds", _G, "How long the last run of the probe took.", _PROBE),
    Spec("roomwatch_probe_last_run_timestamp_seconds", _G, "When the last run of the probe ended.", _PROBE),
    Spec(
        "roomwatch_probe_last_success_timestamp_seconds",
        _G,
        "When the last good run of the probe ended.",
        _PROBE,
    ),
    Spec("roomwatch_probe_missed_total", _C, "Runs that did not start in time.", _PROBE),
    Spec("roomwatch_probe_overruns_total", _C, "Runs left out because the one before still ran.", _PROBE),
    Spec("roomwatch_joins_total", _C, "Our own tries to join by how they ended.", (*_SERVICE, "outcome")),
    Spec(
        "roomwatch_join_stage_seconds",
        _H,
        "Seconds from the start of a join to the end of each stage it reached; total: until it was in.",
        (*_SERVICE, "stage"),
        bounds=STAGE_BOUNDS,
    ),
    # Ourselves.
    Spec("roomwatch_alerts_firing", _G, "Alerts on the timeline that fire.", ("severity", "source")),
    Spec("roomwatch_sink_dropped_total", _C, "Ticks that a sink could not take.", ("sink",)),
    Spec("roomwatch_history_size_bytes", _G, "Size of the history on disk."),
    Spec("roomwatch_history_written_timestamp_seconds", _G, "The tick that the history took last."),
    Spec(
        "roomwatch_history_write_errors_total", _C, "Writes to the history that failed and are tried again."
    ),
    Spec("roomwatch_build_info", _G, "Always 1; says which version runs.", ("version",), _W),
    Spec(
        "roomwatch_frame_timestamp_seconds",
        _G,
        "When the newest frame was made. While it stands still, all else is as it was then.",
        (),
        _W,
    ),
    Spec("roomwatch_frame_build_seconds", _H, "How long it took to make a frame.", (), _W, BUILD_BOUNDS),
    Spec(
        "roomwatch_prober_restarts_total", _C, "How often the prober process had to be started again.", (), _W
    ),
    Spec("roomwatch_hooks_total", _C, "Webhooks by sender and outcome.", ("sender", "outcome"), _W),
    Spec("roomwatch_viewers", _G, "Event streams that are open now.", (), _W),
    Spec("roomwatch_frames_skipped_total", _C, "Frames that slow viewers did not get.", (), _W),
    Spec(
        "roomwatch_loop_lag_seconds",
        _G,
        "How late the loop of a process woke up, the worst in the last tick.",
        ("process",),
        _W,
    ),
    Spec(
        "roomwatch_web_loop_lag_seconds",
        _H,
        "How late the loop of the web process woke up, asked twenty times a second.",
        (),
        _W,
        LAG_BOUNDS,
    ),
)

METRICS: Final[dict[str, Spec]] = {spec.name: spec for spec in _TABLE}
