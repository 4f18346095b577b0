"""When another room continues one that was lost: what stands, what is only proposed, what is taken back."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from probes.model import Cause, Observation, Relocation, Room, Status
from probes.watching import losses
from probes.watching.likeness import Evidence, kinship
from tests.probes.watching import Story, only

A, B = "a", "b"
ANA, BEN, CAT = "ana", "ben", "cat"


def room(name: str, people: int | None, title: str = "", hosts: Iterable[str] = (), **more: object) -> Room:
    return Room(id=name, node=A, participants=people, title=title, hosts=tuple(hosts), **more)  # type: ignore[arg-type]


def launch(people: int = 10_000) -> Room:
    return room("r", people, "Product launch", [ANA, BEN])


def lost(story: Story, *others: Room) -> float:
    """A launch with 10,000 people is there for a minute, and gone. Returns the time of the last answer."""
    for at in range(0, 60, 5):
        story.poll(A, at, [launch(), *others])
    for at in (60, 65):
        story.poll(A, at, list(others))
    return 65.0


def grows(story: Story, since: float, seconds: float, after: Room, most: int, *others: Room) -> Observation:
    """`after` opens at `since` and takes in people evenly, up to `most`."""
    at = since
    while at <= since + seconds:
        people = round(most * (at - since) / seconds)
        story.poll(A, at, [Room(**{**_fields(after), "participants": people}), *others])
        at += 5
    return story.see(at)


def _fields(of: Room) -> dict[str, object]:
    return {name: getattr(of, name) for name in of.__struct_fields__}


def standing(seen: Observation) -> Relocation:
    (relocation,) = [r for r in seen.relocations if r.status is Status.STANDING]
    return relocation


def test_a_room_of_the_same_hosts_and_title_succeeds_as_soon_as_it_opens() -> None:
    story = Story(A, every=5)
    at = lost(story) + 55
    story.poll(A, at, [room("s", 0, "Product launch 2", [BEN])])
    relocation = only(story, at)
    assert (relocation.cause, relocation.status) == (Cause.SUCCEEDED, Status.STANDING)
    assert relocation.dark_seconds == at - 55  # last seen at 55
    assert relocation.participants_before == 10_000
    assert relocation.evidence[:2] == ("same host", "same title")


def test_it_keeps_the_id_and_the_lineage_of_the_end_and_is_counted_once() -> None:
    story = Story(A, every=5)
    at = lost(story)
    ended = only(story, at)
    story.poll(A, at + 5, [room("s", 0, "Product launch", [ANA])])
    relocation = only(story, at + 5)
    assert (ended.cause, ended.id, ended.lineage) == (Cause.ENDED, relocation.id, relocation.lineage)
    seen = story.see(at + 5)
    assert (seen.relocations_total[Cause.SUCCEEDED], seen.retractions_total) == (1, 1)
    assert seen.rooms[0].lineage == relocation.lineage


@pytest.mark.parametrize(
    ("title", "hosts"), [("Late night", [ANA]), ("Product launch", [CAT])], ids=["new title", "new hosts"]
)
def test_with_another_title_or_other_hosts_it_stands_once_people_come(title: str, hosts: list[str]) -> None:
    story = Story(A, every=5)
    at = lost(story)
    after = room("s", 0, title, hosts)
    story.poll(A, at + 5, [after])
    assert only(story, at + 5).status is not Status.STANDING or hosts == [ANA]
    relocation = standing(grows(story, at + 10, 120, after, 4_000))
    assert (relocation.cause, relocation.to and relocation.to.room) == (Cause.SUCCEEDED, "s")


def test_while_it_is_only_proposed_the_end_still_counts() -> None:
    story = Story(A, every=5)
    at = lost(story)
    story.poll(A, at + 5, [room("s", 0, "Late night", [ANA])])
    relocation = only(story, at + 5)
    assert (relocation.cause, relocation.status) == (Cause.SUCCEEDED, Status.PROPOSED)
    assert 0.35 <= relocation.confidence < 0.75
    seen = story.see(at + 5)
    assert (seen.relocations_total[Cause.ENDED], seen.relocations_total[Cause.SUCCEEDED]) == (1, 0)
    assert seen.retractions_total == 0


def test_a_room_of_other_people_under_another_name_succeeds_nobody_however_many_come() -> None:
    story = Story(A, every=5)
    at = lost(story)
    seen = grows(story, at + 5, 300, room("s", 0, "Gardening", [CAT]), 6_000)
    assert standing(seen).cause is Cause.ENDED


def test_where_nobody_tells_hosts_or_titles_the_people_who_come_speak_for_it() -> None:
    story = Story(A, every=5)
    for at in range(0, 60, 5):
        story.poll(A, at, [room("1001", 10_000)])
    story.poll(A, 60, [])
    story.poll(A, 65, [])
    relocation = standing(grows(story, 70, 120, room("1002", 0), 5_000))
    assert relocation.cause is Cause.SUCCEEDED
    assert "of all that rooms took in since" in relocation.evidence[-1]


def test_where_rooms_of_that_size_are_common_one_more_is_no_sign() -> None:
    story = Story(A, every=5)
    crowd = [room(str(n), 10_000) for n in range(8)]
    for at in range(0, 60, 5):
        story.poll(A, at, [room("1001", 10_000), *crowd])
    story.poll(A, 60, crowd)
    story.poll(A, 65, crowd)
    seen = grows(story, 70, 120, room("1002", 0), 9_000, *crowd)
    assert standing(seen).cause is Cause.ENDED


def test_a_title_that_many_rooms_have_tells_nothing() -> None:
    story = Story(A, every=5)
    others = [room(f"o{n}", 20 + n, "Open stage") for n in range(6)]
    for at in range(0, 60, 5):
        story.poll(A, at, [room("r", 500, "Open stage"), *others])
    for at in (60, 65):
        story.poll(A, at, others)
    story.poll(A, 70, [room("s", 3, "Open stage"), *others])
    assert only(story, 70).cause is Cause.ENDED


def test_a_room_that_was_open_all_along_succeeds_where_the_people_go_over() -> None:
    story = Story(A, every=5)
    at = lost(story, room("s", 40, "Product launch, second room", [ANA]))
    for step in range(1, 20):
        story.poll(A, at + 5 * step, [room("s", 40 + 300 * step, "Product launch, second room", [ANA])])
    relocation = standing(story.see(at + 100))
    assert (relocation.cause, relocation.dark_seconds) == (Cause.SUCCEEDED, 0)


def test_a_better_successor_takes_the_place_of_one_that_was_proposed_and_the_change_is_told() -> None:
    story = Story(A, every=5)
    at = lost(story)
    first = room("s", 5, "Product night", [ANA])
    story.poll(A, at + 5, [first])
    assert only(story, at + 5).to is not None
    story.poll(A, at + 10, [first, room("t", 0, "Product launch", [ANA, BEN])])
    grows(story, at + 15, 60, room("t", 0, "Product launch", [ANA, BEN]), 5_000, first)
    relocation = only(story, at + 80)
    assert relocation.to is not None and relocation.to.room == "t"
    texts = [revision.text for revision in relocation.revisions]
    assert any("Product night" in text for text in texts)
    assert texts[-1].startswith("“Product launch” succeeded it")


def test_a_proposed_successor_that_closes_again_leaves_an_end() -> None:
    story = Story(A, every=5)
    at = lost(story)
    story.poll(A, at + 5, [room("s", 2, "Late night", [ANA])])
    assert only(story, at + 5).status is Status.PROPOSED
    story.poll(A, at + 10, [])
    story.poll(A, at + 15, [])
    story.poll(A, at + 20, [])
    relocation = only(story, at + 20)
    assert (relocation.cause, relocation.to, relocation.status) == (Cause.ENDED, None, Status.STANDING)
    assert relocation.revisions[-1].text == "“Late night” is no longer held for its successor"
    seen = story.see(at + 20)
    assert sum(seen.relocations_total.values()) - seen.retractions_total == 1


def test_a_chain_of_successors_is_one_lineage() -> None:
    story = Story(A, every=5)
    at = lost(story)
    story.poll(A, at + 5, [room("s", 3_000, "Product launch 2", [ANA])])
    story.poll(A, at + 10, [room("s", 5_000, "Product launch 2", [ANA])])
    story.poll(A, at + 15, [])
    story.poll(A, at + 20, [room("t", 10, "Product launch 3", [ANA])])
    second, first = story.see(at + 20).relocations
    assert (first.to and first.to.room, second.from_.room, second.to and second.to.room) == ("s", "s", "t")
    assert first.lineage == second.lineage
    assert first.settled, "nobody follows to a room that is gone"


def test_a_room_that_loses_half_and_goes_on_is_succeeded_by_the_room_that_takes_them_in() -> None:
    story = Story(A, every=5)
    for at in range(0, 60, 5):
        story.poll(A, at, [launch()])
    for at in range(60, 120, 5):
        taken = min(5_000, (at - 55) * 100)
        story.poll(A, at, [launch(4_000), room("s", taken, "Product launch 2", [ANA])])
    relocation = standing(story.see(120))
    assert (relocation.cause, relocation.participants_before) == (Cause.SUCCEEDED, 10_000)
    assert relocation.from_.room == "r"


def test_half_of_a_room_that_comes_back_is_no_relocation() -> None:
    story = Story(A, every=5)
    for at in range(0, 60, 5):
        story.poll(A, at, [launch()])
    story.poll(A, 60, [launch(3_000)])
    story.poll(A, 65, [launch(3_000), room("s", 1, "Product launch 2", [ANA])])
    for at in range(70, 100, 5):
        story.poll(A, at, [launch(9_500), room("s", 1, "Product launch 2", [ANA])])
    assert [r for r in story.see(100).relocations if r.status is Status.STANDING] == []
    seen = story.see(100)
    assert sum(seen.relocations_total.values()) - seen.retractions_total == 0


def test_a_full_room_that_goes_on_overflows_into_rooms_of_the_same_people() -> None:
    story = Story(A, every=5)
    full = room("r", 5_000, "Talk", [ANA], capacity=5_000)
    for at in range(0, 60, 5):
        story.poll(A, at, [full])
    for at in range(60, 120, 5):
        story.poll(A, at, [full, room("s", (at - 60) * 20, "Talk, overflow", [ANA])])
    relocation = standing(story.see(120))
    assert (relocation.cause, relocation.dark_seconds) == (Cause.OVERFLOWED, 0)
    assert relocation.participants_before == 5_000
    assert relocation.carried_over is None, "nobody left the first room"
    assert relocation.participants_now == 1_100


def test_a_room_of_other_people_beside_a_full_one_is_no_overflow() -> None:
    story = Story(A, every=5)
    full = room("r", 5_000, "Talk", [ANA], capacity=5_000)
    for at in range(0, 60, 5):
        story.poll(A, at, [full])
    for at in range(60, 120, 5):
        story.poll(A, at, [full, room("s", (at - 60) * 20, "Gardening", [CAT])])
    assert story.see(120).relocations == ()


def test_rooms_beside_one_that_is_not_full_are_no_overflow() -> None:
    story = Story(A, every=5)
    for at in range(0, 60, 5):
        story.poll(A, at, [room("r", 3_000, "Talk", [ANA], capacity=5_000)])
    for at in range(60, 120, 5):
        story.poll(A, at, [room("r", 3_000, "Talk", [ANA], capacity=5_000), room("s", 500, "Talk 2", [ANA])])
    assert story.see(120).relocations == ()


def test_when_the_full_room_ends_its_overflow_room_is_not_its_successor_by_its_name_alone() -> None:
    story = Story(A, every=5)
    full = room("r", 5_000, "Talk", [ANA], capacity=5_000)
    over = room("s", 4_000, "Talk, overflow", [ANA])
    for at in range(0, 60, 5):
        story.poll(A, at, [full])
    for at in range(60, 180, 5):
        story.poll(A, at, [full, over])
    for at in range(180, 240, 5):
        story.poll(A, at, [over])
    causes = {r.cause for r in story.see(240).relocations if r.status is Status.STANDING}
    assert causes == {Cause.OVERFLOWED, Cause.ENDED}


def test_after_a_restart_an_end_still_finds_its_successor() -> None:
    story = Story(A, every=5)
    at = lost(story)
    ended = only(story, at)
    again = Story(A, every=5, restored=[ended])
    again.poll(A, at + 30, [room("other", 30, "Gardening", [CAT])])
    again.poll(A, at + 35, [room("other", 30, "Gardening", [CAT]), room("s", 0, "Product launch", [BEN])])
    grows(
        again,
        at + 40,
        60,
        room("s", 0, "Product launch", [BEN]),
        3_000,
        room("other", 30, "Gardening", [CAT]),
    )
    relocation = standing(again.see(at + 110))
    assert (relocation.id, relocation.cause) == (ended.id, Cause.SUCCEEDED)
    assert relocation.to is not None and relocation.to.room == "s"


def test_after_a_restart_a_successor_that_opened_meanwhile_is_found_by_when_it_started() -> None:
    story = Story(A, every=5)
    at = lost(story)
    again = Story(A, every=5, restored=[only(story, at)])
    after = room("s", 2_000, "Product launch", [BEN], started_at=at + 20)
    again.poll(A, at + 30, [after])
    relocation = standing(again.see(at + 30))
    assert (relocation.cause, relocation.dark_seconds) == (Cause.SUCCEEDED, at + 20 - 55)


def test_a_successor_that_fails_before_it_has_an_audience_gives_way_to_the_next_try() -> None:
    story = Story(A, every=5)
    at = lost(story)
    for people in (0, 4):
        at += 5
        story.poll(A, at, [room("s", people, "Product launch", [ANA])])
    assert only(story, at).cause is Cause.SUCCEEDED
    for _ in range(3):
        at += 5
        story.poll(A, at, [])
    assert (only(story, at).cause, only(story, at).to) == (Cause.ENDED, None)
    seen = grows(story, at + 5, 120, room("t", 0, "Product launch", [ANA]), 5_000)
    relocation = standing(seen)
    assert (relocation.cause, relocation.to and relocation.to.room) == (Cause.SUCCEEDED, "t")
    assert relocation.dark_seconds == at + 5 - 55
    assert sum(seen.relocations_total.values()) - seen.retractions_total == 1


def test_a_room_that_fell_and_then_ended_is_told_once() -> None:
    story = Story(A, every=5)
    for at in range(0, 60, 5):
        story.poll(A, at, [launch()])
    for at in range(60, 200, 5):
        after = room("s", min(6_000, 100 * (at - 55)), "Product launch 2", [ANA])
        story.poll(A, at, [launch(3_000), after] if at < 150 else [after])
    relocation = only(story, 195)
    assert (relocation.cause, relocation.at, relocation.participants_before) == (Cause.SUCCEEDED, 60, 10_000)
    seen = story.see(195)
    assert sum(seen.relocations_total.values()) - seen.retractions_total == 1


def test_overflow_rooms_by_the_dozen_are_each_counted_once() -> None:
    story = Story(A, every=5)
    full = [room(f"f{n}", 5_000, f"Show {n}", [f"h{n}"], capacity=5_000) for n in range(20)]
    more = [room(f"o{n}.{m}", 200, "Extra", [f"h{n}"]) for n in range(20) for m in range(10)]
    for at in range(0, 120, 5):
        story.poll(A, at, full if at < 60 else [*full, *more])
    seen = story.see(120)
    assert (len(seen.relocations), seen.relocations_total[Cause.OVERFLOWED]) == (100, 200)
    assert seen.retractions_total == 0


def test_an_overflow_room_of_several_full_ones_of_the_same_host_is_told_once() -> None:
    story = Story(A, every=5)
    first = room("f", 5_000, "Morning talk", [ANA], capacity=5_000)
    for at in range(0, 200, 5):
        second = room("g", 5_000 if at > 60 else 4_000, "Late night", [ANA], capacity=5_000)
        after = [room("o", 900, "Late night 2", [ANA])] if at > 30 else []
        story.poll(A, at, [first, second, *after])
    relocation = only(story, 200)
    assert (relocation.cause, relocation.to and relocation.to.room) == (Cause.OVERFLOWED, "o")


def test_hundreds_of_rooms_of_one_host_are_not_all_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story(A, every=5)
    compared: list[Room] = []

    def counted(before: Room, after: Room, common: bool) -> Evidence:
        compared.append(after)
        return kinship(before, after, common)

    monkeypatch.setattr(losses, "kinship", counted)
    lost(story)
    story.poll(A, 70, [room(f"s{n:03}", 5, f"Show {n}", [ANA]) for n in range(500)])
    assert 0 < len(compared) < 200


def test_a_room_that_says_where_it_goes_on_and_then_ends_is_told_once() -> None:
    story = Story(A, every=5)
    after = room("s", 500, "Late night", [CAT])
    for at in range(0, 60, 5):
        story.poll(A, at, [launch()])
    for at in range(60, 100, 5):
        story.poll(A, at, [launch(), after] if at < 80 else [after], successors={"r": "s"})
    relocation = only(story, 95)
    assert (relocation.cause, relocation.to and relocation.to.room) == (Cause.REPORTED, "s")
    assert story.see(95).relocations_total[Cause.ENDED] == 0


def test_an_end_reported_of_a_small_room_that_then_moves_is_counted_once() -> None:
    story = Story(A, B, every=5)
    small, after = room("r", 3), room("s", 3)
    for at in range(0, 60, 5):
        story.poll(A, at, [small, after] if at < 40 else [after], successors={"r": "s"} if at >= 50 else {})
        story.poll(B, at, [])
    assert only(story, 55).cause is Cause.REPORTED
    story.poll(B, 60, [Room(id="r", node=B, participants=3)])
    seen = story.see(60)
    assert only(story, 60).cause is Cause.MOVED
    assert sum(seen.relocations_total.values()) - seen.retractions_total == 1


def test_after_a_restart_no_successor_has_opened_in_the_future() -> None:
    before = Story(A, every=5)
    lost(before)
    after = Story(A, every=5, restored=before.see(65).relocations)
    after.poll(A, 100, [room("s", 5_000, "Product launch 2", [ANA], started_at=400.0)])
    assert only(after, 100).at <= 100
