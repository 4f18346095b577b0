"""The Spaces part of the X API over HTTP: its shapes, its errors, its limit for each path with its headers.

From the vendor's OpenAPI document (xdevplatform/xdk, specs/openapi.json: Space, SearchSpacesResponse,
ResourceNotFoundProblem) and docs.x.com (x-api/spaces; fundamentals: rate limits, response codes and errors).
"""

from __future__ import annotations

import json
import time
from collections import Counter
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.probes.raw_http import Exchange, answer

TOKEN = "AAAA-app-bearer-token"
CREATOR, OTHER_CREATOR = "44196397", "783214"
UNASKED = {
    "lang": "en",
    "is_ticketed": False,
    "topics": [{"id": "848920371311001600"}],
    "of_tomorrow": {"a": 1},
}


def space(ident: str, people: int | str | None = 10, state: str = "live", **more: Any) -> dict[str, Any]:
    """One Space with all fields that may be asked for."""
    return {
        "id": ident,
        "state": state,
        "title": f"Space {ident}",
        "participant_count": people,
        "creator_id": CREATOR,
        "host_ids": [CREATOR],
        "speaker_ids": ["17874544"],
        "started_at": "2023-05-24T22:00:00.000Z",
        **more,
    }


def problem(kind: str, ident: str, **more: Any) -> dict[str, Any]:
    """An entry of `errors` beside an answer."""
    return {
        "value": ident,
        "detail": f"Could not find space with ids: [{ident}].",
        "title": "Not Found Error",
        "resource_type": "space",
        "parameter": "ids",
        "resource_id": ident,
        "type": f"https://api.x.com/2/problems/{kind}",
        **more,
    }


class XApi:
    """Tells of `spaces`, which a test changes at any time. `left` are the requests left of each path.

    `failing` are paths with an answer of their own; `ahead` sets its clock.
    """

    def __init__(self, *spaces: dict[str, Any], limit: int = 300, window: float = 900.0) -> None:
        self.spaces = {one["id"]: one for one in spaces}
        self.limit = limit
        self.left: dict[str, int] = {}
        self.ahead = 0.0
        self.window = window
        self.resets_at = time.time() + window
        self.refused = 0
        self.failing: dict[str, bytes] = {}
        self.problems: list[dict[str, Any]] = []
        self.asked: Counter[str] = Counter()
        self.queries: list[tuple[str, dict[str, str]]] = []
        self.times: list[float] = []

    async def __call__(self, exchange: Exchange) -> bool:
        exchange.writer.write(self._answer(exchange))
        return True

    def _answer(self, exchange: Exchange) -> bytes:
        target = urlsplit(exchange.target)
        query = {name: values[0] for name, values in parse_qs(target.query).items()}
        self.asked[target.path] += 1
        self.queries.append((target.path, query))
        self.times.append(time.monotonic())
        if exchange.headers.get("authorization") != f"Bearer {TOKEN}":
            return self._send({"title": "Unauthorized", "type": "about:blank", "detail": "Unauthorized"}, 401)
        if time.time() >= self.resets_at:
            self.left.clear()
            self.resets_at = time.time() + self.window
        left = self.left.get(target.path, self.limit)
        self.left[target.path] = max(0, left - 1)
        limits = {
            "x-rate-limit-limit": str(self.limit),
            "x-rate-limit-remaining": str(self.left[target.path]),
            "x-rate-limit-reset": str(int(self.resets_at + self.ahead)),
        }
        if left <= 0:
            self.refused += 1
            told = {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank"}
            return self._send({**told, "status": 429}, 429, limits)
        if target.path in self.failing:
            return self.failing[target.path]
        return self._send(self._told(target.path, query), 200, limits)

    def _told(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        problems = list(self.problems)
        if path == "/2/spaces":
            ids = query["ids"].split(",")
            assert len(ids) <= 100
            found = [self.spaces[ident] for ident in ids if ident in self.spaces]
            problems += [problem("resource-not-found", ident) for ident in ids if ident not in self.spaces]
        elif path == "/2/spaces/by/creator_ids":
            makers = query["user_ids"].split(",")
            found = [one for one in self._running() if one.get("creator_id") in makers]
        elif path == "/2/spaces/search":
            found = [one for one in self._running() if query["query"].lower() in one["title"].lower()]
            found = [one for one in found if one["state"] == query["state"]]
        else:
            raise AssertionError(path)
        fields = {"id", "state", *query["space.fields"].split(",")}
        data = [{k: v for k, v in one.items() if k in fields} | UNASKED for one in found]
        told: dict[str, Any] = {"data": data} if data else {}
        if problems:
            told["errors"] = problems
        if path != "/2/spaces":
            told["meta"] = {"result_count": len(data)}
        return told

    def _running(self) -> list[dict[str, Any]]:
        return [one for one in self.spaces.values() if one["state"] in ("live", "scheduled")]

    def _send(self, told: dict[str, Any], status: int, headers: dict[str, str] | None = None) -> bytes:
        date = formatdate(time.time() + self.ahead, usegmt=True)
        kind = "application/json" if status == 200 else "application/problem+json"
        fields = {"Content-Type": kind, "Date": date, **(headers or {})}
        return answer(json.dumps(told).encode(), status, fields)
