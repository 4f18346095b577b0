"""Numbers, times and rooms as people read them in a sentence."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from probes.model import Outcome, Place, plain_text


def number(count: int) -> str:
    """668000 as `668,000`."""
    return f"{count:,}"


def stretch(seconds: float) -> str:
    """A length of time: `40 ms`, `0.4 s`, `12 s`, `2 min 5 s`, `3 h 20 min`."""
    if 0 < seconds < 0.095:
        return f"{max(1, round(seconds * 1000))} ms"
    if seconds < 9.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole // 3600} h" + (f" {whole % 3600 // 60} min" if whole % 3600 // 60 else "")


def span(soonest: float, latest: float) -> str:
    """From when to when, in one unit, cut outwards: `in 6 to 9 min`, `within 40 s`, `in 6 min or more`."""
    end = soonest if math.isinf(latest) else latest
    unit, name = (1, "s") if end < 120 else (60, "min") if end < 7200 else (3600, "h")
    low = math.floor(soonest / unit)
    if math.isinf(latest):
        return f"in {low} {name} or more"
    high = math.ceil(latest / unit)
    if low == 0:
        return f"within {high} {name}"
    return f"in {low} to {high} {name}" if low < high else f"in {low} {name}"


def clock(at: float) -> str:
    """The UTC time of day: `22:21:02 UTC`. A time that no calendar holds shows as its number."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S UTC")
    except (OverflowError, OSError, ValueError):
        return f"{at:.0f} s"


def slower(pace: float, every: float, why: str) -> str:
    """That a service is polled less often than configured: `polls every 12 s instead of 5 s: 40 left`."""
    return f"polls every {stretch(pace)} instead of {stretch(every)}" + (f": {why}" if why else "")


def spoken(outcome: Outcome) -> str:
    """An outcome in a sentence: `rate limited`."""
    return outcome.replace("_", " ")


def percent(share: float) -> str:
    """A share as `42%`, and as `99.8%` or `0.4%` where it matters; never rounded to 100 or to 0."""
    value = share * 100
    if value <= 0 or value >= 100 or 10 <= value <= 90:
        return f"{value:.0f}%"
    tenth = math.floor(value * 10) / 10 if value > 90 else max(0.1, round(value, 1))
    return f"{tenth:.1f}".removesuffix(".0") + "%"


def named(where: Place | None) -> str:
    """A room's title, or its id where it has none, in quotation marks."""
    return f"“{plain_text(where.title or where.room, 80)}”" if where else "no room"
