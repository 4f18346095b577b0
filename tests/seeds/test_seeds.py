"""The events as data: every figure is marked and sourced, and a wrong file is refused with its mistake."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

import seeds
from probes import settings
from seeds.model import Seed

NAMES = ["clubhouse-2021-02-01", "spaces-2023-05-24", "spaces-2024-08-12"]

SMALL = """
name: small
title: A small event
where: Somewhere
starts: 2023-05-24T18:00:00-04:00
summary: A test.
invented: [all of it]
nodes: [{id: n1, label: Node 1, invented: true}]
rooms:
  - id: r1
    title: Room
    hosts: [h1]
    node: n1
    capacity: 100
    opens: 0
    ends: 60
    points:
      - {t: 0, participants: 10, mark: reported, text: open, text_mark: interpolated,
         sources: [S1], failures: {timeout: 0.5}}
      - {t: 60, participants: 20, mark: interpolated, text: ended, text_mark: interpolated}
sources:
  S1: {title: A page, url: "https://example.org/"}
"""


@pytest.fixture(params=NAMES)
def seed(request: pytest.FixtureRequest) -> Seed:
    return seeds.load(request.param)


def test_there_are_three_seeds() -> None:
    assert seeds.names() == NAMES
    assert [seeds.load(name).name for name in NAMES] == NAMES


def test_every_reported_figure_names_a_source_and_every_source_is_named(seed: Seed) -> None:
    for room in seed.rooms:
        for point in room.points:
            if "reported" in point.mark or "reported" in point.text_mark:
                assert point.sources, f"{room.id} at t={point.t}"
    assert seed.cited == seed.sources.keys()
    assert all(source.title and source.url for source in seed.sources.values())


def test_hosts_and_nodes_are_not_real_names(seed: Seed) -> None:
    assert all(node.invented for node in seed.nodes)
    assert all(host.startswith("host-") for room in seed.rooms for host in room.hosts)


def test_tries_balance_growth_and_people_who_leave(seed: Seed) -> None:
    """In each stretch the share of people who leave, as the tries imply it, is 0.5 to 8.5 % a minute."""
    for room in seed.rooms:
        for a, b in pairwise(room.points):
            joined = a.tries_per_second * (1 - sum(a.failures.values())) * (b.t - a.t)
            left = joined - (b.participants - a.participants)
            a_minute = left / ((a.participants + b.participants) / 2) / (b.t - a.t) * 60
            assert 0.005 < a_minute < 0.085, f"{room.id} from t={a.t}"


def test_may_2023_ends_with_668_000_and_goes_on_elsewhere_two_minutes_later() -> None:
    first, second = seeds.load("spaces-2023-05-24").rooms
    reported = {p.t: p.participants for p in (*first.points, *second.points) if p.mark == "reported"}
    assert reported == {900: 580_000, 1260: 668_000, 1500: 100_000}
    assert second.opens - first.ends == 118
    assert (first.id, first.node) != (second.id, second.node)
    assert first.hosts[0] not in second.hosts
    assert set(first.hosts) & set(second.hosts), "a co-host of the first room opens the second"


def test_august_2024_has_one_room_and_a_long_failing_start() -> None:
    (room,) = seeds.load("spaces-2024-08-12").rooms
    assert max((p.participants, p.t) for p in room.points) == (1_324_994, 6000)
    assert all(sum(p.failures.values()) >= 0.35 for p in room.points if p.t < 2520)
    assert all(sum(p.failures.values()) <= 0.25 for p in room.points if p.t >= 2520)


def test_clubhouse_turns_people_away_at_its_cap_while_overflow_rooms_fill() -> None:
    main, *overflow = seeds.load("clubhouse-2021-02-01").rooms
    assert len(overflow) == 2
    for room in (main, *overflow):
        assert room.capacity == 5000
        full = [p for p in room.points if p.failures.get("room_full")]
        assert full and all(p.participants == 5000 for p in full)
    assert all(main.opens < room.opens < main.ends and set(room.hosts) & set(main.hosts) for room in overflow)


def test_readme_counts_the_marks_as_they_are(seed: Seed) -> None:
    marks = Counter(point.mark for room in seed.rooms for point in room.points)
    numbers = (marks.total(), marks["reported"], marks["value-reported"], marks["interpolated"])
    row = f"| `{seed.name}` | " + " | ".join(str(n) for n in numbers) + " |"
    assert row in files(seeds).joinpath("README.md").read_text("utf-8")


def test_readme_shows_a_config_that_is_accepted() -> None:
    readme = files(seeds).joinpath("README.md").read_text("utf-8")
    shown = readme.partition("```yaml\n")[2].partition("```")[0]
    (service,) = settings.parse(shown, "README.md", Path()).services
    assert (service.name, service.kind) == ("spaces", "http-json")


def test_an_unknown_seed_is_answered_with_the_nearest_and_the_list() -> None:
    with pytest.raises(seeds.UnknownSeed) as caught:
        seeds.load("spaces-2023")
    assert "Did you mean spaces-2023-05-24?" in str(caught.value)
    assert all(name in str(caught.value) for name in NAMES)


@pytest.mark.parametrize("name", ["../probes", "", "/etc/passwd", "README.md", "spaces-2023-05-24.yaml"])
def test_a_seed_is_a_name_and_never_a_path(name: str) -> None:
    with pytest.raises(seeds.UnknownSeed):
        seeds.load(name)


def test_the_small_seed_of_these_tests_is_good() -> None:
    assert seeds.parse(SMALL, "small.yaml").name == "small"


@pytest.mark.parametrize(
    ("good", "bad", "where", "said"),
    [
        ("sources: [S1]", "sources: [S2]", "the seed", "S2 cited, and not in `sources`"),
        ("sources: [S1], ", "", "rooms.0.points.0", "a reported figure needs a key"),
        ("mark: reported", "mark: guessed", "rooms.0.points.0.mark", "'reported', 'value-reported'"),
        ("timeout: 0.5", "timeout: 0.5, aborted: 0.6", "rooms.0.points.0", "add up to at most 1"),
        ("timeout: 0.5", "sleepy: 0.5", "rooms.0.points.0.failures.sleepy.[key]", "'room_full'"),
        ("t: 60,", "t: 0,", "rooms.0", "points in order of t"),
        ("ends: 60", "ends: 59", "rooms.0", "none after `ends`"),
        ("participants: 20", "participants: 101", "rooms.0", "no point above the room's capacity"),
        ("node: n1", "node: n2", "the seed", "room r1 is on an unknown node"),
        ("title: Room", "titel: Room", "rooms.0.titel", "not permitted"),
        ("-04:00", "", "starts", "timezone"),
        ("invented: true", "invented: false", "nodes.0.invented", "True"),
        ("nodes: [", "nodes: [{id: n1, label: Two, invented: true}, ", "the seed", "two nodes have one id"),
        ("rooms:", "rooms: [", "expected YAML", ""),
    ],
)
def test_a_wrong_seed_is_refused_with_its_place(good: str, bad: str, where: str, said: str) -> None:
    text = SMALL.replace(good, bad)
    assert text != SMALL
    with pytest.raises(seeds.BadSeed) as caught:
        seeds.parse(text, "small.yaml")
    assert any(
        line.startswith(f"small.yaml: {where}: ") and said in line for line in str(caught.value).splitlines()
    ), str(caught.value)
