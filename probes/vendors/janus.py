"""What Janus's two HTTP APIs answer: the envelope, the plugin inside it, and what each error code means.

Nearly every error arrives as HTTP 200. Codes are from Janus 1.1's `apierror.h`,
`janus_audiobridge.c` and `janus_videoroom.c`, checked against the real server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from probes.failure import ProbeFailed
from probes.http import Answer
from probes.http.faults import bad_status, not_json
from probes.model import Outcome, plain_text

Plugin = Literal["audiobridge", "videoroom"]

PROBE_DISPLAY = "roomwatch probe"
"""The name under which our joins appear in a room, and by which polls take them out of its count."""

INVALID_ELEMENT = ("484", "430")
"""What AudioBridge and VideoRoom say of a room id that is a number where they want text, or the reverse."""

_OUTCOMES: Mapping[int, Outcome] = {
    # Janus itself
    403: Outcome.UNAUTHORIZED,  # wrong or missing secret or token
    405: Outcome.UNAUTHORIZED,  # the token may not use this plugin
    450: Outcome.PROTOCOL,
    452: Outcome.PROTOCOL,
    453: Outcome.PROTOCOL,
    454: Outcome.PROTOCOL,  # not JSON
    455: Outcome.PROTOCOL,
    456: Outcome.PROTOCOL,
    457: Outcome.PROTOCOL,  # the other API's path
    458: Outcome.UNAVAILABLE,  # no such session: Janus was started anew in between
    459: Outcome.UNAVAILABLE,  # no such handle: as above
    460: Outcome.UNAVAILABLE,  # no such plugin
    461: Outcome.UNAVAILABLE,  # the plugin let nobody attach
    462: Outcome.UNAVAILABLE,  # the plugin took no message
    467: Outcome.PROTOCOL,
    470: Outcome.UNAUTHORIZED,  # no such token
    472: Outcome.UNAVAILABLE,  # takes no new sessions
    # VideoRoom
    421: Outcome.PROTOCOL,
    422: Outcome.PROTOCOL,
    423: Outcome.PROTOCOL,
    426: Outcome.NOT_FOUND,
    429: Outcome.UNAUTHORIZED,  # an element is missing; of those we send, only the pin can be
    430: Outcome.PROTOCOL,
    432: Outcome.ROOM_FULL,
    433: Outcome.UNAUTHORIZED,
    # AudioBridge
    480: Outcome.PROTOCOL,
    481: Outcome.PROTOCOL,
    482: Outcome.PROTOCOL,
    483: Outcome.UNAUTHORIZED,  # as 429
    484: Outcome.PROTOCOL,
    485: Outcome.NOT_FOUND,
    488: Outcome.UNAVAILABLE,  # its sound codec failed
    489: Outcome.UNAUTHORIZED,
}

_CODES_END = 1000

LARGEST_ID = 2**63 - 1
"""Janus's own ids are numbers of 64 bits."""

Hints = Mapping[int, str]
"""What to do about an error code, as the end of a sentence."""


def plugin_name(plugin: Plugin) -> str:
    return f"janus.plugin.{plugin}"


def read_envelope(answer: Answer, hints: Hints) -> dict[str, Any]:
    """The JSON object of an answer that is no error. Raises ProbeFailed."""
    if answer.status != 200:
        raise _bad_status(answer, hints)
    try:
        envelope = msgspec.json.decode(answer.body)
    except (ValueError, RecursionError):  # ValueError: also what msgspec raises for bad JSON and bad UTF-8
        raise not_json(answer.body, answer.where) from None
    if not isinstance(envelope, dict) or not isinstance(envelope.get("janus"), str):
        raise ProbeFailed(
            Outcome.PROTOCOL,
            f"{answer.where} does not answer like Janus: expected an object with the key `janus`",
        )
    if envelope["janus"] == "error":
        error = envelope.get("error")
        found = error if isinstance(error, dict) else {}
        raise _refused(answer.where, found.get("code"), found.get("reason"), hints)
    return envelope


def read_plugin(data: object, plugin: Plugin, where: str, hints: Hints) -> dict[str, Any]:
    """What the plugin said, if it is no error. Raises ProbeFailed."""
    if not isinstance(data, dict) or not isinstance(data.get(plugin), str):
        raise ProbeFailed(
            Outcome.PROTOCOL, f"Janus at {where} sent something else than an answer of {plugin_name(plugin)}"
        )
    if "error_code" in data:
        raise _refused(where, data["error_code"], data.get("error"), hints)
    return data


def read_id(envelope: Mapping[str, Any], what: str, where: str) -> int:
    """The id that Janus gave to a session or a handle. Raises ProbeFailed."""
    data = envelope.get("data")
    number = data.get("id") if isinstance(data, dict) else None
    if not isinstance(number, int) or not 0 < number <= LARGEST_ID:
        raise ProbeFailed(Outcome.PROTOCOL, f"Janus at {where} made a {what} and did not say its id")
    return number


def _refused(where: str, code: object, reason: object, hints: Hints) -> ProbeFailed:
    number = code if isinstance(code, int) and 0 <= code < _CODES_END else 0
    shown = str(number or "without a code")
    said = plain_text(reason) if isinstance(reason, str) else "no reason given"
    hint = f"; {hints[number]}" if number in hints else ""
    return ProbeFailed(
        _OUTCOMES.get(number, Outcome.OTHER),
        f"Janus at {where} answered error {shown}: {said}{hint}",
        str(number or ""),
    )


def _bad_status(answer: Answer, hints: Hints) -> ProbeFailed:
    if answer.status != 404:
        return bad_status(answer.status, answer.where, answer.headers)
    # Janus knows no such path; `not_found` would say that there is no such room.
    hint = f"; {hints[404]}" if 404 in hints else ""
    return ProbeFailed(Outcome.PROTOCOL, f"{answer.where} has no Janus API at this path{hint}", "404")
