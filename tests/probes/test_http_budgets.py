"""What a service still allows: spread over the time to the reset, shared by all who ask, never exceeded."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from probes.http.budgets import MOST_BUDGETS, Budget, Budgets

RESET = int(time.time()) + 900
DATE = formatdate(RESET - 900, usegmt=True)


def headers(left: object, reset: object = RESET, date: str = DATE) -> dict[str, str]:
    return {"x-rate-limit-remaining": str(left), "x-rate-limit-reset": str(reset), "date": date}


def told(left: object, **more: object) -> Budget:
    budget = Budget()
    budget.told(headers(left, **more), 0.0)  # type: ignore[arg-type]
    return budget


def test_what_is_left_is_spread_over_the_time_to_the_reset() -> None:
    assert told(300).pace("a", 1, 1.0, 0) == pytest.approx(3.0, rel=0.01)
    assert told(75).pace("a", 1, 5.0, 0) == pytest.approx(12.0, rel=0.01)
    assert told(40).pace("a", 2, 5.0, 0) == pytest.approx(45.0, rel=0.01), "two requests a poll"


def test_a_request_whose_answer_never_comes_is_counted_all_the_same() -> None:
    budget = told(1)
    assert budget.wait(1) is None
    budget.spend()
    assert budget.wait(1) == pytest.approx(900, abs=2)
    budget.told(headers(299, RESET + 900), 902)
    assert budget.wait(902) is None


def test_who_needs_no_more_than_is_left_keeps_its_pace() -> None:
    assert told(300).pace("a", 1, 5.0, 0) == 5.0
    assert Budget().pace("a", 1, 5.0, 0) == 5.0, "nothing is known yet"


def test_the_pace_follows_what_others_took() -> None:
    budget = told(300)
    budget.told(headers(50), 450)
    assert budget.pace("a", 1, 5.0, 450) == pytest.approx(9.0, rel=0.01)


def test_never_more_requests_than_are_left_until_the_reset() -> None:
    for left in (1, 2, 7, 100, 299):
        budget, at, sent = told(left), 0.0, 0
        while True:
            at += budget.pace("a", 1, 1.0, at)
            if at > 900:
                break
            sent += 1
            budget.told(headers(left - sent), at)
        assert left - 2 <= sent <= left


def test_all_who_share_it_are_slowed_down_alike() -> None:
    budget = told(300)
    budget.pace("a", 1, 1.0, 0)
    budget.pace("b", 1, 2.0, 0)
    assert budget.pace("a", 1, 1.0, 0) == pytest.approx(4.5, rel=0.01)
    assert budget.pace("b", 1, 2.0, 0) == pytest.approx(9.0, rel=0.01)


def test_who_asks_no_more_has_no_share() -> None:
    budget = told(300)
    budget.pace("gone", 1, 1.0, 0)
    assert budget.pace("a", 1, 1.0, 0) > 5.9
    assert budget.pace("a", 1, 1.0, 400) < 2.0


def test_with_nothing_left_it_is_asked_after_the_reset() -> None:
    budget = told(0)
    assert budget.wait(0) == budget.pace("a", 1, 5.0, 0) == 901.0, "resets are told in whole seconds"
    assert budget.wait(901) is None
    assert budget.pace("a", 1, 5.0, 901) == 5.0
    assert told(1).wait(0) is None


def test_nobody_waits_beyond_the_reset() -> None:
    budget = told(1)
    for name in "abc":
        budget.pace(name, 1, 5.0, 0)
    assert budget.pace("a", 1, 5.0, 0) == 901.0


def test_answers_that_overtake_each_other_give_nothing_back() -> None:
    budget = told(10)
    for left in (8, 9, 10):
        budget.told(headers(left), 1)
    assert budget.words().startswith("8 requests left until ")
    budget.told(headers(1, RESET - 900 + 5), 2)
    assert budget.words().startswith("8 "), "the end of the window before"
    budget.told(headers(299, RESET + 900), 3)
    assert budget.words().startswith("299 ")


def test_the_time_is_by_the_services_clock() -> None:
    ahead = told(0, reset=RESET + 7200, date=formatdate(RESET + 7200 - 60, usegmt=True))
    assert ahead.wait(0) == 61.0


@pytest.mark.parametrize(
    ("left", "reset"),
    [
        ("", RESET),
        ("-1", RESET),
        ("many", RESET),
        ("1.5", RESET),
        ("\u0661", RESET),
        ("0", ""),
        ("0", "soon"),
        ("0", 900),
        ("0", RESET - 900),
        ("0", RESET + 10**6),
        ("0", "9" * 5000),
    ],
    ids=[f"case {n}" for n in range(11)],  # not by the time of day, which is another for each worker
)
def test_headers_that_make_no_sense_limit_nothing(left: str, reset: object) -> None:
    budget = told(left, reset=reset)
    assert budget.wait(0) is None
    assert budget.pace("a", 1, 1.0, 0) == 1.0


def test_in_words() -> None:
    assert told(1).words().startswith("1 request left until ")
    closed = Budget()
    closed.close(15.0, 1684967250.0, 0)
    assert closed.words() == "0 requests left until 22:27:30 UTC"
    assert (closed.wait(10), closed.wait(15)) == (5.0, None)


def test_each_place_and_token_has_its_own_and_there_is_an_end_to_them() -> None:
    budgets = Budgets()
    first = budgets.of("a", "/2/spaces", "token")
    assert budgets.of("a", "/2/spaces", "token") is first
    assert budgets.of("a", "/2/spaces", "other") is not first
    for n in range(MOST_BUDGETS):
        budgets.of("a", "/2/spaces", n)
    assert budgets.of("a", "/2/spaces", "token") is not first
