"""Numbers, shares, times and lengths of time as the public reads them: how round, and how written."""

from __future__ import annotations

from datetime import UTC, datetime


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


def count(number: int | None) -> str:
    """668000 is 668k. Unknown is a dash."""
    if number is None:
        return "–"
    for unit, sign in ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")):
        if number >= unit * (10 if sign == "k" else 1) * 0.9995:
            value = number / unit
            digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
            digits = min(digits, 1) if sign == "k" else digits
            shown = f"{value:.{digits}f}"
            return (shown.rstrip("0").rstrip(".") if digits else shown) + sign
    return f"{number:,}"


def percent(share: float | None) -> str:
    """0.941 is 94.1%, with two digits behind the point at most. Unknown is a dash."""
    return "–" if share is None else f"{share * 100:.2f}".rstrip("0").rstrip(".") + "%"


def lasting(seconds: float) -> str:
    """118 is "1 min 58 s". From ten minutes on in whole minutes, and never none at all."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 600 and whole % 60:
        return f"{whole // 60} min {whole % 60} s"
    hours, minutes = divmod(round(whole / 60), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def clock(at: float) -> str:
    """The time of day where nobody's time zone is known."""
    return f"{_utc(at):%H:%M} UTC"


def clocks(start: float, end: float) -> str:
    """`18:00 to 18:20 UTC`."""
    return f"{_utc(start):%H:%M} to {clock(end)}"


def calendar(at: float) -> str:
    """`24 May`."""
    return f"{_utc(at):%-d %B}"


def rfc3339(at: float) -> str:
    """A time for programs, in whole seconds: in feeds, and for the scripts of pages."""
    return f"{_utc(at):%Y-%m-%dT%H:%M:%SZ}"


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
