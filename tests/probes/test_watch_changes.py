"""What a Watch makes of reloads, of clocks that stop, and of more rooms than it can follow."""

from __future__ import annotations

import pytest

from probes.config.objectives import Objectives
from probes.model import Cause, Room
from probes.services.http_json import HttpJsonSettings
from probes.watching import answers, recent
from tests.probes.watching import JOIN, Story, settings

A, B = "a", "b"


def test_a_reload_that_changes_what_is_asked_moves_no_room() -> None:
    story = Story(A)
    story.poll(A, 1, {"r": 500})
    changed = HttpJsonSettings.model_validate(
        {**story.settings.model_dump(include={"name", "kind", "nodes"}), "rooms": {"node": "region"}}
    )
    story.watch.follow(changed, Objectives())
    assert story.see(1.5).participants is None
    for at in range(2, 6):
        story.poll(A, at, [Room(id="r", node="eu-1", participants=500)])
    assert story.see(5.5).relocations == ()


def test_a_node_at_another_url_starts_afresh_and_the_others_go_on() -> None:
    story = Story(A, B)
    story.poll(A, 1, {"r": 500})
    story.poll(B, 1, {"s": 5})
    nodes = [story.settings.nodes[0].model_copy(update={"url": "http://10.0.0.9"}), story.settings.nodes[1]]
    story.watch.follow(story.settings.model_copy(update={"nodes": nodes}), Objectives())
    assert story.see(1.5).participants == 5
    for at in range(2, 6):
        story.poll(A, at)
        story.poll(B, at, {"s": 5})
    assert story.see(5.5).relocations == ()


def test_a_reload_that_changes_how_often_or_what_for_keeps_all() -> None:
    story = Story(A)
    story.poll(A, 1, {"r": 500})
    story.watch.follow(settings(A, every=2.0, audience=3, capacity=900, join=JOIN), Objectives())
    assert story.see(1.5).participants == 500


def test_a_late_join_is_ignored_when_the_config_has_none_any_more() -> None:
    story = Story(A, join=JOIN)
    story.poll(A, 1)
    story.join(A, 1.5)
    story.watch.follow(settings(A), Objectives())
    story.join(A, 2.0)
    assert [probe.name for probe in story.see(2.5).probes] == ["rooms"]


def test_quick_polls_that_are_a_little_late_are_no_silence() -> None:
    story = Story(A, every=0.1)
    story.poll(A, 1.0, {"r": 5})
    assert story.see(1.45).participants == 5
    assert story.see(1.55).participants is None


def test_an_answer_that_leaves_out_the_time_goes_on_at_the_pace_so_far() -> None:
    story = Story(A)
    for second in range(5):
        story.poll(A, 1000.0 + second, {"r": 5}, service_time=100.0 + 10 * second)
    story.poll(A, 1005.0, {"r": 5})
    assert story.see(1005.5).service_time == 150.0
    story.poll(A, 1006.0, {"r": 5}, service_time=160.0)
    seen = story.see(1006.5)
    assert (seen.service_time, seen.pace) == (160.0, 10.0)


def test_a_clock_that_stands_still_lets_no_memory_grow() -> None:
    """Rooms come, shrink and go for hours in one moment of the service's time."""
    story = Story(A)
    for at in range(1000):
        story.poll(A, at, {f"r{at}": 9, f"r{at - 1}": 3}, service_time=50.0)
    kept = story.watch._endpoints[A].answers._peaks._falls
    assert sum(map(len, kept)) <= 2 * 41


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that a test can reach."""
    monkeypatch.setattr(recent, "MOST", 20)
    monkeypatch.setattr(answers, "MOST_MISSING", 20)


@pytest.mark.usefixtures("few")
def test_rooms_that_moved_beyond_what_can_be_followed_have_not_ended() -> None:
    story = Story(A, B)
    crowd = {f"r{n:02}": 50 for n in range(30)}
    story.poll(A, 1, crowd)
    story.poll(B, 1)
    for at in range(2, 5):
        story.poll(B, at, crowd)
        story.poll(A, at, dict.fromkeys(list(crowd)[:15], 50))
    for at in range(5, 9):
        story.poll(B, at, crowd)
        story.poll(A, at)
    seen = story.see(8.5)
    assert {relocation.cause for relocation in seen.relocations} == {Cause.MOVED}
    assert seen.relocations_total[Cause.ENDED] == 0
    assert any("some are not shown" in reason for reason in seen.reasons)
    for at in range(9, 700):
        story.poll(B, at, crowd)
        story.poll(A, at)
        story.see(at + 0.5)
    assert not any("not shown" in reason for reason in story.see(699.5).reasons)


@pytest.mark.usefixtures("few")
def test_ends_beyond_what_can_be_waited_for_are_said_to_be_left_out() -> None:
    story = Story(A)
    story.poll(A, 1, {f"r{n:02}": 50 + n for n in range(30)})
    for at in range(2, 5):
        story.poll(A, at)
    seen = story.see(4.5)
    assert seen.relocations_total[Cause.ENDED] == 20
    assert any("some are not shown" in reason for reason in seen.reasons)
