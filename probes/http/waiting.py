"""When a service wants to be asked again, as it says itself (RFC 9110, 10.2.3: `Retry-After`)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

LONGEST_RETRY = 300.0
"""The most seconds of a `Retry-After` that are honoured: a wrong header must blind nobody for an evening."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that `headers` ask to wait, at most `LONGEST_RETRY`; None where they ask for nothing."""
    told = headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit():
        seconds = float(told[:12])
    else:
        moment = _moment(told)
        if moment is None:
            return None
        seconds = moment - service_now(headers)
    return min(seconds, LONGEST_RETRY) if seconds > 0 else None


def service_now(headers: Mapping[str, str]) -> float:
    """The service's own Unix time: the times in its headers are by its clock, and ours may be wrong."""
    told = _moment(headers.get("date", ""))
    return time.time() if told is None else told


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text and len(text) < 64 else None
    except (ValueError, OverflowError):
        return None
