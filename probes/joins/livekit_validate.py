"""Asking a LiveKit server whether a newcomer would be let in: `GET /rtc/validate`. Nobody joins.

It is what LiveKit's own clients ask to learn why a join failed.
"""

from __future__ import annotations

from typing import Literal

from probes.config.units import Secret
from probes.http import Answer, Http
from probes.http.faults import outcome_of_status
from probes.http.staged import Question
from probes.joins.base import JoinBase
from probes.joins.one_request import join_by
from probes.model import JoinAttempt, Outcome, plain_text
from probes.vendors.livekit import Tokens, no_api

_NODE_IS_FULL = "node has exceeded its configured limit"
_NO_SUCH_ROOM = "requested room does not exist"
"""How LiveKit words them (`rtc/errors.go`, `service/errors.go`); a proxy in front answers 503 and 404 too."""


class LiveKitValidateSettings(JoinBase):
    """A join of way `livekit-validate`. Where LiveKit makes rooms by itself, any name is let in."""

    via: Literal["livekit-validate"]
    api_key: Secret
    api_secret: Secret
    verify_tls: bool = True


class LiveKitValidate:
    """Asks for one room, on a new connection each time, as a newcomer would."""

    def __init__(self, settings: LiveKitValidateSettings) -> None:
        self._settings = settings
        self._tokens = Tokens(
            settings.api_key, settings.api_secret, {"room_join": True, "room": settings.room}
        )

    async def join(self, base_url: str, http: Http) -> JoinAttempt:
        """One question to the LiveKit server at `base_url`; any end of it is a JoinAttempt."""
        settings = self._settings
        question = Question("GET", f"{base_url.rstrip('/')}/rtc/validate", self._tokens.headers())
        return await join_by(question, settings, http.tls(settings.verify_tls), self._meaning)

    def _meaning(self, answer: Answer) -> tuple[Outcome, str, str]:
        """The outcome, the status and a sentence. Raises ProbeFailed (protocol).

        A 503 in LiveKit's words is `room_full`: the node that has this room takes nobody
        more, and nobody can choose another. Any other 503 is `unavailable`.
        """
        code = str(answer.status)
        if answer.status == 200:
            return Outcome.JOINED, code, ""
        said = answer.body.decode("utf-8", "replace")
        words = plain_text(self._tokens.hide(said))  # hidden before it is cut: half a token is known no more
        if answer.status == 404 and _NO_SUCH_ROOM not in said:
            raise no_api(answer)
        full = answer.status == 503 and _NODE_IS_FULL in said
        outcome = Outcome.ROOM_FULL if full else outcome_of_status(answer.status)
        hint = "; " + _HINTS[answer.status] if answer.status in _HINTS else ""
        why = f": {words}" if words else ""
        return outcome, code, f"{answer.where} answered the join with {code}{why}{hint}"


_HINTS = {
    400: "set `room` to a name that this LiveKit allows",
    401: "set the join's `api_key` and `api_secret` to a pair from LiveKit's `keys`",
}
