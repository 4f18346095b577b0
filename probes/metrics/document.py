"""`config/prometheus/METRICS.md`: every metric with its labels and meaning, from the table of metrics."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Final

from probes.metrics.table import METRICS, OTHER, SERIES_LIMIT, Kind, Side, Spec
from probes.model import Cause, Disputed, Outcome, State

LABELS: Final[dict[str, str]] = {
    "rooms_service": "`name` of the service in the config",
    "rooms_node": f"id of the node; `{OTHER}`: the smaller ones together",
    "room": f"id of the room; `{OTHER}`: the smaller ones together",
    "lineage": "id of the chain of rooms in which one logical room goes on",
    "probe": "`rooms`: a poll; `join`: a join of our own",
    "outcome": "how a run or a try ended: "
    + ", ".join(f"`{outcome}`" for outcome in Outcome)
    + "; of a webhook: `taken`, "
    "`ignored`, or why it was refused",
    "state": ", ".join(f"`{state}`" for state in State),
    "cause": ", ".join(f"`{cause}`" for cause in Cause),
    "what": "what two sources tell of: " + ", ".join(f"`{disputed}`" for disputed in Disputed),
    "stage": "as far as a join had come: `dns`, `connect`, …; `total`: it was in",
    "sink": "who takes ticks: `history`, `link`, `metrics`",
    "sender": "whose webhook: `alertmanager`, `livekit`",
    "severity": "`page`: somebody is woken; `ticket`: it waits; `none`: a sign of life",
    "source": "who says that an alert fires: `alertmanager`, or `own` for Roomwatch's own evaluation",
    "process": "`prober` or `web`",
    "version": "of Roomwatch",
}
"""What the values of each label are."""

_HEAD = f"""# Metrics

What Roomwatch answers at `/metrics`, from both of its processes, in at most {SERIES_LIMIT:,} series whatever
the size of the service. This file is made from the table in `probes/metrics/table.py` by `make metrics`.

- A value that is not known has no series: it is never 0, and never the last one.
- Times are Unix timestamps, never ages, so that a process that hangs cannot look fresh.
- Counters and all their children begin at 0 when what they count is first watched.
- A histogram `x` has `x_bucket`, `x_sum` and `x_count`; its bounds are in its row.
- Room titles and people are in no metric; ids are cut to 128 bytes.
- Rules aggregate `instance` away with `max`, so that two Roomwatches with one config are one.
"""


def document() -> str:
    """The whole file as Markdown."""
    specs = METRICS.values()
    service = [spec for spec in specs if not spec.name.startswith("roomwatch_")]
    probes = [spec for spec in specs if spec not in service and "rooms_service" in spec.labels]
    ourselves = [spec for spec in specs if spec not in service and spec not in probes]
    parts = [
        _HEAD,
        *_section("The service under watch", service),
        *_section("Our probes", probes),
        *_section("Roomwatch itself", ourselves),
        *_labels(),
    ]
    return "\n".join(parts) + "\n"


def _section(title: str, specs: Iterable[Spec]) -> Iterator[str]:
    yield f"## {title}\n\n| metric | kind | labels | what it means |\n|---|---|---|---|"
    for spec in specs:
        labels = ", ".join(f"`{label}`" for label in spec.labels)
        yield f"| `{spec.name}` | {spec.kind} | {labels} | {_meaning(spec)} |"
    yield ""


def _meaning(spec: Spec) -> str:
    process = " (web process)" if spec.side is Side.WEB else ""
    if spec.kind is not Kind.HISTOGRAM:
        return spec.help + process
    return f"{spec.help}{process} Seconds: {', '.join(f'{bound:g}' for bound in spec.bounds)}."


def _labels() -> Iterator[str]:
    yield "## Labels\n\n| label | its values |\n|---|---|"
    for label, values in LABELS.items():
        yield f"| `{label}` | {values} |"


def main() -> None:
    """Print it."""
    sys.stdout.write(document())


if __name__ == "__main__":
    main()
