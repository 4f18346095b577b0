"""States, outcomes and numbers in the words that the public reads."""

from __future__ import annotations

from probes.model import Cause, Observation, Outcome, Relocation, State

OUTCOMES: dict[Outcome, str] = {
    Outcome.ROOM_FULL: "room full",
    Outcome.NOT_FOUND: "room not found",
    Outcome.UNAUTHORIZED: "not allowed",
    Outcome.RATE_LIMITED: "too many tries",
    Outcome.UNAVAILABLE: "unavailable",
    Outcome.TIMEOUT: "timeout",
    Outcome.REFUSED: "no connection",
    Outcome.TLS: "no connection",
    Outcome.DNS: "no connection",
    Outcome.PROTOCOL: "fault",
    Outcome.NO_MEDIA: "no sound or picture",
    Outcome.SILENT: "no sound or picture",
    Outcome.ABORTED: "gave up",
    Outcome.OTHER: "other",
}
"""Why people did not get in; several causes of ours are one for them."""

_MOST = 0.5


def sentence(observation: Observation, moves: tuple[Relocation, ...]) -> str:
    """The state of a service in a few plain words, made of numbers and closed words alone."""
    if observation.state is State.UNKNOWN:
        return "We cannot see how it is"
    if observation.state is State.OK:
        return "All is well"
    return _ended(moves) or _joins(observation) or _parts(observation)


def _ended(moves: tuple[Relocation, ...]) -> str:
    newest = moves[0] if moves else None
    if newest is None or newest.settled:
        return ""
    if newest.cause is Cause.ENDED:
        return "The room has ended"
    if newest.cause is not Cause.OVERFLOWED:
        return "The room moved"
    return ""


def _joins(observation: Observation) -> str:
    share = observation.door.success_ratio if observation.door else None
    if share is None or share >= 0.99:
        return ""
    return "Some people cannot get in" if share >= _MOST else "Most people cannot get in"


def _parts(observation: Observation) -> str:
    if any(not node.answering for node in observation.nodes):
        return "Part of it does not answer"
    ratio = observation.headroom.ratio
    if ratio is not None and ratio < 0.05:
        return "It is almost full"
    return "There are problems" if observation.state is State.FAILING else "There are small problems"


def rounded(count: int | None, exact: bool) -> int | None:
    """`count` with its first two digits, or as it is."""
    if count is None or exact or count < 100:
        return count
    step: int = 10 ** (len(str(count)) - 2)
    return (count + step // 2) // step * step


def rounded_share(share: float | None, exact: bool) -> float | None:
    """`share` in whole percent, never 0 or 1 where it is not; or in tenths of a percent."""
    if share is None:
        return None
    steps = 1000 if exact else 100
    nearest = round(share * steps) / steps
    if nearest >= 1 > share or nearest <= 0 < share:
        return 1 - 1 / steps if share > 0.5 else 1 / steps
    return nearest
