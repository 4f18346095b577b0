"""The process that makes PNG of SVG: drawing holds the interpreter for 20 ms, too long for a web process.

It reads pictures from its input and writes them to its output, each with its length in four bytes before
it; an empty one could not be drawn. It ends with its input.
"""

from __future__ import annotations

import re
import struct
import sys

import fontpkg
import resvg_py

LENGTH = struct.Struct(">I")
_FAMILY = "Roboto"
_SCALE = 2.0
_BEYOND = re.compile("[^\t\n\x20-\u024f\u0391-\u03c9\u0400-\u045f\u2010-\u2026]")
"""What the family that comes along has no letters for: only then are the system's looked for."""


def paint(svg: str) -> bytes:
    """The picture as PNG, twice as large, or nothing where it cannot be drawn."""
    try:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=svg,
                zoom=_SCALE,
                font_files=[str(fontpkg.path(_FAMILY))],
                font_family=_FAMILY,
                sans_serif_family=_FAMILY,
                skip_system_fonts=_BEYOND.search(svg) is None,
            )
        )
    except ValueError:
        return b""


def main() -> None:
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while len(head := source.read(LENGTH.size)) == LENGTH.size:
        picture = paint(source.read(*LENGTH.unpack(head)).decode())
        target.write(LENGTH.pack(len(picture)) + picture)
        target.flush()


if __name__ == "__main__":
    main()
