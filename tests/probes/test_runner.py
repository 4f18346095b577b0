"""The runner: every failure becomes a value, within a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from probes.failure import ProbeFailed
from probes.model import JOIN, POLL, JoinAttempt, Outcome, ProbeResult, Room, SnapshotPart
from probes.runner import Probe, run

Call = Callable[[], Awaitable[SnapshotPart | JoinAttempt]]


def result_of(call: Call, name: str = POLL, deadline: float = 5.0) -> ProbeResult:
    probe = Probe(service="s", node="n", name=name, every=1.0, deadline=deadline, call=call)
    return asyncio.run(run(probe))


def test_a_good_poll_carries_what_it_learned() -> None:
    part = SnapshotPart(rooms=[Room(id="r", node="n")], note="1 of 2 rooms could not be read")

    async def poll() -> SnapshotPart:
        return part

    result = result_of(poll)
    assert (result.outcome, result.part, result.attempt) == (Outcome.OK, part, None)
    assert result.detail == part.note


def test_a_failure_becomes_its_outcome_sentence_and_code() -> None:
    async def poll() -> SnapshotPart:
        raise ProbeFailed(Outcome.UNAUTHORIZED, "n says that the secret is wrong", "403")

    result = result_of(poll)
    assert (result.outcome, result.detail, result.code) == (
        Outcome.UNAUTHORIZED,
        "n says that the secret is wrong",
        "403",
    )
    assert result.part is None


def test_a_poll_beyond_its_deadline_is_a_timeout() -> None:
    async def poll() -> SnapshotPart:
        await asyncio.Event().wait()
        raise AssertionError

    result = result_of(poll, deadline=0.05)
    assert result.outcome is Outcome.TIMEOUT
    assert result.detail == "n did not answer within 0.05 s"
    assert result.seconds >= 0.05


def test_a_mistake_of_our_own_is_a_value_too_and_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    async def poll() -> SnapshotPart:
        raise ZeroDivisionError

    result = result_of(poll)
    assert result.outcome is Outcome.OTHER
    assert "ZeroDivisionError" in result.detail
    assert "ZeroDivisionError" in capsys.readouterr().out


class TestWaiting:
    """What a service says of when it wants to be asked again is kept, said and bounded."""

    @staticmethod
    def after(part: SnapshotPart) -> tuple[float | None, str]:
        async def poll() -> SnapshotPart:
            return part

        result = result_of(poll)
        return result.next_in, result.detail

    @staticmethod
    def after_failure(next_in: float) -> tuple[float | None, str]:
        async def poll() -> SnapshotPart:
            raise ProbeFailed(Outcome.RATE_LIMITED, "n answered with status 429", "429", next_in)

        result = result_of(poll)
        return result.next_in, result.detail

    def test_a_slower_pace_is_said_in_words(self) -> None:
        told = SnapshotPart(rooms=[], next_in=12.0, next_in_why="40 requests left until 18:15:00 UTC")
        assert self.after(told) == (
            12.0,
            "polls every 12 s instead of 1 s: 40 requests left until 18:15:00 UTC",
        )
        bare = SnapshotPart(rooms=[], next_in=12.0, note="a note")
        assert self.after(bare) == (12.0, "polls every 12 s instead of 1 s; a note")

    def test_a_pace_that_is_no_slower_needs_no_words(self) -> None:
        assert self.after(SnapshotPart(rooms=[], next_in=0.5, note="a note")) == (0.5, "a note")

    def test_a_failure_says_when_it_is_tried_again(self) -> None:
        assert self.after_failure(90.0) == (90.0, "n answered with status 429; asked again in 90 s")

    @pytest.mark.parametrize("next_in", [float("nan"), float("inf"), -1.0, 0.0])
    def test_a_wait_that_is_none_is_left_out(self, next_in: float) -> None:
        assert self.after_failure(next_in) == (None, "n answered with status 429")
        assert self.after(SnapshotPart(rooms=[], next_in=next_in)) == (None, "")

    def test_no_service_silences_a_probe_for_the_evening(self) -> None:
        assert self.after_failure(1e6)[0] == 900.0


def test_cancelling_is_not_swallowed() -> None:
    async def main() -> None:
        started = asyncio.Event()

        async def poll() -> SnapshotPart:
            started.set()
            await asyncio.Event().wait()
            raise AssertionError

        task = asyncio.create_task(run(Probe("s", "n", POLL, 1.0, 60.0, poll)))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_a_refused_join_is_a_result_with_its_attempt() -> None:
    attempt = JoinAttempt(room="r", outcome=Outcome.ROOM_FULL, code="432", detail="the room is full")

    async def join() -> JoinAttempt:
        return attempt

    result = result_of(join, JOIN)
    assert (result.outcome, result.attempt, result.code) == (Outcome.ROOM_FULL, attempt, "432")


def test_a_join_that_failed_before_it_began_still_counts_as_a_try() -> None:
    async def join() -> JoinAttempt:
        raise ProbeFailed(Outcome.DNS, "the host name is not known")

    result = result_of(join, JOIN)
    assert result.attempt is not None
    assert result.attempt.outcome is Outcome.DNS
