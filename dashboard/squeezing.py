"""One gzip stream a viewer, of blocks that are the same for all.

A stream is a header, blocks that each stand for themselves (no block looks back at another), and at
its end a check over all that it held. A block is compressed once, whoever is sent it; what it does
to a stream's check is worked out once, too. RFC 1951 and 1952.
"""

from __future__ import annotations

import struct
import zlib

HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

_LEVEL = 6


class Block:
    """Some bytes as a part of any gzip stream. `check` and `length` of a stream go through `after`."""

    def __init__(self, data: bytes) -> None:
        deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self.squeezed = deflate.compress(data) + deflate.flush(zlib.Z_FULL_FLUSH)
        self._length = len(data)
        self._alone = zlib.crc32(data)
        nothing = zlib.crc32(data, 0)
        bits = [zlib.crc32(data, 1 << bit) ^ nothing for bit in range(32)]
        self._tables = [_sums(bits[start : start + 8]) for start in (0, 8, 16, 24)]

    def after(self, check: int, length: int) -> tuple[int, int]:
        """The check and the length of a stream that had these before, with this block at its end."""
        first, second, third, fourth = self._tables
        moved = first[check & 255] ^ second[check >> 8 & 255] ^ third[check >> 16 & 255] ^ fourth[check >> 24]
        return moved ^ self._alone, length + self._length


def _sums(bits: list[int]) -> list[int]:
    """For each byte what its bits make together."""
    sums = [0] * 256
    for byte in range(1, 256):
        lowest = byte & -byte
        sums[byte] = sums[byte ^ lowest] ^ bits[lowest.bit_length() - 1]
    return sums


def stored(data: bytes) -> bytes:
    """A block of up to 64 kB as it is, for what is said to one viewer alone."""
    return struct.pack("<BHH", 0, len(data), len(data) ^ 0xFFFF) + data


def ending(data: bytes, check: int, length: int) -> bytes:
    """The last block, and the check over the whole stream; both given are those before it."""
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    last = deflate.compress(data) + deflate.flush()
    return last + struct.pack("<LL", zlib.crc32(data, check), (length + len(data)) & 0xFFFFFFFF)
