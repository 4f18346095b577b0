"""X Spaces, through the X API: by id, by who made them, by a search; as often as the API allows and no more.

X tells of no nodes or regions: a Space is on the endpoint that was asked. That a Space moved shows only as
one that ended and another of the same people, so watch all accounts that may open the next one.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import Annotated, Any, Literal

from msgspec import structs
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from probes.config.units import HeaderValue, Interval, Settings, Size, digits, revealed
from probes.failure import ProbeFailed
from probes.http import Http
from probes.model import Room, RoomState, SnapshotPart
from probes.services.base import Endpoint, ServiceSettings, one_note
from probes.vendors.x import Question, Reply, XApi

X_API = "https://api.x.com"

A_REQUEST = 100
"""How many ids the API takes in one request."""

MOST_FOLLOWED = 500
"""How many Spaces that were found are asked for by id, the largest of them."""

FORGET_ENDED = 600.0
"""Seconds for which a found Space is still asked for after its end."""

_SPACE = re.compile(r"[A-Za-z0-9]{1,32}")
_USER = re.compile(r"[0-9]{1,19}")


def _space_id(text: str) -> str:
    if not _SPACE.fullmatch(text):
        raise PydanticCustomError(
            "space_id", "expected the id of a Space: the letters and digits after /spaces/ in its link"
        )
    return text


def _user_id(text: str) -> str:
    if not _USER.fullmatch(text):
        raise PydanticCustomError(
            "user_id", "expected the number of an account, not its name; the X API tells it at /2/users/by"
        )
    return text


_ID_SCHEMA = {"type": ["string", "integer"]}
SpaceId = Annotated[str, BeforeValidator(digits), AfterValidator(_space_id), WithJsonSchema(_ID_SCHEMA)]
UserId = Annotated[str, BeforeValidator(digits), AfterValidator(_user_id), WithJsonSchema(_ID_SCHEMA)]


class SpacesSearch(Settings):
    """A search for Spaces by words of their titles; the API answers with at most 100."""

    query: Annotated[str, Field(min_length=1, max_length=2048)]
    state: Literal["live", "scheduled"] = "live"


class XSpacesSettings(ServiceSettings):
    """A service of kind `x-spaces`. Without `url` and `nodes` it is asked at https://api.x.com."""

    kind: Literal["x-spaces"]
    every: Interval = 5.0
    max_body: Size = 10_000_000
    token: HeaderValue
    """The bearer token of an app."""
    spaces: list[SpaceId] = Field(default=[], max_length=MOST_FOLLOWED)
    """Ids of Spaces."""
    creators: list[UserId] = Field(default=[], max_length=A_REQUEST)
    """Ids of accounts whose live and scheduled Spaces are watched."""
    search: SpacesSearch | None = None

    @model_validator(mode="before")
    @classmethod
    def _at_x(cls, given: Any) -> Any:
        if isinstance(given, dict) and not given.get("nodes") and "url" not in given:
            return {**given, "url": X_API}
        return given

    @model_validator(mode="after")
    def _something_to_watch(self) -> XSpacesSettings:
        if not (self.spaces or self.creators or self.search):
            raise PydanticCustomError(
                "nothing_to_watch", "expected at least one of `spaces`, `creators` and `search`"
            )
        return self


Told = tuple[Question, Reply | ProbeFailed]


@dataclass(slots=True)
class _Followed:
    people: int
    ended_at: float | None


class Following:
    """The Spaces that were found by their creators or by a search, to be asked for by id from then on.

    Creators and searches tell of live and scheduled Spaces only, so the end is seen by id. `now` is a
    clock that is never set.
    """

    def __init__(self) -> None:
        self._spaces: dict[str, _Followed] = {}
        self._dropped_at: float | None = None

    def ids(self) -> list[str]:
        return list(self._spaces)

    def learn(self, rooms: Iterable[Room], gone: Iterable[str], now: float) -> None:
        """Take in what all answers of one poll told: the Spaces there are, and those that are no longer."""
        for room in rooms:
            if _SPACE.fullmatch(room.id):
                before = self._spaces.get(room.id)
                ended_at = None
                if room.state is RoomState.ENDED:
                    ended_at = now if before is None or before.ended_at is None else before.ended_at
                self._spaces[room.id] = _Followed(room.participants or 0, ended_at)
        for space in gone:
            followed = self._spaces.get(space)
            if followed is not None and followed.ended_at is None:
                followed.ended_at = now
        self._forget(now)

    def complete(self, now: float) -> bool:
        """Whether no live one was dropped lately: of that it is not known whether it ended."""
        return self._dropped_at is None or now - self._dropped_at > FORGET_ENDED

    def _forget(self, now: float) -> None:
        self._spaces = {
            space: followed
            for space, followed in self._spaces.items()
            if followed.ended_at is None or now - followed.ended_at <= FORGET_ENDED
        }
        if len(self._spaces) <= MOST_FOLLOWED:
            return
        kept = set(nlargest(MOST_FOLLOWED, self._spaces, key=self._worth))
        if any(followed.ended_at is None for space, followed in self._spaces.items() if space not in kept):
            self._dropped_at = now
        self._spaces = {space: followed for space, followed in self._spaces.items() if space in kept}

    def _worth(self, space: str) -> tuple[bool, int]:
        followed = self._spaces[space]
        return followed.ended_at is None, followed.people


class XSpaces:
    """Polls the Spaces of one config: what creators and the search tell, then by id what they left out."""

    def __init__(self, settings: XSpacesSettings) -> None:
        self._settings = settings
        self._api = XApi(settings.token, revealed(settings.headers), settings.limits)
        self._following = Following()

    async def poll(self, endpoint: Endpoint, http: Http) -> SnapshotPart:
        """Ask for all Spaces. Raises ProbeFailed when none of the questions was answered."""
        told = await self._ask_all(self._to_find(), endpoint, http)
        seen = {room.id for _, reply in told if isinstance(reply, Reply) for room in reply.rooms}
        told += await self._ask_all(self._by_id(seen), endpoint, http)
        replies = [reply for _, reply in told if isinstance(reply, Reply)]
        failures = [reply for _, reply in told if isinstance(reply, ProbeFailed)]
        # A question that has to wait is left out until it may be put, and the others go on.
        put = [question for question, reply in told if isinstance(reply, Reply) or reply.next_in is None]
        next_in, why = self._pace(put, endpoint, http)
        if not replies:
            waits = [failure.next_in for failure in failures if failure.next_in is not None]
            first = failures[0]
            raise ProbeFailed(first.outcome, first.detail, first.code, next_in if put else min(waits))
        part = self._part(replies, failures)
        return structs.replace(part, next_in=next_in, next_in_why=why)

    def _part(self, replies: Sequence[Reply], failures: Sequence[ProbeFailed]) -> SnapshotPart:
        """What several replies tell together; of one Space the reply that came last."""
        now = time.monotonic()
        rooms = list({room.id: room for reply in replies for room in reply.rooms}.values())
        self._following.learn(rooms, [space for reply in replies for space in reply.gone], now)
        notes = [*(failure.detail for failure in failures), *(note for r in replies for note in r.notes)]
        all_followed = self._following.complete(now)
        if not all_followed:
            notes.append(f"more than {MOST_FOLLOWED} Spaces were found; the smallest are not followed")
        return SnapshotPart(
            rooms=rooms,
            complete=not failures and all_followed and all(reply.complete for reply in replies),
            note=one_note(notes),
        )

    def _to_find(self) -> Iterator[Question]:
        """The questions that find Spaces nobody has named."""
        settings = self._settings
        if settings.creators:
            yield Question(
                "/2/spaces/by/creator_ids", {"user_ids": ",".join(dict.fromkeys(settings.creators))}
            )
        if settings.search:
            query = {"query": settings.search.query, "state": settings.search.state, "max_results": "100"}
            yield Question("/2/spaces/search", query)

    def _by_id(self, seen: set[str]) -> Iterator[Question]:
        """The questions for all that are named or followed and are not `seen` yet in this poll."""
        wanted = dict.fromkeys([*self._settings.spaces, *self._following.ids()])
        ids = [space for space in wanted if space not in seen]
        for start in range(0, len(ids), A_REQUEST):
            yield Question("/2/spaces", {"ids": ",".join(ids[start : start + A_REQUEST])})

    async def _ask_all(self, questions: Iterable[Question], endpoint: Endpoint, http: Http) -> list[Told]:
        return list(await asyncio.gather(*(self._ask(question, endpoint, http) for question in questions)))

    async def _ask(self, question: Question, endpoint: Endpoint, http: Http) -> Told:
        """A failure is a value here: one question that fails does not take the others' answers along."""
        try:
            return question, await self._api.ask(question, endpoint.url, endpoint.id, http)
        except ProbeFailed as failure:
            return question, failure

    def _pace(self, put: Iterable[Question], endpoint: Endpoint, http: Http) -> tuple[float | None, str]:
        """The seconds to leave until the next poll where `every` is too often for these, and why."""
        every, now = self._settings.every, time.monotonic()
        slowest, why = every, ""
        for path, requests in Counter(question.path for question in put).items():
            budget = self._api.budget(endpoint.url, path, http)
            pace = budget.pace(f"{self._settings.name}/{endpoint.id}", requests, every, now)
            if pace > slowest:
                slowest, why = pace, budget.words()
        return (slowest, why) if slowest > every else (None, "")
