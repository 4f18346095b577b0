"""The kinds of rooms services. Adding one: a file here, a line in SERVICES, a line in the README's table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Union

from pydantic import Field

from probes.services import http_json, janus, jitsi, livekit, openmetrics, x_spaces
from probes.services.base import RoomsService, ServiceSettings

__all__ = ["SERVICES", "AnyService", "Kind"]


class Kind(NamedTuple):
    """One kind of rooms service: its part of the config file, and how it is opened."""

    settings: type[ServiceSettings]
    open: Callable[[Any], RoomsService]


SERVICES: dict[str, Kind] = {
    "http-json": Kind(http_json.HttpJsonSettings, http_json.HttpJson),
    "janus": Kind(janus.JanusSettings, janus.Janus),
    "jitsi": Kind(jitsi.JitsiSettings, jitsi.Jitsi),
    "openmetrics": Kind(openmetrics.OpenMetricsSettings, openmetrics.OpenMetrics),
    "livekit": Kind(livekit.LiveKitSettings, livekit.LiveKit),
    "x-spaces": Kind(x_spaces.XSpacesSettings, x_spaces.XSpaces),
}

if TYPE_CHECKING:
    AnyService = ServiceSettings
else:  # made from the table, so that a kind is one line
    AnyService = Annotated[
        Union[tuple(kind.settings for kind in SERVICES.values())],  # noqa: UP007
        Field(discriminator="kind"),
    ]
