"""The bars: 73 of 20 minutes, grey where nothing is known, with the share of the day beside them."""

from __future__ import annotations

import pytest

from dashboard.public.day import BAR, BARS, Component
from dashboard.public.facts import Facts
from dashboard.public.status.bars import MOST_NODES, public_share, state_of_share
from probes.model import Outcome, State
from tests.dashboard.public.status.played import config, facts, facts_after, frame, samples
from tests.probes.seen import AT, node, observation

OK, STRAINED, FAILING, UNKNOWN = State.OK, State.STRAINED, State.FAILING, State.UNKNOWN


def component(told: Facts, label: str) -> Component:
    assert told.day is not None
    return next(each for each in told.day.components if each.label == label)


def states(of: Component) -> list[State]:
    return [bar.state for bar in of.bars]


def test_what_was_not_seen_is_grey_and_not_green() -> None:
    shown = component(facts_after((OK, 3600)), "The spaces")
    assert len(shown.bars) == BARS
    assert set(states(shown)[:-4]) == {UNKNOWN}
    assert states(shown)[-1] is OK
    assert shown.share == 1.0


def test_a_bar_is_as_bad_as_the_worst_that_was_in_it() -> None:
    told = facts_after((OK, 7200), (FAILING, 60), (OK, 6000))
    shown = component(told, "The spaces")
    assert states(shown).count(FAILING) == 1
    bad = next(bar for bar in shown.bars if bar.state is FAILING)
    assert bad.shares[FAILING] == 60 / BAR
    assert bad.at <= AT - 6060 < bad.at + BAR


def test_a_bar_that_was_partly_unknown_shows_what_was_known() -> None:
    assert states(component(facts_after((UNKNOWN, 300), (OK, 100)), "The spaces"))[-1] is OK
    assert component(facts_after((UNKNOWN, 300)), "The spaces").share is None


def test_the_share_of_the_day_is_the_time_without_failure() -> None:
    shown = component(facts_after((OK, 4000), (STRAINED, 2000), (FAILING, 2000), (OK, 2000)), "The spaces")
    assert shown.share == pytest.approx(0.8, abs=0.001)


def test_joins_are_counted_and_not_averaged() -> None:
    shown = component(facts_after((OK, 7200), (FAILING, 800)), "Joining a room")
    assert shown.share == pytest.approx(0.99, abs=0.001)
    assert [bar.success for bar in shown.bars if bar.state is FAILING] != []
    assert all(bar.success is None for bar in shown.bars if bar.state is UNKNOWN)


def test_rounded_numbers_are_rounded_in_the_bars_too() -> None:
    shown = component(facts_after((OK, 7200), (FAILING, 830), of=config(numbers="rounded")), "Joining a room")
    told = [shown.share, *(bar.success for bar in shown.bars)]
    assert all(share is None or round(share * 100) == pytest.approx(share * 100) for share in told)


def test_a_share_that_is_not_whole_is_never_told_as_whole() -> None:
    assert public_share(0.999999, True) == 0.9999
    assert public_share(0.999999, False) == 0.99
    assert public_share(1.0, True) == public_share(1.0, False) == 1.0


@pytest.mark.parametrize(
    ("good", "all_", "state"),
    [(99, 100, OK), (98, 100, STRAINED), (940, 1000, FAILING), (1, 2, OK), (1, 3, STRAINED), (1, 4, FAILING)],
)
def test_a_bar_of_joins_is_told_as_the_state_is(good: int, all_: int, state: State) -> None:
    assert state_of_share(good, all_, 0.99) is state


def test_hearing_is_shown_only_where_something_measures_it() -> None:
    told = facts_after((OK, 600))
    assert told.day is not None
    assert [each.label for each in told.day.components] == ["The spaces", "Joining a room", "Server 1"]
    heard = samples((OK, 600))
    silent = [{**each.totals, Outcome.SILENT: n} for n, each in enumerate(heard)]
    changed = [
        type(each)(**{**as_dict(each), "totals": totals}) for each, totals in zip(heard, silent, strict=True)
    ]
    of = config()
    shown = facts(of, frame(observation(state=OK, relocations=())), {"spaces": changed})
    sound = component(shown, "Hearing the speakers")
    assert sound.share == pytest.approx(100 / 101, abs=0.001)
    assert sound.state is OK


def as_dict(sample: object) -> dict[str, object]:
    return {name: getattr(sample, name) for name in sample.__struct_fields__}  # type: ignore[attr-defined]


def test_nodes_have_their_public_names_and_a_silent_one_is_gone() -> None:
    of = config(nodes={"n1": "Europe"})
    nodes = (node("n1", 40), node("n2", None, answering=False))
    told = facts_after((OK, 600), of=of, nodes=nodes, complete=False)
    assert (component(told, "Europe").state, component(told, "Europe").gone) == (OK, False)
    assert (component(told, "Server 2").state, component(told, "Server 2").gone) == (FAILING, True)


def test_no_more_nodes_are_shown_than_a_page_can_bear() -> None:
    told = facts_after((OK, 60), nodes=tuple(node(f"n{i}") for i in range(100)))
    assert told.day is not None
    assert len(told.day.components) == 2 + MOST_NODES


def test_only_what_has_a_public_panel_has_bars() -> None:
    told = facts_after((OK, 600), of=config(panels=["status"]))
    assert told.day is not None
    assert [each.label for each in told.day.components] == ["The spaces"]


def test_the_key_of_a_node_is_made_of_nothing_that_is_not_public() -> None:
    """Else who guesses internal names and addresses could try which of them gives the key."""
    public = config(nodes={"10.0.0.5:8080": "Europe", "10.0.0.6:8080": "Europe"})

    def keys(*ids: str) -> list[str]:
        told = facts_after((OK, 60), of=public, nodes=tuple(node(each) for each in ids))
        assert told.day is not None
        return [each.key for each in told.day.components]

    told = keys("10.0.0.5:8080", "10.0.0.6:8080", "10.0.0.7:8080")
    assert len(set(told)) == len(told)
    assert keys("10.0.0.5:8080", "10.0.0.6:8080", "10.0.0.8:8080") == told
