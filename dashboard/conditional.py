"""What a request's headers say of the copy that the asker has, and of what it can read."""

from __future__ import annotations

import hashlib

from starlette.datastructures import Headers


def has_it(headers: Headers, etag: str) -> bool:
    """Whether `If-None-Match` names `etag`. A proxy that compresses makes it weak: `W/"..."`."""
    given = headers.get("if-none-match", "")
    return any(tag.strip().removeprefix("W/") in (etag, "*") for tag in given.split(","))


def takes_gzip(headers: Headers) -> bool:
    """Whether `Accept-Encoding` allows gzip; `gzip;q=0` refuses it."""
    for offer in headers.get("accept-encoding", "").lower().split(","):
        coding, _, weight = offer.replace(" ", "").partition(";q=")
        if coding == "gzip":
            return weight.strip("0.") != "" or not weight
    return False


def digest(body: bytes) -> str:
    """What stands for these bytes in a path or a tag."""
    return hashlib.sha256(body).hexdigest()[:16]
