"""What every kind of rooms service has in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Protocol
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from probes.config.door import DoorSettings
from probes.config.lineage import LineageSettings
from probes.config.units import Duration, HeaderName, HeaderValue, Interval, Name, Settings, Size, Url
from probes.http import Http, Limits
from probes.joins import JoinSettings
from probes.model import LARGEST_COUNT, SnapshotPart, plain_text

NOTE_BYTES = 300


class Endpoint(Settings):
    """One url that is polled. `id` names the node; `label` is what the public may see of it."""

    url: Url
    id: Annotated[str, Field(min_length=1, max_length=128)] = ""
    label: Annotated[str, Field(max_length=128)] = ""
    join_url: Url | None = None
    """Where joins of this node go, if not to `url`."""

    @model_validator(mode="after")
    def _name_by_address(self) -> Endpoint:
        if not self.id:
            parts = urlsplit(self.url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            object.__setattr__(self, "id", f"{parts.hostname}:{port}")
        return self


def _endpoint(value: object) -> object:
    return {"url": value} if isinstance(value, str) else value


class ServiceSettings(Settings):
    """The keys that every service has; a kind adds its own in its own file."""

    name: Name
    kind: str
    nodes: list[Annotated[Endpoint, BeforeValidator(_endpoint, json_schema_input_type=Url | Endpoint)]] = (
        Field(default=[], max_length=64)
    )
    url: Url | None = None
    every: Interval = 1.0
    timeout: Duration = 5.0
    capacity: Annotated[int, Field(gt=0, le=LARGEST_COUNT)] | None = None
    """How many people the whole service can hold."""
    audience: Annotated[int, Field(gt=0)] = 10
    """The fewest people whose room's end counts as ended with an audience."""
    lineage: LineageSettings = LineageSettings()
    """How rooms are followed when they end, move or spill over."""
    headers: dict[HeaderName, HeaderValue] = Field(default={})
    follow_redirects: bool = False
    verify_tls: bool = True
    max_body: Size = 64_000_000
    join: JoinSettings | None = None
    door: DoorSettings = DoorSettings()

    @model_validator(mode="after")
    def _one_way_to_say_where(self) -> ServiceSettings:
        if bool(self.nodes) == bool(self.url):
            raise PydanticCustomError("where", "expected either `url` or a list of `nodes`, and not both")
        ids = [endpoint.id for endpoint in self.endpoints]
        doubled = sorted({i for i in ids if ids.count(i) > 1})
        if doubled:
            raise PydanticCustomError(
                "duplicate_node", "two nodes have the id {id}; give each its own", {"id": doubled[0]}
            )
        return self

    @model_validator(mode="after")
    def _joins_go_to_nodes_that_are_here(self) -> ServiceSettings:
        known = [endpoint.id for endpoint in self.endpoints]
        strange = [node for node in self.join.nodes if node not in known] if self.join else []
        if strange:
            raise PydanticCustomError(
                "unknown_node",
                "`join.nodes` names {node}, which is none of this service's nodes: {known}",
                {"node": strange[0], "known": ", ".join(known)},
            )
        return self

    @property
    def limits(self) -> Limits:
        """What an answer to a poll may be."""
        return Limits(self.max_body, self.follow_redirects, self.verify_tls)

    @property
    def joined_endpoints(self) -> list[Endpoint]:
        """Where joins are tried."""
        wanted = self.join.nodes if self.join else []
        return [endpoint for endpoint in self.endpoints if not wanted or endpoint.id in wanted]

    @property
    def endpoints(self) -> list[Endpoint]:
        return self.nodes or [Endpoint(url=self.url or "")]


def one_note(notes: Iterable[str]) -> str:
    """All that is to be said of one answer, for `SnapshotPart.note`; of a bounded length."""
    return plain_text("; ".join(filter(None, notes)), NOTE_BYTES)


class RoomsService(Protocol):
    """One kind of rooms service. `poll` is one question to one endpoint."""

    async def poll(self, endpoint: Endpoint, http: Http) -> SnapshotPart:
        """Ask `endpoint` for its rooms. Raises ProbeFailed when no usable answer came."""
        ...
