"""Styles and scripts that stand in the pages themselves, and the policy that lets them run and no others."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import NamedTuple

from dashboard import __version__
from dashboard.conditional import digest

_ASSETS = Path(__file__).parent / "assets"


class Inline(NamedTuple):
    """The style and the script of a page, its policy, and `made`, another word with each change of them."""

    style: str
    script: str
    policy: str
    made: str


def inline(style: str, script: str, *more: str) -> Inline:
    """With the directives that `more` adds to the policy. Who may frame it is said for all in `Sharing`."""
    policy = (
        "default-src 'none'",
        f"script-src {_hashed(script)}",
        f"style-src {_hashed(style)}",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        *more,
    )
    return Inline(style, script, "; ".join(policy), digest(f"{__version__}{style}{script}".encode()))


def asset(name: str, folder: Path = _ASSETS) -> str:
    """An asset without the comments and indentation that are for its authors."""
    lines = (line.strip() for line in (folder / name).read_text("utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


def enclosed(*scripts: str) -> str:
    """Scripts in one scope, out of the way of a page's own names."""
    return f'(()=>{{"use strict";\n{"".join(scripts)}}})()'


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
