"""What a service tells by itself, as webhooks do, beside its list: at once, once, without flapping."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from probes.model import Cause, NodeReport, Observation, Observer, Outcome, Room, Status
from probes.notice import Notice, NoticeKind
from probes.watching.notices import LIST_AGE, MOST_IDS, Heard
from tests.probes.watching import Story, only

OPENED, ENDED, JOINED, ABORTED = NoticeKind


class Told:
    """A story in which words of the service come too, each with an id of its own where none is given."""

    def __init__(self, *nodes: str) -> None:
        self.story = Story(*nodes)
        self._words = 0

    def word(self, kind: NoticeKind, at: float, room: str = "r", **more: Any) -> bool:
        self._words += 1
        told = {"id": f"EV_{self._words}", "session": "RM_1", "started_at": 1.0, **more}
        return self.story.watch.notice(Notice(kind=kind, room=room, at=at, **told))

    def poll(self, at: float, people: int | None = 500, started_at: float = 1.0, node: str = "a") -> None:
        rooms = [] if people is None else [Room("r", node, people, title="Room r", started_at=started_at)]
        self.story.poll(node, at, rooms)

    def rooms(self, at: float) -> dict[str, int | None]:
        return {room.id: room.participants for room in self.story.see(at).rooms}

    def relocations(self, at: float) -> list[tuple[Cause, Status]]:
        return [(found.cause, found.status) for found in self.story.see(at).relocations]


def big_room() -> Told:
    told = Told()
    for at in (2.0, 3.0, 4.0):
        told.poll(at)
    return told


class TestAnEnd:
    def test_counts_at_once_and_as_the_services_word(self) -> None:
        told = big_room()
        assert told.word(ENDED, 4.3)
        seen = told.story.see(4.4)
        assert (seen.rooms_open, seen.participants, seen.observed_at) == (0, 0, 4.0)
        found = only(told.story, 4.4)
        assert (found.cause, found.participants_before, found.at) == (Cause.ENDED, 500, 4.3)

    def test_a_list_that_is_behind_brings_nothing_back(self) -> None:
        told = big_room()
        told.word(ENDED, 4.3)
        for at in (5.0, 6.0, 7.0, 8.0, 9.0, 10.0):
            told.poll(at)
            assert told.rooms(at) == {}
            assert told.relocations(at) == [(Cause.ENDED, Status.STANDING)]
        for at in (11.0, 12.0, 20.0):
            told.poll(at, None)
            assert told.relocations(at) == [(Cause.ENDED, Status.STANDING)]
        assert told.story.see(20.0).retractions_total == 0

    def test_a_list_that_has_it_for_longer_is_believed_and_the_difference_is_known(self) -> None:
        told = big_room()
        words = told.story.watch._endpoints["a"].words
        told.word(ENDED, 4.3)
        told.poll(5.0)
        assert words.contradicted == {}
        told.poll(4.3 + LIST_AGE + 0.1)
        assert told.rooms(10.5) == {"r": 500}
        assert told.relocations(10.5) == [(Cause.ENDED, Status.REJECTED)]
        assert words.contradicted == {("a", "r"): 4.3}
        for at in (11.0, 12.0):
            told.poll(at, None)
        assert words.contradicted == {}

    def test_the_same_name_opened_anew_is_open(self) -> None:
        told = big_room()
        told.word(ENDED, 4.3)
        told.poll(5.0, 3, started_at=4.0)
        assert told.rooms(5.0) == {"r": 3}

    def test_of_a_time_before_comes_too_late(self) -> None:
        told = big_room()
        assert not told.word(ENDED, 4.3, session="RM_0", started_at=0.5)
        assert told.rooms(4.4) == {"r": 500}
        told.word(OPENED, 4.5, "s", session="RM_2", started_at=4.0)
        assert not told.word(ENDED, 4.6, "s", session="RM_1", started_at=None)
        assert told.rooms(4.7) == {"r": 500, "s": None}

    def test_while_polls_fail_it_counts_all_the_same(self) -> None:
        told = big_room()
        told.story.fail("a", 5.0)
        told.story.fail("a", 6.0)
        told.word(ENDED, 7.0)
        assert told.relocations(7.1) == [(Cause.ENDED, Status.STANDING)]

    def test_of_a_room_that_is_already_missing(self) -> None:
        told = big_room()
        told.poll(5.0, None)
        told.word(ENDED, 5.2)
        assert told.relocations(5.3) == [(Cause.ENDED, Status.STANDING)]
        told.poll(6.0, None)
        told.poll(7.0, None)
        assert told.story.see(7.0).relocations_total[Cause.ENDED] == 1

    def test_before_the_first_answer_it_only_keeps_a_list_that_is_behind_from_counting(self) -> None:
        told = Told()
        assert not told.word(ENDED, 1.5)
        told.poll(2.0)
        assert told.rooms(2.0) == {}


class TestAnOpening:
    def test_counts_at_once_and_a_list_that_is_behind_does_not_end_it(self) -> None:
        told = Told()
        told.poll(1.0, None)
        assert told.word(OPENED, 1.2, participants=0)
        assert told.rooms(1.3) == {"r": 0}
        for at in (2.0, 3.0, 4.0):
            told.poll(at, None)
            assert told.rooms(at) == {"r": 0}
        told.poll(5.0, 40)
        assert told.rooms(5.0) == {"r": 40}
        assert told.story.see(5.0).complete

    def test_that_no_list_ever_has_ends_after_the_lists_age(self) -> None:
        told = Told()
        told.poll(1.0, None)
        told.word(OPENED, 1.2, participants=0)
        for at in (7.3, 8.3):
            told.poll(at, None)
        assert told.rooms(8.4) == {}
        assert told.story.watch._endpoints["a"].words.contradicted == {}

    def test_that_comes_after_its_own_end_opens_nothing(self) -> None:
        told = big_room()
        told.word(ENDED, 4.3)
        told.poll(5.0, None)
        assert not told.word(OPENED, 5.5)
        assert told.rooms(5.6) == {}

    def test_answers_for_the_end_of_the_room_before_under_its_name(self) -> None:
        """A restart of a room on its node is no relocation."""
        told = big_room()
        told.word(ENDED, 4.3)
        told.word(OPENED, 4.6, session="RM_2", started_at=4.0, participants=0)
        assert told.rooms(4.7) == {"r": 0}
        assert told.relocations(4.7) == [(Cause.ENDED, Status.REJECTED)]


class TestTries:
    def tries(self, told: Told, at: float) -> tuple[Observer, dict[Outcome, int]]:
        told.poll(at)
        door = told.story.see(at).door
        assert door is not None
        return door.observer, dict(door.totals)

    def test_are_counted_as_the_services_own(self) -> None:
        told = big_room()
        for n in range(8):
            told.word(JOINED, 4.1 + n / 100)
        told.word(ABORTED, 4.5)
        assert self.tries(told, 5.0) == (Observer.SERVICE, {Outcome.JOINED: 8, Outcome.ABORTED: 1})
        told.word(JOINED, 5.5)
        assert self.tries(told, 6.0)[1] == {Outcome.JOINED: 9, Outcome.ABORTED: 1}
        door = told.story.see(6.0).door
        assert door is not None
        assert door.tries_per_second == 1.0

    def test_thousands_between_two_polls_are_one_point_of_the_door(self) -> None:
        told = big_room()
        for at in (5.0, 6.0):
            for n in range(2000):
                told.word(JOINED, at - 0.5 + n / 5000)
            told.poll(at)
        door = told.story.see(6.0).door
        assert door is not None
        assert door.tries_per_second == 2000


class TestRepetition:
    def test_a_word_that_comes_again_counts_once(self) -> None:
        told = big_room()
        for at in (4.1, 4.2, 4.9):
            told.word(JOINED, at, id="EV_x")
        told.poll(5.0)
        door = told.story.see(5.0).door
        assert door is not None
        assert door.totals == {Outcome.JOINED: 1}

    def test_memory_of_them_is_bounded(self) -> None:
        heard = Heard()
        notices = [Notice(id=str(n), kind=JOINED, room="r", at=1.0) for n in range(MOST_IDS + 10)]
        assert all(heard.is_new(notice) for notice in notices)
        assert heard.is_new(notices[0])
        assert not heard.is_new(notices[-1])
        assert len(heard._ids) == MOST_IDS


class TestSeveralEndpoints:
    def test_a_word_is_about_the_one_that_has_the_room(self) -> None:
        told = Told("a", "b")
        told.poll(1.0, None, node="a")
        told.poll(1.0, 500, node="b")
        assert told.word(ENDED, 1.5)
        assert told.rooms(1.6) == {}

    def test_a_room_that_none_has_is_left_to_the_polls(self) -> None:
        told = Told("a", "b")
        told.poll(1.0, None, node="a")
        told.poll(1.0, None, node="b")
        assert not told.word(OPENED, 1.5)
        assert told.rooms(1.6) == {}


def test_people_on_nodes_within_another_are_counted_once() -> None:
    story = Story()
    nodes = [
        NodeReport("ND_1", participants=300, in_rooms=True),
        NodeReport("ND_2", participants=190, in_rooms=True),
    ]
    story.poll("a", 1.0, {"r": 500}, nodes=nodes)
    seen = story.see(1.0)
    assert seen.participants == 500
    assert {view.id: view.participants for view in seen.nodes} == {"a": 500, "ND_1": 300, "ND_2": 190}


words = st.tuples(
    st.sampled_from(NoticeKind), st.sampled_from("rs"), st.sampled_from(["", "RM_1", "RM_2"]), st.booleans()
)
polls = st.dictionaries(st.sampled_from("rst"), st.integers(0, 50), max_size=3) | st.none()


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.1, 1.0, 7.0]), words | polls), max_size=25))
def test_any_order_of_words_and_polls_gives_the_same_twice_and_settles_on_the_list(
    happened: list[tuple[float, Any]],
) -> None:
    def play() -> tuple[Told, list[Observation], float]:
        told, seen, at = Told(), [], 100.0
        for number, (gap, what) in enumerate(happened):
            at += gap
            if isinstance(what, tuple):
                kind, room, session, repeated = what
                name = "EV" if repeated else f"EV_{number}"
                told.word(kind, at, room, session=session, id=name, started_at=None)
            elif what is None:
                told.story.fail("a", at)
            else:
                told.story.poll("a", at, what)
            seen.append(told.story.see(at))
        return told, seen, at

    told, seen, at = play()
    assert play()[1] == seen
    for n in range(4):
        told.story.poll("a", at + 10 + n, {"r": 5})
    assert told.rooms(at + 13) == {"r": 5}
    assert all((view.participants or 0) >= 0 for one in seen for view in one.rooms)
