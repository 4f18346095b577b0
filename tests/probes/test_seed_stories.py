"""Each seed tells its story: what a watch makes of the seeds service's own answers, second by second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from probes.model import Cause, Observation, Status
from tests.probes import playing

SPEED = 20.0
"""As fast as a demo usually goes: the story must not hang on it."""


def played(name: str, until: float | None = None) -> Iterator[tuple[float, Observation]]:
    """Seconds since the start, and what is known then."""
    for seen in playing.played(name, step=4.0, speed=SPEED, until=until):
        yield seen.t, seen.observation


def standing(seen: Observation) -> list[Cause]:
    return [r.cause for r in seen.relocations if r.status is Status.STANDING]


def test_may_2023_is_one_room_that_another_succeeded_two_minutes_later() -> None:
    shares: dict[float, float] = {}
    for t, seen in played("spaces-2023-05-24", until=3700):
        if 1290 <= t < 1380:
            assert standing(seen) == [Cause.ENDED]
        if t >= 1390:
            assert standing(seen) == [Cause.SUCCEEDED], t
            (relocation,) = seen.relocations
            shares[t] = relocation.carried_over or 0.0
    assert relocation.participants_before == pytest.approx(668_000, rel=0.005)
    assert relocation.dark_seconds == pytest.approx(120, abs=5)
    assert relocation.confidence >= 0.9
    assert shares[1440] < shares[1560] < shares[1800] < 0.5
    assert shares[1680] == pytest.approx(178 / 668, abs=0.02)
    assert relocation.settled
    assert relocation.lost == pytest.approx(668_000 - (relocation.participants_now or 0), rel=0.01)
    assert [revision.text for revision in relocation.revisions][-1].startswith("“Campaign launch 2”")


def test_august_2024_has_no_relocation() -> None:
    for t, seen in played("spaces-2024-08-12", until=6000):
        assert not [r for r in seen.relocations if r.cause is not Cause.ENDED], t


def test_clubhouse_2021_overflowed_and_was_not_succeeded() -> None:
    causes: set[Cause] = set()
    for _, seen in played("clubhouse-2021-02-01"):
        causes |= set(standing(seen))
    assert causes == {Cause.OVERFLOWED, Cause.ENDED}
    overflows = [r for r in seen.relocations if r.cause is Cause.OVERFLOWED]
    assert {r.from_.room for r in overflows} == {"show-1"}
    assert {r.to.room for r in overflows if r.to} == {"overflow-1", "overflow-2"}
    assert {r.participants_before for r in overflows} == {5000}
    assert len({r.lineage for r in overflows}) == 1
