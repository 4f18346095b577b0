"""A public answer, made once for everyone who asks."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.conditional import digest

_GZIP_LEVEL = 6
_WORTH_GZIP = 300
CACHE = "public, max-age=1, stale-while-revalidate=10, stale-if-error=86400"
"""A second old at most, so that a proxy turns any crowd into one request a second; kept where we are down."""


@dataclass(frozen=True, slots=True)
class Ready:
    """One answer. `headers` are its own; those that every public answer has are added where it is given."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    gzip: bytes | None
    etag: str


def ready(body: str | bytes, media_type: str, status: int = 200, **headers: str) -> Ready:
    """An answer with these bytes. Names in `headers` are written with `_` for `-`."""
    raw = body.encode() if isinstance(body, str) else body
    compressible = len(raw) >= _WORTH_GZIP and media_type != "image/png"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Ready(
        status=status,
        headers={"Cache-Control": CACHE, "Content-Type": media_type, "Vary": "Accept-Encoding", **named},
        body=raw,
        gzip=gzip.compress(raw, _GZIP_LEVEL, mtime=0) if compressible else None,
        etag=f'"{digest(raw)}"',
    )
