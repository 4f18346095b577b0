"""Every alert in one place: its name, how urgent it is, and when it fires.

Prometheus' rules, the evaluation of Roomwatch's own, the runbooks and the README's table follow this one.
The numbers of the conditions are in `conditions.py`, what an alert says in `texts.py`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class Severity(StrEnum):
    """What is to happen: wake somebody, look at it today, or nothing (a sign of life)."""

    PAGE = "page"
    TICKET = "ticket"
    NONE = "none"

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return [*Severity].index(self)


class Alert(NamedTuple):
    """One alert. `labels` name its subject; `hold` and `keep` are seconds (`for`, `keep_firing_for`).

    A label that does not apply is left out: a full service has no room.
    """

    name: str
    severity: Severity
    labels: tuple[str, ...]
    meaning: str
    """When it fires, in one plain sentence."""
    hold: int = 0
    keep: int = 0


_SERVICE = ("rooms_service",)
_NODE = ("rooms_service", "rooms_node")
_ROOM = ("rooms_service", "rooms_node", "room")
_PROBE = ("rooms_service", "rooms_node", "probe")
_P, _T = Severity.PAGE, Severity.TICKET

# `hold` is short where the condition itself looks back over a while; `keep` bridges the good minute
# in a bad hour, so that one trouble is one page.
_TABLE = (
    # People cannot get in.
    Alert("RoomsJoinsFailing", _P, _SERVICE, "Of the service's tries, far more fail than promised.", 0, 60),
    Alert(
        "RoomsOwnJoinsFailing",
        _P,
        _NODE,
        "Three joins of our own in a row fail at a node, or many do.",
        0,
        300,
    ),
    Alert("RoomsJoinBudgetBurning", _T, _NODE, "Joins fail slowly, but for long.", 60, 300),
    Alert("RoomsJoinsSlow", _T, _SERVICE, "Our own joins take longer than promised.", 60, 300),
    Alert("RoomsRetryStorm", _T, _SERVICE, "Tries rise and no more people get in.", 0, 120),
    # Where the people are.
    Alert(
        "RoomsEnded",
        _P,
        (*_SERVICE, "lineage"),
        "A room ended with an audience; no successor is known.",
        10,
        30,
    ),
    Alert(
        "RoomsFewFollowed",
        _P,
        (*_SERVICE, "lineage"),
        "A room went on elsewhere and few have followed.",
        15,
        60,
    ),
    Alert("RoomsCollapsed", _P, _SERVICE, "Half of all people are gone at once, as two sources say.", 0, 60),
    Alert("RoomsFull", _P, _ROOM, "A room, a node or the service is full.", 10, 60),
    Alert(
        "RoomsSoonFull",
        _T,
        _ROOM,
        "A room, a node or the service is full within 10 min at this growth.",
        15,
        120,
    ),
    # What we know it from.
    Alert("RoomsNodeDown", _P, _NODE, "A node does not answer.", 15, 30),
    Alert("RoomsDataStale", _P, _SERVICE, "No good answer of the service has come for a while.", 10, 30),
    Alert("RoomsSourcesDisagree", _T, (*_SERVICE, "what"), "Two sources tell different things.", 15, 120),
    Alert("RoomsProbeFailing", _T, _PROBE, "A probe fails, run after run.", 30, 120),
    Alert("RoomsProbeOverrun", _T, _PROBE, "Runs of a probe are left out or start too late.", 30, 300),
    # Roomwatch itself.
    Alert("RoomwatchDown", _P, (), "Prometheus reaches no Roomwatch.", 15, 0),
    Alert("RoomwatchStale", _P, (), "A Roomwatch answers, but makes no new frames.", 0, 30),
    Alert(
        "RoomwatchReplicaDown",
        _T,
        ("instance",),
        "One of several Roomwatch is down or makes no frames; another watches.",
        60,
        60,
    ),
    Alert(
        "RoomwatchWatchdog",
        Severity.NONE,
        (),
        "Fires while all is well: where it is missing, nobody can be paged.",
    ),
)

ALERTS: Final[dict[str, Alert]] = {alert.name: alert for alert in _TABLE}
