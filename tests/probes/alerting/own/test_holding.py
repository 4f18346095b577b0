"""A condition fires once it has lasted, and for a while after it is over, as Prometheus does it."""

from __future__ import annotations

from collections.abc import Mapping

from probes.alerting.firing import Firing, Subject
from probes.alerting.own.holding import Holding
from probes.alerting.table import ALERTS

NODE_DOWN = ALERTS["RoomsNodeDown"]
STORM = ALERTS["RoomsRetryStorm"]


def node_down(at: float, node: str = "a", summary: str = "down") -> Firing:
    return Firing(Subject(alert=NODE_DOWN.name, service="spaces", node=node), since=at, summary=summary)


def fires(when: Mapping[int, bool], alert: str = NODE_DOWN.name) -> list[int]:
    """The seconds at which it fires, of a condition that holds or not at each second."""
    holding = Holding()
    found = Firing(Subject(alert=alert, service="spaces"), since=0.0, summary="")
    return [at for at, holds in when.items() if holding.take([found] if holds else [], at)]


def test_it_fires_once_the_condition_has_held_for_as_long_as_the_table_says() -> None:
    assert NODE_DOWN.hold > 5
    assert fires(dict.fromkeys(range(60), True)) == list(range(NODE_DOWN.hold, 60))


def test_a_condition_that_was_over_in_between_begins_anew() -> None:
    broken = NODE_DOWN.hold - 1
    assert fires({at: at != broken for at in range(60)}) == list(range(broken + 1 + NODE_DOWN.hold, 60))


def test_it_goes_on_firing_for_a_while_after_the_condition_is_over() -> None:
    assert (STORM.hold, STORM.keep > 30) == (0, True)
    when = {at: at < 10 for at in range(STORM.keep + 30)}
    assert fires(when, STORM.name) == list(range(10 + STORM.keep))


def test_one_that_comes_back_while_it_is_kept_never_stopped() -> None:
    when = {at: at % 30 == 0 for at in range(300)}
    assert fires(when, STORM.name) == list(range(300))


def test_since_is_when_it_began_to_fire_and_the_words_are_those_of_now() -> None:
    holding = Holding()
    for second in range(NODE_DOWN.hold + 6):
        fired = holding.take([node_down(1000.0 + second, summary=f"for {second} s")], float(second))
    assert [(f.since, f.summary) for f in fired] == [(1000.0 + NODE_DOWN.hold, f"for {NODE_DOWN.hold + 5} s")]


def test_each_subject_is_held_for_itself() -> None:
    holding = Holding()
    for second in range(30):
        nodes = ["a", "b"] if second >= 10 else ["a"]
        fired = holding.take([node_down(second, node) for node in nodes], second)
        assert [f.subject.node for f in fired] == [
            n for n in nodes if second - (n == "b") * 10 >= NODE_DOWN.hold
        ]


def test_what_is_over_is_forgotten() -> None:
    holding = Holding()
    for at in range(100):
        holding.take([node_down(at, f"n{at}")], float(at))
    assert len(holding) <= NODE_DOWN.keep + 2
