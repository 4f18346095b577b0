"""The recent past: bounded, in the order of time, the same bytes for everyone who asks."""

from __future__ import annotations

import asyncio
import json
import random
from itertools import accumulate
from typing import Any

import msgspec
import pytest

from dashboard import recent as module
from dashboard.frames import EncodedFrame, encode
from dashboard.recent import CATCH_UP, KEPT, LINES, POINTS, Recent, columns
from probes.history import sample_of
from probes.model import Observation, Outcome, Sample
from probes.pipeline import Tick
from tests.probes.seen import observation, room, rooms

START = 36_000_000
"""Number of the first frame; 20 a second."""


def frame(n: int, *observations: Observation) -> EncodedFrame:
    seq = START + 20 * n
    return encode(Tick(seq=seq, at=seq / 20, observations=observations), 1.0, [])


def sample(n: int, **changes: Any) -> Sample:
    seq = START + 20 * n
    made = sample_of(observation(), seq, seq / 20)
    return msgspec.structs.replace(made, **changes)


def window(recent: Recent, after: int = 0) -> dict[str, Any]:
    return dict(json.loads(asyncio.run(recent.window(after))))


def numbers(recent: Recent, after: int = 0, name: str = "spaces") -> list[int]:
    return [(seq - START) // 20 for seq in window(recent, after)["services"][name]["seq"]]


def test_it_tells_what_was_added_and_the_newest_frame() -> None:
    recent = Recent()
    assert window(recent) == {"seq": 0, "tick": 1.0, "frame": None, "services": {}}
    for n in range(3):
        recent.add(frame(n, observation()))
    told = window(recent)
    assert told["seq"] == START + 40
    assert told["frame"] == json.loads(frame(2, observation()).json)
    assert numbers(recent) == [0, 1, 2]


def test_what_history_holds_is_the_past_of_what_was_added_since_the_start() -> None:
    recent = Recent()
    recent.add(frame(5, observation()))
    recent.restore(
        "spaces", [sample(n) for n in range(7)], [(("n1", "r1"), "Old title"), (("n1", "gone"), "Gone")]
    )
    assert numbers(recent) == [0, 1, 2, 3, 4, 5]
    (line,) = window(recent)["services"]["spaces"]["rooms"]
    assert (line["id"], line["title"]) == ("r1", "A room")
    recent.add(frame(6, observation()))
    assert numbers(recent) == [0, 1, 2, 3, 4, 5, 6]


def test_a_clock_that_was_ahead_before_the_start_hides_nothing() -> None:
    recent = Recent()
    recent.restore("spaces", [sample(n) for n in (1, 2, 900)], [])
    for n in (3, 4):
        recent.add(frame(n, observation()))
    assert numbers(recent) == [1, 2, 3, 4]


def test_a_service_that_is_gone_is_forgotten() -> None:
    recent = Recent()
    recent.add(frame(1, observation(), observation(name="other")))
    recent.add(frame(2, observation()))
    assert list(window(recent)["services"]) == ["spaces"]


def test_one_that_was_away_is_told_of_all_it_missed_and_little_else() -> None:
    recent = Recent()
    for n in range(300):
        recent.add(frame(n, observation()))
    seen = START + 20 * 200
    told = numbers(recent, seen)
    assert set(range(201, 300)) <= set(told)
    assert min(told) > 200 - CATCH_UP / 20 - 1
    assert numbers(recent, START + 20 * 299) == []
    assert numbers(recent, START + 20 * 5000) == []
    assert numbers(recent, 1) == list(range(300))


def test_whoever_asks_few_windows_are_made_a_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    real = module._encode

    def counted(latest: Any, pasts: Any, after: int) -> bytes:
        made.append(after)
        return real(latest, pasts, after)

    monkeypatch.setattr(module, "_encode", counted)
    recent = Recent()
    for n in range(600):
        recent.add(frame(n, observation()))

    async def everyone() -> None:
        afters = [*range(START - 5000, START + 20 * 700, 13), 0, 10**15]
        answers = await asyncio.gather(*(recent.window(after) for after in afters))
        assert len({id(answer) for answer in answers}) == len(made)

    asyncio.run(everyone())
    assert len(made) <= 600 * 20 / CATCH_UP + 3
    assert len(set(made)) == len(made)


def test_one_that_gives_up_takes_no_answer_from_another() -> None:
    recent = Recent()
    recent.add(frame(1, observation()))

    async def main() -> bytes:
        first = asyncio.create_task(recent.window())
        second = asyncio.create_task(recent.window())
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert json.loads(asyncio.run(main()))["seq"] == START + 20


def test_it_is_bounded() -> None:
    recent = Recent()
    many = observation(rooms=rooms(200))
    for n in range(KEPT + 10):
        recent.add(frame(n, many))
    told = window(recent)["services"]["spaces"]
    assert len(told["rooms"]) == LINES
    assert 50 < len(told["seq"]) <= POINTS + 4
    assert (told["seq"][0], told["seq"][-1]) == (START + 20 * 10, START + 20 * (KEPT + 9))
    assert len(asyncio.run(recent.window())) < 200_000


def test_titles_are_bounded() -> None:
    recent = Recent()
    for n in range(300):
        recent.add(frame(n, observation(rooms=tuple(room(f"{n}-{i}") for i in range(24)))))
    recent.restore("spaces", [], [((str(i), str(i)), "x") for i in range(5000)])
    (past,) = recent._pasts.values()
    assert len(past.titles) == module._TITLES


def test_thinning_keeps_the_shape() -> None:
    """A peak of one tick in an hour is on the chart."""
    past = [sample(n, participants=1000 + n % 7) for n in range(3600)]
    past[1234] = sample(1234, participants=50_000)
    shown = columns(past, {})
    assert max(shown["participants"]) == 50_000
    assert all(
        len(shown[name]) == len(shown["seq"]) for name in ("at", "time", "tries", "success", "complete")
    )


def test_thinning_keeps_the_highest_point_of_any_night() -> None:
    """The board says it in words, beside what was left by."""
    for night in range(40):
        dice = random.Random(night)
        people = list(accumulate((dice.gauss(0, 100) for _ in range(2000)), initial=50_000))
        past = [sample(n, participants=round(count)) for n, count in enumerate([*people, *[0] * 1000])]
        assert max(columns(past, {})["participants"]) == max(map(round, people))


def test_unknown_is_null_and_no_reason_is_0_only_where_somebody_tried() -> None:
    none: dict[str, Any] = {"tries_per_second": None, "success_ratio": None, "errors": {}}
    some: dict[str, Any] = {"tries_per_second": 2.0, "success_ratio": 1.0, "errors": {}}
    bad: dict[str, Any] = {"tries_per_second": 2.0, "success_ratio": 0.5, "errors": {Outcome.TIMEOUT: 0.5}}
    shown = columns([sample(0, **none, participants=None, rooms=()), sample(1, **some), sample(2, **bad)], {})
    assert shown["errors"] == {"timeout": [None, 0.0, 0.5]}
    assert shown["success"] == [None, 1.0, 0.5]
    assert shown["participants"][0] is None
    assert shown["rooms"][0]["participants"][0] is None


def test_rooms_in_a_lineage_have_a_line_however_small() -> None:
    crowd = [("n1", f"big-{i}", 1000 + i) for i in range(30)]
    past = [sample(n, rooms=(*crowd, ("n1", "small", 3))) for n in range(3)]
    shown = columns(past, {}, frozenset({("n1", "small")}))
    assert "small" in [line["id"] for line in shown["rooms"]]
    assert "small" not in [line["id"] for line in columns(past, {})["rooms"]]
