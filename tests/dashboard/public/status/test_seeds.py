"""What the public page tells of a real launch, and when it says that it was."""

from __future__ import annotations

import pytest

import seeds
from probes.history import sample_of
from tests.dashboard.public.status.played import config, facts, frame
from tests.probes.playing import played

MAY = "spaces-2023-05-24"
STEP = 5.0
UNTIL = 1_800


def test_may_2023_the_room_ended_after_21_minutes_and_went_on_two_minutes_later() -> None:
    seen = [each for each in played(MAY, step=STEP, speed=1.0) if each.t <= UNTIL]
    samples = [sample_of(each.observation, n, each.at) for n, each in enumerate(seen)]
    shown = facts(config(), frame(seen[-1].observation, at=seen[-1].at), {"spaces": samples})
    assert shown.day is not None
    starts = seeds.load(MAY).starts.timestamp()
    told = {each.title: each.time - starts for each in shown.day.happenings}
    assert told["The room has ended"] == pytest.approx(1_261, abs=STEP)
    assert told["The room moved"] == pytest.approx(1_380, abs=STEP)
    walls = {each.title: each.at - seen[0].at for each in shown.day.happenings}
    assert walls == pytest.approx({title: at - (seen[0].t) for title, at in told.items()}, abs=STEP)
