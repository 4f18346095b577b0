"""What a browser may do with a public answer: who may frame it, and whose scripts may read it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

CSP = "Content-Security-Policy"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"

_OWN = "default-src 'none'; style-src 'unsafe-inline'"
"""Of what has no policy of its own: pictures have styles, and nothing of ours has more without saying so."""

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_READABLE = "ETag, Age, Date"
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match",
    "Access-Control-Max-Age": "86400",
}


class Sharing:
    """The rules that follow from `embed.origins`; without origins nobody frames and no script reads.

    Answers differ by `Origin` only where they must: with none, with `*` and with one plain
    origin every asker gets the same headers. With more, a listed origin is named and
    `Vary` says so; all others, and those who send none, get one and the same answer.
    """

    def __init__(self, origins: Sequence[str]) -> None:
        listed = [_without_usual_port(origin) for origin in origins]
        self._ancestors = "*" if "*" in listed else " ".join(listed) or "'none'"
        self._patterns = tuple(re.compile(_pattern(origin)) for origin in listed)
        plain = len(listed) == 1 and "*" not in listed[0]
        self._for_all = "*" if "*" in listed else listed[0] if plain else ""
        self._varies = bool(listed) and not self._for_all

    def headers(self, own: Mapping[str, str]) -> dict[str, str]:
        """The headers `own` of an answer with all that every answer has, whoever asks."""
        made = {**_ALWAYS, **own}
        made[CSP] = self._policy(own.get(CSP, _OWN))
        if self._varies:
            made["Vary"] = ", ".join(filter(None, (own.get("Vary"), "Origin")))
        if self._for_all:
            made |= {ALLOW_ORIGIN: self._for_all, "Access-Control-Expose-Headers": _READABLE}
        return made

    def _policy(self, own: str) -> str:
        """A page that says by itself who may frame it keeps its word: only the first one counts."""
        return own if "frame-ancestors" in own else f"{own.rstrip('; ')}; frame-ancestors {self._ancestors}"

    def more_for(self, origin: str) -> dict[str, str]:
        """What is added where a request's `Origin` is listed; nothing where all answers are alike."""
        if not self._varies or not self._lists(origin):
            return {}
        return {ALLOW_ORIGIN: origin, "Access-Control-Expose-Headers": _READABLE}

    def preflight(self, origin: str) -> dict[str, str]:
        """The headers of the answer to a browser that asks whether a script of `origin` may ask."""
        if not self._for_all and not self._lists(origin):
            return self.headers({})
        return {**self.headers({}), **self.more_for(origin), **_PREFLIGHT}

    def _lists(self, origin: str) -> bool:
        return len(origin) <= 300 and any(pattern.fullmatch(origin) for pattern in self._patterns)


def _without_usual_port(origin: str) -> str:
    """As browsers write it."""
    return origin.removesuffix(":443" if origin.startswith("https:") else ":80")


def _pattern(origin: str) -> str:
    """`https://*.example.org` means every name below it, and not itself, as in a policy of frames."""
    if origin == "*":
        return ".*"
    return re.escape(origin).replace(r"\*", "[a-z0-9-]+([.][a-z0-9-]+)*")
