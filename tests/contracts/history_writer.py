"""Appends ticks to a history as fast as it can and prints each number once it is kept. Ended by `kill -9`.

python -m tests.contracts.history_writer KIND FILE, then for each round the first number on stdin: a round
is a process of its own, forked so that twenty of them need not import everything twenty times. It prints
its pid, then the numbers.
"""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

from probes.history import HISTORIES, Kept
from tests.probes.seen import observation, rooms, tick


def main() -> None:
    kind, path = sys.argv[1:]
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _write(kind, Path(path), int(line))
        os.waitpid(child, 0)
        print("ended", flush=True)


def _write(kind: str, path: Path, first: int) -> None:
    print(os.getpid(), flush=True)
    history = HISTORIES[kind].write(path, Kept(detail=200.0, keep=2_000.0, max_size=2_000_000))
    for seq in itertools.count(first):
        history.append(tick(observation(participants=seq, rooms=rooms(50)), seq=seq, at=float(seq)))
        os.write(1, b"%d\n" % seq)
        history.tidy()


if __name__ == "__main__":
    main()
