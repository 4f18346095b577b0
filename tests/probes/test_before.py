"""A restart is no recovery: how it was goes on until it has been better for a while."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from probes.history import HISTORIES, History, Kept, Reader
from probes.model import Observation, Outcome, State
from probes.state.before import STILL, how_it_was
from probes.state.steady import HOLD, Verdict
from tests.probes.seen import AT, observation, tick
from tests.probes.watching import Story

FAILING = Verdict(State.FAILING, ("Half of the joins fail",))


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    history = HISTORIES["sqlite"].write(tmp_path / "history", Kept(1e9, 1e9, 10**10))
    yield history
    history.close()


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return HISTORIES["sqlite"].read(tmp_path / "history")


def seen(state: State, *reasons: str, name: str = "spaces") -> Observation:
    return observation(name, state=state, reasons=reasons or ("why",))


def test_the_last_known_state_counts_for_some_minutes(history: History, reader: Reader) -> None:
    history.append(tick(seen(State.FAILING, *FAILING.reasons), seen(State.OK, name="other")))
    assert how_it_was(reader, AT + STILL) == {"spaces": FAILING, "other": Verdict(State.OK, ("why",))}
    assert how_it_was(reader, AT + STILL + 1) == {}


def test_what_was_unknown_just_then_is_as_it_was_before_that(history: History, reader: Reader) -> None:
    """A prober that has ended twice in a row."""
    history.append(tick(seen(State.FAILING, *FAILING.reasons)))
    history.append(tick(seen(State.UNKNOWN), seq=int(AT) + 1, at=AT + 1))
    assert how_it_was(reader, AT + 2) == {"spaces": FAILING}


def test_a_reason_is_not_wrapped_again_with_each_restart(history: History, reader: Reader) -> None:
    history.append(tick(seen(State.FAILING, "Recovering since 18:00:30. Until then: Half of the joins fail")))
    assert how_it_was(reader, AT) == {"spaces": FAILING}


def test_nothing_kept_is_nothing_known(reader: Reader) -> None:
    assert how_it_was(reader, AT) == {}


def test_the_first_good_answer_after_a_restart_is_no_recovery_yet() -> None:
    story = Story(was=FAILING)
    assert story.see(AT).state is State.UNKNOWN
    joins = {Outcome.JOINED: 1_000, Outcome.TIMEOUT: 1_000}
    for second in range(int(HOLD)):
        story.poll("a", AT + second, {"r1": 300}, joins=joins)
        shown = story.see(AT + second)
        assert shown.state is State.FAILING
        assert shown.reasons[-1].endswith("Until then: Half of the joins fail")
    story.poll("a", AT + HOLD, {"r1": 300}, joins=joins)
    assert story.see(AT + HOLD).state is State.OK
