"""Values that boards and Grafana share, recorded once by Prometheus: level:metric:operation.

As in the alerts, several Roomwatch that watch the same give one value: shares are those of the one that
sees it worst, numbers those of the one that sees most.
"""

from __future__ import annotations

from typing import Final

from probes.alerting.expressions import OWN_JOINS, TRIES, selected, tries


def _success(by: str, counter: str, window: float) -> str:
    """The share of joins that get in, where there are any."""
    joined = tries(selected(counter, 'outcome="joined"'), window)
    return f"min by ({by}) (\n  {joined}\n  /\n  ({tries(counter, window)} > 0)\n)"


RECORDED: Final[dict[str, str]] = {
    "service:rooms_participants:max": "max by (rooms_service) (rooms_service_participants)",
    "node:rooms_participants:max": "max by (rooms_service, rooms_node) (rooms_node_participants)",
    "service:rooms_open:max": "max by (rooms_service) (rooms_open)",
    "service:rooms_door_waiting:max": "max by (rooms_service) (rooms_door_waiting)",
    "service:rooms_join_attempts:rate1m": (
        f"max by (rooms_service) (sum without (outcome) (rate({TRIES}[1m])))"
    ),
    "service_outcome:rooms_join_attempts:rate1m": (f"max by (rooms_service, outcome) (rate({TRIES}[1m]))"),
    "service:rooms_join_success:ratio_increase30s": _success("rooms_service", TRIES, 30),
    "service:rooms_join_success:ratio_increase1m": _success("rooms_service", TRIES, 60),
    "service:rooms_join_success:ratio_increase5m": _success("rooms_service", TRIES, 300),
    "node:roomwatch_join_success:ratio_increase5m": _success("rooms_service, rooms_node", OWN_JOINS, 300),
}
"""PromQL by the name of the series."""
