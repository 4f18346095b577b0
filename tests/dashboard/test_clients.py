"""Who asks, and how often each may."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from dashboard.clients import Buckets, Clients, Rate


def name(peer: str, forwarded: str = "", *trusted: str) -> str:
    headers = Headers({"x-forwarded-for": forwarded} if forwarded else {})
    return Clients(trusted).name({"type": "http", "client": (peer, 1)}, headers)


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "who"),
    [
        ("192.0.2.1", "", (), "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", (), "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", ("10.0.0.0/8",), "192.0.2.1"),
        ("10.0.0.2", "198.51.100.7", ("10.0.0.0/8",), "198.51.100.7"),
        ("10.0.0.2", "203.0.113.9, 198.51.100.7", ("10.0.0.0/8",), "198.51.100.7"),
        ("10.0.0.2", "203.0.113.9, 198.51.100.7, 10.0.0.3", ("10.0.0.0/8",), "198.51.100.7"),
        ("10.0.0.2", "203.0.113.9, nonsense", ("10.0.0.0/8",), "10.0.0.2"),
        ("10.0.0.2", "", ("10.0.0.0/8",), "10.0.0.2"),
        ("10.0.0.2", ", ".join(["10.0.0.3"] * 1000), ("10.0.0.0/8",), "10.0.0.2"),
        ("2001:db8::1", "", (), "2001:db8::/64"),
        ("2001:db8::ffff:1", "", (), "2001:db8::/64"),
        ("2001:db8:0:1::1", "", (), "2001:db8:0:1::/64"),
        ("::ffff:192.0.2.1", "", (), "192.0.2.1"),
        ("::ffff:10.0.0.2", "198.51.100.7, ::ffff:10.0.0.3", ("10.0.0.0/8",), "198.51.100.7"),
        ("", "", (), ""),
    ],
)
def test_only_a_trusted_proxy_says_for_whom_it_asks(
    peer: str, forwarded: str, trusted: tuple[str, ...], who: str
) -> None:
    assert name(peer, forwarded, *trusted) == who


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_so_many_at_once_then_so_many_a_second_and_each_client_for_itself() -> None:
    clock = Clock()
    buckets = Buckets(Rate(3, 0.5), clock=clock)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 2.0]
    assert buckets.take("b") == 0
    clock.now = 1.0
    assert buckets.take("a") == 1.0
    clock.now = 2.0
    assert [buckets.take("a"), buckets.take("a")] == [0, 2.0]
    clock.now = 1e6
    assert [buckets.take("a", 3), buckets.take("a")] == [0, 2.0]


def test_what_is_given_back_was_not_taken_and_no_more_than_full_is_full() -> None:
    buckets = Buckets(Rate(2, 1), clock=Clock())
    for _ in range(100):
        assert buckets.take("a") == 0
        buckets.give_back("a")
    buckets.give_back("a", 50)
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 1.0]


def test_a_clock_that_stands_still_lets_nobody_in_and_clients_are_bounded() -> None:
    buckets = Buckets(Rate(1, 1), most=100, clock=Clock())
    buckets.take("a")
    for number in range(99):
        buckets.take(f"other {number}")
        assert buckets.take("a") == 1.0, "who asks on is remembered"
    for number in range(10_000):
        buckets.take(f"flood {number}")
    assert len(buckets._left) == 100
