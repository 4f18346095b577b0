"""The ways of joining. Adding one: a file here, a line in JOINS, a line in the README's table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Union

from pydantic import Field

from probes.joins import http, janus_signal, livekit_validate
from probes.joins.base import JoinBase, Joiner

__all__ = ["JOINS", "JoinSettings", "Way"]


class Way(NamedTuple):
    """One way of joining: its part of the config file, and how it is opened."""

    settings: type[JoinBase]
    open: Callable[[Any], Joiner]


JOINS: dict[str, Way] = {
    "http": Way(http.HttpJoinSettings, http.HttpJoin),
    "janus-signal": Way(janus_signal.JanusSignalSettings, janus_signal.JanusSignal),
    "livekit-validate": Way(livekit_validate.LiveKitValidateSettings, livekit_validate.LiveKitValidate),
}

if TYPE_CHECKING:
    JoinSettings = JoinBase
else:  # made from the table, so that a way is one line
    JoinSettings = Annotated[
        Union[tuple(way.settings for way in JOINS.values())],  # noqa: UP007
        Field(discriminator="via"),
    ]
