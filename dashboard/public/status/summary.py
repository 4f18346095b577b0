"""`summary.json` in the shape of Statuspage's, which many tools read already.

Names and words are those of its public API v2 (`/api/v2/summary.json`): `indicator` is none, minor, major
or critical; a component is operational, degraded_performance, partial_outage or major_outage; an incident
is investigating, identified, monitoring or resolved, and only those not resolved are listed. Statuspage
has no word for the unknown: it is minor and degraded, never well, and the description says what it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from dashboard.conditional import digest
from dashboard.public.day import Component, Day, Episode, Happening, Kind, Upcoming
from dashboard.public.facts import Facts
from dashboard.public.status.happenings import ONE
from dashboard.public.status.overall import overall
from probes.model import State

INDICATORS = {State.OK: "none", State.STRAINED: "minor", State.FAILING: "major", State.UNKNOWN: "minor"}
CRITICAL = "critical"
COMPONENTS = {
    State.OK: "operational",
    State.STRAINED: "degraded_performance",
    State.FAILING: "partial_outage",
    State.UNKNOWN: "degraded_performance",
}
_MOST_FAIL = 0.5


def summary(facts: Facts) -> bytes:
    """The JSON. Times are wall time, but a launch's, which is its own."""
    now = overall(facts)
    day = facts.day or Day(since=facts.at)
    page = digest(facts.title.encode())
    critical = facts.alive and any(
        s.state is State.FAILING and s.success is not None and s.success < _MOST_FAIL for s in facts.services
    )
    return msgspec.json.encode(
        {
            "page": {
                "id": page,
                "name": facts.title,
                "url": f"{facts.address}/status",
                "time_zone": "Etc/UTC",
                "updated_at": _iso(facts.at),
            },
            "status": {
                "indicator": CRITICAL if critical else INDICATORS[now.state],
                "description": now.sentence,
            },
            "components": [
                _component(each, place, page, facts) for place, each in enumerate(day.components, 1)
            ],
            "incidents": [
                _incident(each, _of(each, day), page, facts) for each in day.episodes if each.until is None
            ],
            "scheduled_maintenances": [_scheduled(each, page, facts) for each in day.upcoming],
        }
    )


def _component(each: Component, place: int, page: str, facts: Facts) -> dict[str, Any]:
    several = len(facts.services) > 1 and each.label != each.service
    return {
        "id": each.key,
        "name": f"{each.service}: {each.label}" if several else each.label,
        "status": _status(each, facts),
        "created_at": _iso(each.bars[0].at),
        "updated_at": _iso(facts.at),
        "position": place,
        "description": None,
        "showcase": False,
        "start_date": None,
        "group_id": None,
        "page_id": page,
        "group": False,
        "only_show_if_degraded": False,
    }


def _status(each: Component, facts: Facts) -> str:
    """What does not answer at all is more than a partial outage."""
    if not facts.alive:
        return COMPONENTS[State.UNKNOWN]
    return "major_outage" if each.gone else COMPONENTS[each.state]


def _of(episode: Episode, day: Day) -> list[Happening]:
    """What was told since it began, of this service or of all: the newest first."""
    return [
        each
        for each in day.happenings
        if _since(each, episode) and (each.service in ("", episode.service) or not episode.service)
    ]


def _since(each: Happening, episode: Episode) -> bool:
    """A room's end is noticed, and the state is bad, some polls after it."""
    return each.at >= episode.at or (each.kind is Kind.MOVE and each.time >= episode.time - ONE)


def _incident(episode: Episode, told: Iterable[Happening], page: str, facts: Facts) -> dict[str, Any]:
    status = "monitoring" if episode.over else "investigating"
    name = episode.title or "The room has ended"
    updates = [_update(each, episode, "identified" if _tells(each) else "investigating") for each in told]
    if not updates:
        updates = [_words(episode.key, episode, episode.text or name, "investigating", episode.at)]
    if any(update["status"] == "identified" for update in updates) and not episode.over:
        status = "identified"
    updates[0] = {**updates[0], "status": status}
    return {
        "id": episode.key,
        "name": f"{episode.service}: {name}" if episode.service else name,
        "status": status,
        "created_at": _iso(episode.at),
        "updated_at": updates[0]["updated_at"],
        "monitoring_at": None,
        "resolved_at": None,
        "impact": INDICATORS[episode.worst],
        "shortlink": f"{facts.address}/status",
        "started_at": _iso(episode.at),
        "page_id": page,
        "incident_updates": updates,
        "components": [],
    }


def _tells(each: Happening) -> bool:
    """What people said of it, or where a room went, is more than that something is wrong."""
    return each.kind is not Kind.STATE


def _update(each: Happening, episode: Episode, status: str) -> dict[str, Any]:
    body = f"{each.title}. {each.text}" if each.text else each.title
    return _words(each.key, episode, body, status, each.at)


def _words(key: str, episode: Episode, body: str, status: str, at: float) -> dict[str, Any]:
    told = _iso(at)
    return {
        "id": key,
        "status": status,
        "body": body,
        "incident_id": episode.key,
        "created_at": told,
        "updated_at": told,
        "display_at": told,
        "affected_components": None,
        "deliver_notifications": False,
        "custom_tweet": None,
        "tweet_id": None,
    }


def _scheduled(each: Upcoming, page: str, facts: Facts) -> dict[str, Any]:
    """A launch: nobody says when it ends, so that is the time of its start."""
    starts = _iso(each.starts_at)
    return {
        "id": each.key,
        "name": each.title,
        "status": "scheduled",
        "created_at": starts,
        "updated_at": starts,
        "monitoring_at": None,
        "resolved_at": None,
        "impact": "maintenance",
        "shortlink": f"{facts.address}/status",
        "started_at": starts,
        "page_id": page,
        "incident_updates": [],
        "components": [],
        "scheduled_for": starts,
        "scheduled_until": starts,
    }


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(at % 1 * 1000):03d}Z"
