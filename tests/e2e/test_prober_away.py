"""Between the end of a prober and its next frame open boards are told, once, that it is away."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

from tests.product import Rooms, service, up, watching


def test_a_stream_tells_that_the_prober_ended_and_that_it_is_back(tmp_path: Path) -> None:
    with Rooms(r1=5) as rooms, up(tmp_path, service("rooms", rooms.url)) as board:
        board.wait(lambda f: f["rooms"]["participants"] == 5, "people")
        with watching(board.url + "/live") as stream:
            frames = (json.loads(event["data"]) for event in stream if event.get("event") == "frame")
            seen = [next(frames)]
            board.prober.kill()
            while seen[-1]["prober"]["alive"]:
                seen.append(next(frames))
            assert seen[-1]["services"] == seen[-2]["services"]
            assert seen[-1]["at"] == seen[-2]["at"]
            seen.append(next(frames))
    assert seen[-1]["prober"] == {"alive": True}
    assert all(earlier["seq"] < later["seq"] for earlier, later in pairwise(seen))
