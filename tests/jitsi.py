"""A jicofo and bridges that answer as Jitsi's sources write their documents.

Fields, their order and their odd values (`"null"` as text) are those of `Application.kt`,
`FocusManager.kt`, `BridgeSelector.kt`, `Bridge.kt`, `JitsiMeetConferenceImpl.java`,
`ColibriV2SessionManager.kt`, `JicofoServices.kt` and `VideobridgeStatisticsShim.kt`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from probes.config.objectives import Objectives
from probes.failure import ProbeFailed
from probes.http import Http
from probes.model import POLL, Observation, SnapshotPart
from probes.runner import Probe, run
from probes.services.jitsi import Jitsi, JitsiSettings
from probes.watch import Watch
from tests.probes.raw_http import Exchange, RawServer, answer

MUC = "conference.meet.example.org"
BREWERY = "jvbbrewery@internal.auth.meet.example.org"
ASKED = {"/debug", "/debug/conferences-full", "/stats", "/colibri/stats", "/metrics"}


def bridge(endpoints: object, **more: object) -> dict[str, object]:
    """`Bridge.debugState`."""
    return {
        "corrected-stress": 0.13,
        "drain": False,
        "endpoints": endpoints,
        "endpoint-restart-requests": 0,
        "failing-ice": False,
        "graceful-shutdown": False,
        "healthy": True,
        "operational": True,
        "overloaded": False,
        "region": "null",
        "relay-id": "null",
        "release": "null",
        "shutting-down": False,
        "stress": 0.11,
        "version": "2.3.209",
    } | more


def conference(jid: str, sessions: Mapping[str, int]) -> dict[str, object]:
    """`JitsiMeetConferenceImpl.getDebugState`, with so many people on each bridge."""
    people = [(b, f"{b}{n:06x}") for b, count in sessions.items() for n in range(count)]
    return {
        "name": jid,
        "meeting_id": "3d9a5a5e-5f3c-4a4c-9d3e-2f6d1c0b7a11",
        "config": {"start_audio_muted": 10},
        "chat_room": {"room_jid": jid, "member_count": len(people) + 1},
        "participants": {who: {"id": who, "source_names": True} for _, who in people},
        "chat_room_role_manager": "null",
        "started": True,
        "start_audio_muted": False,
        "start_video_muted": False,
        "colibri_session_manager": {
            "participants": {who: {"id": who, "session": b} for b, who in people},
            "sessions": {
                name: {
                    "bridge": bridge(count),
                    "id": "af31b2",
                    "feedback_sources": {},
                    "created": True,
                    "relays": {},
                    "participants": [who for b, who in people if b == name],
                }
                for name, count in sessions.items()
            },
        },
        "conference_properties": {"visitors-enabled": "false"},
        "include_in_statistics": True,
        "visitor_count": 0,
        "participant_count": len(people),
    }


def bridge_stats(succeeded: object, failed: object) -> dict[str, object]:
    """`VideobridgeStatisticsShim.getStats`, its fields about people and connections."""
    return {
        "participants": 41,
        "stress_level": 0.11,
        "conferences": 2,
        "largest_conference": 30,
        "local_endpoints": 40,
        "dtls_failed_endpoints": 0,
        "total_ice_failed": failed,
        "total_ice_succeeded": succeeded,
        "graceful_shutdown": False,
        "shutting_down": False,
        "drain": False,
        "current_timestamp": "2023-05-24 22:00:00.000",
        "relay_id": "10.0.0.7:4096",
        "healthy": True,
        "version": "2.3.209",
        "region": "eu",
    }


def bridge_metrics(succeeded: float, failed: float) -> str:
    """`Prometheus.getPrometheusPlainText` of a bridge, its counters of connections and one beside them."""
    return (
        "# HELP jitsi_jvb_ice_failed_total Number of times an ICE Agent failed to establish connectivity.\n"
        "# TYPE jitsi_jvb_ice_failed_total counter\n"
        f"jitsi_jvb_ice_failed_total {failed}\n"
        "# HELP jitsi_jvb_ice_succeeded_total Number of times an ICE Agent succeeded.\n"
        "# TYPE jitsi_jvb_ice_succeeded_total counter\n"
        f"jitsi_jvb_ice_succeeded_total {succeeded}\n"
        "# HELP jitsi_jvb_ice_succeeded_relayed_total Those with a relayed candidate.\n"
        "# TYPE jitsi_jvb_ice_succeeded_relayed_total counter\n"
        "jitsi_jvb_ice_succeeded_relayed_total 10.0\n"
    )


class FakeJitsi:
    """Set `rooms`: for each the people on each bridge. What is `broken` answers with that status instead."""

    def __init__(self, rooms: Mapping[str, Mapping[str, int]] | None = None) -> None:
        self.rooms: dict[str, Mapping[str, int]] = dict(rooms or {})
        self.waiting: dict[str, object] = {}
        """Rooms that have people and are on no bridge."""
        self.bridges: dict[str, dict[str, object]] = {}
        self.stats: dict[str, object] = {"conferences": 0, "participants": 0}
        self.ice: dict[str, object] = bridge_stats(0, 0)
        self.metrics: str | None = None
        """What a bridge tells Prometheus, where that is switched on."""
        self.broken: dict[str, int] = {}
        self.asked: list[str] = []

    def documents(self) -> dict[str, Any]:
        names = {name for sessions in self.rooms.values() for name in sessions}
        loads = {n: sum(sessions.get(n, 0) for sessions in self.rooms.values()) for n in names}
        seen = {f"{BREWERY}/{n}": bridge(loads[n]) for n in sorted(loads)} | self.bridges
        counts = {f"{room}@{MUC}": sum(on.values()) for room, on in self.rooms.items()} | self.waiting
        return {
            "/debug": {
                "focus_manager": counts,
                "bridge_selector": {"strategy": "RegionBasedBridgeSelectionStrategy", "bridge": seen},
                "jibri_detector": "null",
                "sip_jibri_detector": "null",
                "jigasi_detector": "null",
                "av_moderation": {},
                "conference_iq_handler": {"drop_count": 0},
            },
            "/debug/conferences-full": {
                f"{room}@{MUC}": conference(f"{room}@{MUC}", on) for room, on in self.rooms.items()
            },
            "/stats": {"total_participants": 900, "bridge_failures": {"participants_moved": 3}, **self.stats},
            "/colibri/stats": self.ice,
        }

    async def __call__(self, exchange: Exchange) -> bool:
        self.asked.append(exchange.target)
        status = self.broken.get(exchange.target, 200)
        document = self.documents().get(exchange.target)
        if exchange.target == "/metrics" and self.metrics is not None:
            as_json = exchange.headers.get("accept", "").startswith("application/json")
            exchange.writer.write(answer(b"{}" if as_json else self.metrics.encode()))
        elif document is None:
            exchange.writer.write(answer(b"no", 404))
        else:
            exchange.writer.write(answer(json.dumps(document).encode(), status))
        return True


def settings(*urls: str, **more: Any) -> JitsiSettings:
    nodes = [{"id": f"focus-{n}", "url": url} for n, url in enumerate(urls)]
    return JitsiSettings.model_validate({"name": "rooms", "kind": "jitsi", "nodes": nodes, **more})


class Polls:
    """Polls of one Jitsi, at times that the test sets."""

    def __init__(self, server: RawServer, http: Http, **more: Any) -> None:
        self.now = 1000.0
        self.took = 0.0
        """How much time passes while something is asked."""
        self.settings = settings(server.url, **more)
        self.server = server
        self._http = http
        self._jitsi = Jitsi(self.settings, self._clock)
        self.watch = Watch(self.settings, Objectives())

    async def __call__(self, seconds: float = 1.0) -> SnapshotPart:
        """What a poll learns, `seconds` after the one before."""
        self.now += seconds
        (endpoint,) = self.settings.endpoints
        probe = Probe("rooms", endpoint.id, POLL, 1.0, 60.0, lambda: self._jitsi.poll(endpoint, self._http))
        result = replace(await run(probe), at=self.now)
        self.watch.observe(result)
        if result.part is None:
            raise ProbeFailed(result.outcome, result.detail, result.code)
        return result.part

    def see(self) -> Observation:
        return self.watch.observation(self.now)

    def _clock(self) -> float:
        self.now += self.took
        return self.now
