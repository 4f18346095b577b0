"""Blocks that are compressed once make a whole gzip stream for each viewer, in any order and number."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.squeezing import HEADER, Block, ending, stored


@given(st.binary(max_size=100), st.lists(st.binary(max_size=3_000), min_size=1, max_size=4), st.data())
def test_a_stream_of_shared_blocks_is_a_whole_gzip_file(
    greeting: bytes, events: list[bytes], data: st.DataObject
) -> None:
    blocks = [Block(event) for event in events]
    order = data.draw(st.lists(st.integers(0, len(events) - 1), max_size=8))
    check, length = zlib.crc32(greeting), len(greeting)
    stream = HEADER + stored(greeting)
    for number in order:
        stream += blocks[number].squeezed
        check, length = blocks[number].after(check, length)
    stream += ending(b"bye", check, length)
    assert gzip.decompress(stream) == greeting + b"".join(events[number] for number in order) + b"bye"


def test_each_block_can_be_read_as_soon_as_it_is_there() -> None:
    """As a browser must: nothing of an event may wait for the next."""
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
    assert reader.decompress(HEADER + stored(b"hello")) == b"hello"
    for number in range(100):
        event = b"event %d: " % number + b"x" * number * 1_000
        assert reader.decompress(Block(event).squeezed) == event


def test_a_wrong_check_would_be_found() -> None:
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(HEADER + stored(b"hello") + ending(b"bye", zlib.crc32(b"hallo"), 5))
