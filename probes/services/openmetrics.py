"""Any rooms service that has metrics and nothing else: config says which metrics and labels mean what."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from probes.config.units import Settings, as_list, revealed
from probes.exposition import Exposition, Samples, Selector
from probes.exposition.counted import NODE, ROOM, Counted, shown, whole
from probes.exposition.reader import ACCEPT
from probes.failure import ProbeFailed
from probes.http import Http
from probes.http.faults import bad_status
from probes.joins.base import JoinOutcome
from probes.mapping.rows import STATES, read_nodes, read_rooms
from probes.model import NodeReport, Outcome, Room, SnapshotPart
from probes.services.aside import Aside
from probes.services.base import Endpoint, ServiceSettings, one_note
from probes.services.growing import Growing

LARGEST_TOTAL = 2**53

Series = tuple[str, frozenset[tuple[str, str]]]


def _readable(text: str) -> str:
    try:
        Selector(text)
    except ValueError as error:
        raise PydanticCustomError("selector", "{why}", {"why": str(error)}) from None
    return text


MetricName = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_readable)]
MetricNames = Annotated[
    list[MetricName],
    Field(min_length=1, max_length=16),
    BeforeValidator(as_list, json_schema_input_type=MetricName | list[MetricName]),
]
LabelName = Annotated[str, Field(max_length=128, pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]


class RoomsMetric(Settings):
    """Which metric counts the people of each room, and which of its labels say what."""

    metric: MetricName
    id: LabelName
    node: LabelName | None = None
    """Without it a room is on the endpoint that was asked."""
    title: LabelName | None = None
    capacity_metric: MetricName | None = None
    """Has the same labels for a room and its node."""


class NodesMetric(Settings):
    """Which metric counts the people of each node."""

    metric: MetricName
    id: LabelName | None = None
    """Without it there is one node, the endpoint that was asked."""
    label: LabelName | None = None
    capacity_metric: MetricName | None = None


class OpenMetricsSettings(ServiceSettings):
    """A service of kind `openmetrics`. Its url is where its metrics are, such as http://10.0.0.5:6789/metrics."""

    kind: Literal["openmetrics"]
    rooms: RoomsMetric | None = None
    node_list: NodesMetric | None = None
    joins: dict[JoinOutcome, MetricNames] = Field(default={})
    """The service's own counters of joins, by outcome: the sum of all samples that are meant."""

    @model_validator(mode="after")
    def _somebody_is_counted(self) -> OpenMetricsSettings:
        if self.rooms is None and self.node_list is None:
            raise PydanticCustomError(
                "no_metric", "expected `rooms` or `node_list`: which metric counts people?"
            )
        return self


class OpenMetrics:
    """Polls the metrics of one service."""

    def __init__(self, settings: OpenMetricsSettings) -> None:
        self._settings = settings
        self._headers = {"Accept": ACCEPT} | revealed(settings.headers)
        self._limits = settings.limits
        self._rooms = _rooms(settings.rooms) if settings.rooms else None
        self._nodes = _nodes(settings.node_list) if settings.node_list else None
        self._joins = {outcome: list(map(Selector, texts)) for outcome, texts in settings.joins.items()}
        self._main = [counted for counted in (self._rooms, self._nodes) if counted is not None]
        meant = [selector for selectors in self._joins.values() for selector in selectors]
        self._names = [s.name for counted in self._main for s in counted.selectors] + [s.name for s in meant]
        self._exposition = Exposition(self._names)
        self._aside = Aside("ask for less")
        self._seen: set[str] = set()
        self._totals: dict[tuple[str, Outcome], Growing[Series]] = {}

    async def poll(self, endpoint: Endpoint, http: Http) -> SnapshotPart:
        """Ask `endpoint` for its metrics. Raises ProbeFailed when no usable answer came."""
        self._aside.refuse_while_reading(endpoint)
        answer = await http.ask("GET", endpoint.url, headers=self._headers, limits=self._limits)
        if not 200 <= answer.status < 300:
            raise bad_status(answer.status, answer.where)
        content_type = answer.headers.get("content-type", "")
        read = partial(self.read, answer.body, content_type, endpoint.id, answer.where)
        return await self._aside.read(endpoint, len(answer.body), read)

    def read(self, body: bytes, content_type: str, node: str, where: str) -> SnapshotPart:
        """What `body`, an answer from `where` for the node `node`, tells. Raises ProbeFailed (protocol)."""
        samples = self._exposition.read(body, content_type, where)
        notes = self._missing(samples, node, where)
        rooms, complete = self._read_rooms(samples, node, where, notes)
        return SnapshotPart(
            rooms=rooms,
            complete=complete,
            tells_rooms=self._rooms is not None,
            nodes=self._read_nodes(samples, node, notes),
            joins=self._read_joins(samples, node, notes),
            note=one_note(notes),
        )

    def _missing(self, samples: Samples, node: str, where: str) -> list[str]:
        """Notes on metrics that are not there. Many servers leave a metric out while it has no samples:
        that is taken for misspelt only where nothing else that is mapped was ever there.
        """
        if any(map(samples.tells, self._names)):
            self._seen.add(node)
        absent = [counted.metric for counted in self._main if not samples.tells(counted.metric.name)]
        if absent and node not in self._seen:
            raise ProbeFailed(
                Outcome.PROTOCOL,
                f"{where} has no metric `{absent[0].name}`; check `metric`, or is the service quite empty?",
            )
        return [f"no samples of `{metric.name}`: nobody is in, or it is misspelt" for metric in absent]

    def _read_rooms(
        self, samples: Samples, node: str, where: str, notes: list[str]
    ) -> tuple[Sequence[Room], bool]:
        if self._rooms is None:
            return (), True
        rows = self._rooms.rows(samples)
        if rows.left_out and not rows.read:
            raise ProbeFailed(Outcome.PROTOCOL, f"{where}: {rows.notes('rooms')[0]}; check `rooms`")
        notes += rows.notes("rooms")
        rooms, more = read_rooms(rows.columns(ROOM), node, STATES)
        notes += more
        return rooms, not rows.left_out

    def _read_nodes(self, samples: Samples, node: str, notes: list[str]) -> list[NodeReport]:
        if self._nodes is None:
            return []
        rows = self._nodes.rows(samples, node)
        notes += rows.notes("nodes")
        return read_nodes(rows.columns(NODE))

    def _read_joins(self, samples: Samples, node: str, notes: list[str]) -> dict[Outcome, int]:
        """Each counter's samples in one sum that never falls, whichever of them start again or vanish."""
        joins: dict[Outcome, int] = {}
        for outcome, selectors in self._joins.items():
            counts: dict[Series, int] = {}
            for selector in selectors:
                for sample in selector.of(samples.of(selector.name)):
                    count = whole(sample.value, LARGEST_TOTAL)
                    if count is None:
                        notes.append(f"a sample of joins.{outcome} is {shown(sample.value)}, and left out")
                    else:
                        series = selector.name, sample.series
                        counts[series] = max(count, counts.get(series, 0))
            total = self._totals.setdefault((node, outcome), Growing())
            if counts:
                joins[outcome] = total.take(counts)
        return joins


def _rooms(mapping: RoomsMetric) -> Counted:
    return Counted(mapping.metric, mapping.capacity_metric, mapping.id, mapping.node, mapping.title)


def _nodes(mapping: NodesMetric) -> Counted:
    return Counted(mapping.metric, mapping.capacity_metric, mapping.id, None, mapping.label)
