"""`python -m seeds NAME`: play one seed as a rooms service on loopback."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence

import seeds
from seeds.server import serve
from seeds.service import make_app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code: 0 stopped, 1 the port is taken, 2 a wrong argument."""
    args = _parser().parse_args(arguments)
    try:
        seed = seeds.load(args.name)
    except (seeds.UnknownSeed, seeds.BadSeed) as error:
        return _fail(str(error), 2)
    app = make_app(seed, speed=args.speed, start=args.start_at, number=args.number, extra_rooms=args.rooms)
    try:
        serve(app, args.port, until_eof=args.until_eof)
    except OSError as error:
        return _fail(f"Cannot listen on 127.0.0.1:{args.port}: {error.strerror}. Choose another --port.", 1)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m seeds", description="Play a real event as a rooms service."
    )
    parser.add_argument("name", metavar="NAME", help=", ".join(seeds.names()))
    parser.add_argument("--speed", type=_speed, default=1.0, help="event seconds a second (default 1)")
    parser.add_argument(
        "--start-at", type=_whole(86_400), default=0, help="event seconds at which it begins (default 0)"
    )
    parser.add_argument("--port", type=_whole(65_535), default=0, help="default 0: a free one")
    parser.add_argument("--rooms", type=_whole(200_000), default=0, help="small rooms beside the event's own")
    parser.add_argument("--number", type=_whole(2**32), default=0, help="same number, same play (default 0)")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input does")
    return parser


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed <= 10_000:
        raise argparse.ArgumentTypeError(f"expected a speed above 0 and up to 10000, not {text!r}")
    return speed


def _whole(highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= highest):
            raise argparse.ArgumentTypeError(f"expected a whole number from 0 to {highest}, not {text!r}")
        return int(text)

    return read


def _fail(sentence: str, code: int) -> int:
    sys.stderr.write(sentence + "\n")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
