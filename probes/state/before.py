"""How each service was before a restart, from what history kept."""

from __future__ import annotations

from probes.history import Reader
from probes.model import State
from probes.state.steady import UNTIL_THEN, Verdict

STILL = 300.0
"""Wall seconds for which what history says of a service's state is taken for how it still is."""

_MOST_BOARDS = 20


def how_it_was(reader: Reader, at: float) -> dict[str, Verdict]:
    """The last known state of each service shortly before wall time `at`; none is unknown."""
    found: dict[str, Verdict] = {}
    until = at + 1.0
    for _ in range(_MOST_BOARDS):
        board = reader.moment(until)
        if board is None or at - board.at > STILL:
            break
        for seen in board.services:
            known = seen.observation
            if known.state is not State.UNKNOWN:
                found.setdefault(known.name, _verdict(known.state, known.reasons))
        if board.before is None:
            break
        until = board.before
    return found


def _verdict(state: State, reasons: tuple[str, ...]) -> Verdict:
    """What was said while it recovered already names the reason that it began with."""
    return Verdict(state, tuple(reason.rpartition(UNTIL_THEN)[2] for reason in reasons))
