"""Wrong tokens and passwords in the log: all are counted, and no flood of them floods the log."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from dashboard.attempts import Attempt, Attempts


def test_a_flood_is_a_line_now_and_a_count_later_for_each_kind() -> None:
    async def main() -> None:
        attempts = Attempts(every=0.1)
        for number in range(1000):
            attempts.note(Attempt.BEARER, f"10.0.0.{number % 250}")
            attempts.note(Attempt.BASIC, "10.0.0.1")
        assert [(line["event"], line["count"]) for line in lines] == [(Attempt.BEARER, 1), (Attempt.BASIC, 1)]
        async with asyncio.timeout(30):
            while len(lines) < 4:
                await asyncio.sleep(0.01)
        assert sorted((line["event"], line["count"]) for line in lines[2:]) == sorted(
            [(Attempt.BEARER, 999), (Attempt.BASIC, 999)]
        )
        assert {line["log_level"] for line in lines} == {"warning"}
        await asyncio.sleep(0.3)
        assert len(lines) == 4, "a line although nothing came"
        attempts.note(Attempt.BEARER, "10.0.0.7")
        async with asyncio.timeout(30):
            while len(lines) < 5:
                await asyncio.sleep(0.01)
        assert (lines[4]["count"], lines[4]["last_from"]) == (1, "10.0.0.7")

    with capture_logs() as lines:
        asyncio.run(main())
