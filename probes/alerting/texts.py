"""What alerts say, as Prometheus templates: the summary in a line, the description with the numbers and why.

Labels come in as data and are never read as a template again. Ids of rooms are hostile all the same:
who shows these texts makes them inert there.
"""

from __future__ import annotations

from typing import NamedTuple

from probes.alerting import conditions as c
from probes.alerting.conditions import share_of
from probes.config.units import duration_text
from probes.settings import Config


class Text(NamedTuple):
    summary: str
    description: str


_SERVICE = "{{ $labels.rooms_service }}"
_NODE = "node {{ $labels.rooms_node }} of {{ $labels.rooms_service }}"
_WHAT_IS_FULL = (
    "{{ if $labels.room }}Room {{ $labels.room }} on node {{ $labels.rooms_node }} of "
    "{{ else if $labels.rooms_node }}Node {{ $labels.rooms_node }} of {{ end }}{{ $labels.rooms_service }}"
)
_WHY_JOINS_FAIL = (
    '{{ with printf "topk(3, max by (outcome) (increase(rooms_join_attempts_total'
    '{rooms_service=%q,outcome!=\\"joined\\"}[1m])) > 0)" $labels.rooms_service | query }}'
    " In the last minute: {{ range $i, $each := . }}{{ if $i }}, {{ end }}{{ $each.Value | humanize }} "
    "{{ $each.Labels.outcome }}{{ end }}.{{ end }}"
)
_PEOPLE_NOW = (
    '{{ with printf "max by (rooms_service) (rooms_service_participants{rooms_service=%q})" '
    "$labels.rooms_service | query }} {{ . | first | value | humanize }} people are in rooms now.{{ end }}"
)


def texts(config: Config) -> dict[str, Text]:
    """The texts of every alert, by its name."""
    promised = config.objectives.join_success
    share = _percent(share_of(c.LAUNCH, promised))
    allowed = _percent(1 - promised)
    within = duration_text(config.objectives.join_within)
    return {
        "RoomsJoinsFailing": Text(
            f"{{{{ $value | humanizePercentage }}}} of joins at {_SERVICE} fail",
            f"Above {share} both in the last 30 s and in the last minute, by the service's own counters; "
            f"promised is that at most {allowed} fail.{_WHY_JOINS_FAIL}{_PEOPLE_NOW}",
        ),
        "RoomsOwnJoinsFailing": Text(
            "{{ if gt $value 1.0 }}{{ $value | humanize }} joins of our own in a row failed{{ else }}"
            f"{{{{ $value | humanizePercentage }}}} of our own joins fail{{{{ end }}}} at {_NODE}",
            "A newcomer fares as our probe does. The board's probes panel says how the last one ended.",
        ),
        "RoomsJoinBudgetBurning": Text(
            "{{ $value | humanizePercentage }} of "
            "{{ if $labels.rooms_node }}our own joins at node {{ $labels.rooms_node }} of {{ else }}joins at "
            f"{{{{ end }}}}{_SERVICE} fail, and have for a while",
            f"Promised is that at most {allowed} fail. It goes on, and at this rate what may fail "
            "in a month has failed within days.",
        ),
        "RoomsJoinsSlow": Text(
            f"Our own joins at {_SERVICE} take up to {{{{ $value | humanizeDuration }}}}",
            f"So long take all but the slowest twentieth of the last 5 min; promised is {within}.",
        ),
        "RoomsRetryStorm": Text(
            f"A retry storm at {_SERVICE}: tries rise and no more people get in",
            '{{ with printf "max by (rooms_service) (rooms_door_tries_per_second{rooms_service=%q})" '
            "$labels.rooms_service | query }}{{ . | first | value | humanize }} tries a second.{{ end }}"
            '{{ with printf "max by (rooms_service) (rooms_door_tries_per_person{rooms_service=%q})" '
            "$labels.rooms_service | query }} {{ . | first | value | humanize }} tries a person.{{ end }}",
        ),
        "RoomsEnded": Text(
            f"A room of {_SERVICE} ended with {{{{ $value | humanize }}}} listening; no successor is known",
            "If you know where it goes on, name that room on the board. "
            f"Lineage {{{{ $labels.lineage }}}}.{_PEOPLE_NOW}",
        ),
        "RoomsFewFollowed": Text(
            f"{{{{ $value | humanizePercentage }}}} have followed a room of {_SERVICE} that moved on",
            f"That is {duration_text(c.FOLLOWED_AFTER)} after it opened there. The others do not know "
            f"where to go, or cannot get in. Lineage {{{{ $labels.lineage }}}}.{_PEOPLE_NOW}",
        ),
        "RoomsCollapsed": Text(
            f"Half of all people or more are gone from {_SERVICE} within a minute",
            f"A second source confirms it: nodes, joins, or a room that ended.{_PEOPLE_NOW}",
        ),
        "RoomsFull": Text(
            f"{_WHAT_IS_FULL} is full",
            f"Newcomers are turned away, or soon will be.{_PEOPLE_NOW}",
        ),
        "RoomsSoonFull": Text(
            f"{_WHAT_IS_FULL} is full in {{{{ $value | humanizeDuration }}}} at this growth",
            f"The board shows the forecast with its range.{_PEOPLE_NOW}",
        ),
        "RoomsNodeDown": Text(
            "Node {{ $labels.rooms_node }} of {{ $labels.rooms_service }} does not answer",
            "It has given no good answer for two polls and more. Its rooms are unknown, not ended: "
            "whether the people in them still hear anything, our own joins tell.",
        ),
        "RoomsDataStale": Text(
            f"{_SERVICE} has given no good answer for {{{{ $value | humanizeDuration }}}}",
            "All that is shown of it is as old. Nothing else can be said of it until it answers.",
        ),
        "RoomsSourcesDisagree": Text(
            f"Sources disagree on {{{{ $labels.what }}}} at {_SERVICE}",
            "people: rooms against nodes; admitted: rooms against those let in; joins: the service's share "
            "against ours; room: the list against our joins. The board's reasons have both numbers. "
            "Trust neither alone.",
        ),
        "RoomsProbeFailing": Text(
            f"Probe {{{{ $labels.probe }}}} at {_NODE} failed {{{{ $value | humanize }}}} times in a row",
            "The board's probes panel says how and why.",
        ),
        "RoomsProbeOverrun": Text(
            f"{{{{ $value | humanize }}}} runs of probe {{{{ $labels.probe }}}} at {_NODE} "
            "were left out or late in 5 min",
            "The one before still ran, or Roomwatch had no time. What it shows is older than it should be.",
        ),
        "RoomwatchDown": Text(
            "Prometheus reaches no Roomwatch: nobody watches the rooms",
            "Until it is back no other alert of Roomwatch can fire.",
        ),
        "RoomwatchStale": Text(
            "A Roomwatch makes no new frames: the newest is {{ $value | humanizeDuration }} old",
            f'{{{{ range query "time() - roomwatch_frame_timestamp_seconds > {c.FRAME_STALE:g}" }}}}'
            "{{ .Labels.instance }} {{ end }}shows what it saw last, and its alerts may be as old.",
        ),
        "RoomwatchReplicaDown": Text(
            "One of several Roomwatch, {{ $labels.instance }}, {{ if eq $value 0.0 }}is down"
            "{{ else if eq $value 1.0 }}makes no frames"
            "{{ else }}makes no new frames: the newest is {{ $value | humanizeDuration }} old{{ end }}",
            "Another watches on, and pages as before; should that one end as well, nobody does.",
        ),
        "RoomwatchWatchdog": Text(
            "Alerting works",
            "It fires while frames are made. A dead man's switch calls you when it stops coming.",
        ),
    }


def _percent(share: float) -> str:
    return f"{share * 100:.4g}%"
