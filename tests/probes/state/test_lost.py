"""Rooms whose people are lost: ended with an audience that matters, no successor known, nobody denies it."""

from __future__ import annotations

from probes.model import NodeReport, Observation
from tests.probes.watching import Story, both, moved_story


def ended(
    others: int = 0, nodes_say: int | None = None, audience: int = 10, seconds: int = 20
) -> Observation:
    """A room of 600 on a ends at second 10 beside `others` people on b; what is known `seconds` later."""
    story = Story("a", "b", audience=audience)
    for at in range(10 + seconds):
        rooms = {"r": 600} if at < 10 else {}
        told = [NodeReport(id="a", participants=nodes_say)] if nodes_say is not None else []
        story.poll("a", at, rooms, nodes=told)
        story.poll("b", at + 0.1, {"s": others})
    return story.see(10 + seconds - 0.5)


def test_a_room_that_ended_with_an_audience_is_lost() -> None:
    seen = ended()
    assert seen.lost == (seen.relocations[0].lineage,)


def test_a_room_that_few_of_all_people_were_in_is_no_news() -> None:
    assert ended(others=5_500).lost == ()
    assert ended(others=5_300).lost != ()


def test_an_end_that_a_nodes_total_denies_is_not_believed() -> None:
    assert ended(nodes_say=600).lost == ()


def test_a_room_that_went_on_elsewhere_is_not_lost_even_while_that_node_is_silent() -> None:
    story = moved_story()
    assert story.see(10.5).lost == ()
    for at in range(11, 40):
        story.poll("a", at, {})
        story.fail("b", at + 0.1)
    seen = story.see(39.5)
    assert seen.relocations[0].participants_now is None
    assert seen.lost == ()


def test_it_is_lost_no_more_once_it_is_found() -> None:
    story = Story("a", "b")
    for at in range(1, 6):
        both(story, at, {"r": 668}, {})
    for at in range(6, 10):
        both(story, at, {}, {})
    assert story.see(9.5).lost
    both(story, 10, {}, {"r": 100})
    assert not story.see(10.5).lost
