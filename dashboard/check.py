"""`roomwatch check`: every probe once, as a table."""

from __future__ import annotations

import asyncio

from rich.table import Table
from rich.text import Text

from probes.http import Http
from probes.model import ProbeResult, plain_text
from probes.roster import roster
from probes.runner import Probe, run
from probes.settings import Config

_AT_ONCE = 16
_LONGEST_SENTENCE = 200


async def run_all(config: Config) -> list[ProbeResult]:
    """The result of one run of each probe, in the config's order."""
    http = Http()
    few = asyncio.Semaphore(_AT_ONCE)

    async def one(probe: Probe) -> ProbeResult:
        async with few:
            return await run(probe)

    try:
        return list(await asyncio.gather(*(one(probe) for probe in roster(config, http))))
    finally:
        await http.close()


def table(results: list[ProbeResult]) -> Table:
    """What a terminal shows. Text from services goes in as Text: markup in it stays text."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("service", "node", "probe", "outcome", "seconds", "learned"):
        shown.add_column(column, justify="right" if column == "seconds" else "left", overflow="fold")
    for result in results:
        style = "green" if result.outcome.success else "red"
        shown.add_row(
            Text(result.service),
            Text(plain_text(result.node)),
            Text(result.probe),
            Text(result.outcome, style=style),
            Text(f"{result.seconds:.3f}"),
            Text(plain_text(_learned(result), _LONGEST_SENTENCE)),
        )
    return shown


def _learned(result: ProbeResult) -> str:
    if result.detail:
        return result.detail
    if result.part is not None:
        counts = [room.participants for room in result.part.rooms if room.participants is not None]
        people = f"{sum(counts):,} people" if counts or not result.part.rooms else "people not counted"
        rooms = len(result.part.rooms)
        return f"{rooms:,} {'room' if rooms == 1 else 'rooms'}, {people}"
    if result.attempt is not None:
        return f"got into {result.attempt.room}"
    return ""
