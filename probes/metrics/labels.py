"""Label values: whatever a room is called, bounded, valid and its own."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

from probes.metrics.table import OTHER
from probes.model import LABEL_BYTES, plain_text

_MARK = 9  # "~" and eight hex digits


@lru_cache(maxsize=4096)
def label(text: str) -> str:
    """`text` as a label value of at most `LABEL_BYTES` bytes of UTF-8.

    What cannot be kept as it is ends in a short hash of the whole, so that two
    long names with the same beginning stay two.
    """
    clean = plain_text(text, LABEL_BYTES)
    if clean == text and text not in ("", OTHER):
        return text
    short = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{plain_text(text, LABEL_BYTES - _MARK)}~{short}"
