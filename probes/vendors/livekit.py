"""What every part that speaks with LiveKit needs: tokens, and what its refusals mean.

Tokens are made by LiveKit's own package, which is loaded with the first one: it
takes 50 ms, and most commands never ask a LiveKit server anything. Statuses and
texts are those of livekit-server 1.13 (`auth.go`, `utils.go`, `twirp`).
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import msgspec

from probes.config.units import Secret
from probes.failure import ProbeFailed
from probes.http import Answer
from probes.http.faults import bad_status
from probes.model import Outcome, plain_text

PROBE_IDENTITY = "roomwatch-probe"
"""Who our tokens say they are for."""

TOKEN_LIFE = 600.0
"""Seconds for which a token is good; it is made anew after half of them."""

_WRONG_KEYS = (
    "set `api_key` and `api_secret` to a pair from LiveKit's `keys`, and see that both clocks are right"
)
_WRONG_PATH = "set `url` to LiveKit's own address, such as https://livekit.example.org"
_HINTS: Mapping[Outcome, str] = {
    Outcome.UNAUTHORIZED: _WRONG_KEYS,
    Outcome.PROTOCOL: _WRONG_PATH,
    Outcome.RATE_LIMITED: "ask less often with `every`",
}

_BY_CODE: Mapping[str, Outcome] = {
    "unauthenticated": Outcome.UNAUTHORIZED,
    "permission_denied": Outcome.UNAUTHORIZED,
    "resource_exhausted": Outcome.RATE_LIMITED,
    "deadline_exceeded": Outcome.TIMEOUT,
    "unavailable": Outcome.UNAVAILABLE,
    "internal": Outcome.UNAVAILABLE,
    "unknown": Outcome.UNAVAILABLE,
    "dataloss": Outcome.UNAVAILABLE,
    "bad_route": Outcome.PROTOCOL,
    "malformed": Outcome.PROTOCOL,
    "invalid_argument": Outcome.PROTOCOL,
    "unimplemented": Outcome.PROTOCOL,
    "not_found": Outcome.PROTOCOL,
    "out_of_range": Outcome.PROTOCOL,
}
"""Twirp's own error codes (twitchtv.github.io/twirp/docs/spec_v7.html); those left out are `other`."""

_CODE_BYTES = 64


class Tokens:
    """Tokens with one set of rights, each used until half of its life is over.

    `grants` are fields of LiveKit's `VideoGrants`; `now` tells wall time, in which
    LiveKit judges a token.
    """

    def __init__(
        self,
        api_key: Secret,
        api_secret: Secret,
        grants: Mapping[str, Any],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._api_key = api_key
        self._api_secret = api_secret
        self._grants = grants
        self._now = now
        self._token = ""
        self._made_at = 0.0

    def headers(self) -> dict[str, str]:
        """The header that shows the token; in the url, where LiveKit takes it too, it would get into logs."""
        now = self._now()
        # A clock that was set back: the token would not be good yet.
        if not self._token or not 0 <= now - self._made_at < TOKEN_LIFE / 2:
            self._token = self._make()
            self._made_at = now
        return {"Authorization": f"Bearer {self._token}"}

    def hide(self, text: str) -> str:
        """`text` without what must not be shown, should a server send it back."""
        for secret in (self._api_secret.reveal(), self._api_key.reveal(), self._token):
            text = text.replace(secret, "***") if secret else text
        return text

    def _make(self) -> str:
        from livekit.api.access_token import AccessToken, VideoGrants

        token = AccessToken(self._api_key.reveal(), self._api_secret.reveal())
        token.with_identity(PROBE_IDENTITY).with_ttl(timedelta(seconds=TOKEN_LIFE))
        token.with_grants(VideoGrants(can_publish=False, can_subscribe=False, hidden=True, **self._grants))
        with short_secrets_allowed():
            return token.to_jwt()


@contextmanager
def short_secrets_allowed() -> Iterator[None]:
    """LiveKit takes secrets of any length, `secret` too; the JWT package warns of short ones."""
    from jwt.warnings import InsecureKeyLengthWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureKeyLengthWarning)
        yield


class _Error(msgspec.Struct):
    """An error of Twirp, the way in which LiveKit's API is spoken."""

    code: str
    msg: str = ""


def refused(answer: Answer, hide: Callable[[str], str]) -> ProbeFailed:
    """The failure of an answer of the API that is no success; `hide` takes secrets out of its words."""
    try:
        error = msgspec.json.decode(answer.body, type=_Error)
    except (ValueError, RecursionError):  # what checks tokens, and a proxy in front, answer in plain words
        return _by_status(answer)
    code = plain_text(error.code, _CODE_BYTES)
    outcome = _BY_CODE.get(error.code, Outcome.OTHER)
    said = plain_text(hide(error.msg)) or "no reason given"
    return ProbeFailed(
        outcome, f"LiveKit at {answer.where} answered {hide(code)}: {said}{_hint(outcome)}", hide(code)
    )


def _by_status(answer: Answer) -> ProbeFailed:
    if answer.status == 404:
        return no_api(answer)
    told = bad_status(answer.status, answer.where)
    detail = f"{answer.where} answered with status {answer.status}{_hint(told.outcome)}"
    return ProbeFailed(told.outcome, detail, told.code)


def no_api(answer: Answer) -> ProbeFailed:
    """The failure of an address where there is something else; `not_found` would speak of a room."""
    return ProbeFailed(
        Outcome.PROTOCOL, f"{answer.where} has no LiveKit API at this path; {_WRONG_PATH}", str(answer.status)
    )


def _hint(outcome: Outcome) -> str:
    return f"; {_HINTS[outcome]}" if outcome in _HINTS else ""
