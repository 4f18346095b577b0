"""The metrics of the prober: what they say, and what no service can make of them."""

from __future__ import annotations

import math
import subprocess

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from dashboard.hub import Hub
from dashboard.vitals import Lags, Vitals
from probes.alerting.table import Severity
from probes.history import Health
from probes.metrics import METRICS, Kind, Metrics, Side, Spec
from probes.metrics.text import TextFormat
from probes.model import (
    JOIN_OUTCOMES,
    POLL_OUTCOMES,
    Cause,
    Disputed,
    Door,
    Headroom,
    JoinAttempt,
    Observer,
    OtherRooms,
    Outcome,
    State,
)
from probes.timeline.entries import Source
from tests.probes.exposed import ONE_JOIN, ONE_POLL, SPACES, names, series, shown, value
from tests.probes.seen import AT, entry, node, observation, relocation, result, room, rooms, tick
from tests.servers import require


def everything() -> Metrics:
    """Metrics with a value for every entry of the table that the prober exposes."""
    metrics = Metrics()
    metrics.watch([ONE_POLL, ONE_JOIN])
    metrics.record(result())
    metrics.record(result("join", Outcome.JOINED, attempt=JoinAttempt(room="r1", outcome=Outcome.JOINED)))
    metrics.late("spaces", "n1", "rooms", overruns=1, missed=2)
    metrics.history(Health(size=4_096, written_at=AT))
    metrics.write(tick(observation()))
    return metrics


def test_every_number_of_an_observation_is_a_metric() -> None:
    metrics = shown(observation())
    expected = {
        "rooms_open": 1,
        "rooms_other": 7,
        "rooms_service_participants": 40,
        "rooms_service_complete": 1,
        "rooms_service_timestamp_seconds": AT - 3_600,
        "rooms_service_pace_ratio": 60,
        "rooms_snapshot_timestamp_seconds": AT - 0.4,
        "rooms_poll_interval_seconds": 12,
        "rooms_node_up": 1,
        "rooms_node_participants": 40,
        "rooms_node_capacity": 1_000,
        "rooms_node_snapshot_timestamp_seconds": AT - 0.4,
        "rooms_room_capacity": 100,
        "rooms_capacity": 700_000,
        "rooms_headroom_ratio": 0.75,
        "rooms_seconds_to_full": 90,
        "rooms_soonest_seconds_to_full": 70,
        "rooms_latest_seconds_to_full": 130,
        "rooms_growth_per_second": 50,
        "rooms_growth_low_per_second": 40,
        "rooms_growth_high_per_second": 60,
        "rooms_door_waiting": 41_000,
        "rooms_door_tries_per_second": 360,
        "rooms_door_tries_per_person": 2.5,
        "rooms_retry_storm": 1,
        "rooms_relocations_retracted_total": 2,
        "rooms_relocation_participants_before": 668_000,
        "rooms_relocation_participants_now": 168_000,
        "rooms_relocation_carried_over_ratio": 0.25,
        "rooms_relocation_dark_seconds": 118,
        "rooms_relocation_confidence_ratio": 0.9,
        "rooms_relocation_timestamp_seconds": AT - 300,
    }
    assert {name: value(metrics, name, **SPACES) for name in expected} == expected
    assert value(metrics, "rooms_participants", room="r1", rooms_node="n1") == 40
    assert value(metrics, "rooms_participants", room="_other") == 21
    assert value(metrics, "rooms_state", state="failing") == 1
    assert value(metrics, "rooms_state", state="ok") == 0
    assert value(metrics, "rooms_sources_disagree", what="people") == 1
    assert value(metrics, "rooms_relocations_total", cause="succeeded") == 1
    assert value(metrics, "rooms_join_attempts_total", outcome="joined") == 900
    assert value(metrics, "rooms_join_attempts_total", outcome="timeout") == 100


def test_what_is_not_known_has_no_series() -> None:
    metrics = shown(
        observation(
            service_time=None,
            pace=None,
            observed_at=None,
            participants=None,
            rooms_open=None,
            door=None,
            headroom=Headroom(),
            nodes=(msgspec.structs.replace(node(participants=None), capacity=None, observed_at=None),),
            rooms=(room(participants=None),),
            other=OtherRooms(),
        )
    )
    absent = {
        "rooms_service_timestamp_seconds",
        "rooms_service_pace_ratio",
        "rooms_snapshot_timestamp_seconds",
        "rooms_service_participants",
        "rooms_open",
        "rooms_join_attempts",
        "rooms_door_waiting",
        "rooms_door_tries_per_second",
        "rooms_door_tries_per_person",
        "rooms_retry_storm",
        "rooms_capacity",
        "rooms_headroom_ratio",
        "rooms_seconds_to_full",
        "rooms_soonest_seconds_to_full",
        "rooms_latest_seconds_to_full",
        "rooms_growth_per_second",
        "rooms_growth_low_per_second",
        "rooms_growth_high_per_second",
        "rooms_node_participants",
        "rooms_node_capacity",
        "rooms_node_snapshot_timestamp_seconds",
        "rooms_participants",
    }
    assert absent & names(metrics) == set()
    assert value(metrics, "rooms_node_up") == 1


def test_never_full_is_infinity() -> None:
    never = shown(observation(headroom=Headroom(capacity=10, ratio=0.5, seconds_to_full=math.inf)))
    assert value(never, "rooms_seconds_to_full") == math.inf


def test_services_nodes_and_rooms_share_one_name_for_the_time_to_full() -> None:
    """One rule then watches all three; a node has no room, and the service has neither."""
    fills = msgspec.structs.replace(room(), seconds_to_full=30.0)
    never = msgspec.structs.replace(node(), seconds_to_full=math.inf)
    metrics = shown(observation(rooms=(fills,), nodes=(never,)))
    found = {
        (labels["rooms_node"], labels["room"]): v
        for name, labels, v in series(metrics)
        if name == "rooms_seconds_to_full"
    }
    assert found == {("", ""): 90, ("n1", ""): math.inf, ("n1", "r1"): 30}


def test_of_nodes_without_series_of_their_own_the_one_that_is_full_first_counts() -> None:
    left = [math.inf, None, *(500.0 + i for i in range(2_000))]
    nodes = tuple(
        msgspec.structs.replace(node(f"n{i}"), seconds_to_full=s) for i, s in enumerate(reversed(left))
    )
    metrics = shown(observation(nodes=nodes, rooms=()))
    others = value(metrics, "rooms_seconds_to_full", rooms_node="_other")
    shown_nodes = sum(1 for name, labels, _ in series(metrics) if name == "rooms_node_up") - 1
    assert others == min(s for s in list(reversed(left))[shown_nodes:] if s is not None)


def test_joins_that_only_our_probe_saw_are_not_the_services_counters() -> None:
    door = Door(observer=Observer.PROBE, totals={Outcome.JOINED: 5})
    assert "rooms_join_attempts" not in names(shown(observation(door=door)))


def test_every_enum_has_all_its_children_at_0_from_the_start() -> None:
    quiet = observation(
        door=Door(observer=Observer.SERVICE), relocations=(), relocations_total={}, disagreements=()
    )
    metrics = shown(quiet)
    children: dict[str, set[str]] = {}
    for name, labels, v in series(metrics):
        for key in ("outcome", "cause", "state", "sink", "what"):
            if key in labels:
                children.setdefault(f"{name} {labels.get('probe', '')}".strip(), set()).add(labels[key])
                assert v == 0 or key == "state"
    assert children == {
        "roomwatch_probe_runs_total rooms": {o.value for o in POLL_OUTCOMES},
        "roomwatch_probe_runs_total join": {o.value for o in JOIN_OUTCOMES},
        "roomwatch_joins_total": {o.value for o in JOIN_OUTCOMES},
        "rooms_join_attempts_total": {o.value for o in JOIN_OUTCOMES},
        "rooms_relocations_total": {c.value for c in Cause},
        "rooms_state": {s.value for s in State},
        "rooms_sources_disagree": {s.value for s in Disputed},
        "roomwatch_sink_dropped_total": {"history", "link", "metrics"},
    }
    assert value(metrics, "roomwatch_probe_duration_seconds_count", probe="rooms") == 0
    assert value(metrics, "roomwatch_join_stage_seconds_count", stage="total") == 0


def test_runs_are_counted_and_the_last_one_is_told() -> None:
    metrics = shown(observation())
    metrics.record(result(at=AT + 1, seconds=0.3))
    metrics.record(result(outcome=Outcome.TIMEOUT, at=AT + 2, seconds=5.0))
    metrics.late("spaces", "n1", "rooms", overruns=1, missed=3)
    metrics.write(tick(observation()))
    mine = {"rooms_node": "n1", "probe": "rooms", **SPACES}
    assert value(metrics, "roomwatch_probe_runs_total", outcome="ok", **mine) == 1
    assert value(metrics, "roomwatch_probe_runs_total", outcome="timeout", **mine) == 1
    assert value(metrics, "roomwatch_probe_duration_seconds_count", **mine) == 2
    assert value(metrics, "roomwatch_probe_duration_seconds_bucket", le="0.5", **mine) == 1
    assert value(metrics, "roomwatch_probe_success", **mine) == 0
    assert value(metrics, "roomwatch_probe_last_duration_seconds", **mine) == 5
    assert value(metrics, "roomwatch_probe_last_run_timestamp_seconds", **mine) == AT + 2
    assert value(metrics, "roomwatch_probe_last_success_timestamp_seconds", **mine) == AT + 1
    assert value(metrics, "roomwatch_probe_overruns_total", **mine) == 1
    assert value(metrics, "roomwatch_probe_missed_total", **mine) == 3


def test_failures_in_a_row_are_told_exactly_and_a_good_run_ends_them() -> None:
    metrics = shown(observation())
    for outcome, failures in [("ok", 0), ("timeout", 1), ("tls", 2), ("timeout", 3), ("ok", 0), ("dns", 1)]:
        metrics.record(result(outcome=Outcome(outcome)))
        metrics.write(tick(observation()))
        assert value(metrics, "roomwatch_probe_failures_in_a_row", rooms_node="n1", probe="rooms") == failures


def test_what_is_lost_and_what_collapsed_is_told() -> None:
    seen = observation()
    lineages = [relocation.lineage for relocation in seen.relocations if not relocation.settled]
    metrics = shown(seen)
    assert value(metrics, "rooms_relocation_lost", lineage=lineages[0]) == 0
    assert value(metrics, "rooms_collapsed", **SPACES) == 0
    metrics = shown(msgspec.structs.replace(seen, lost=(lineages[0],), collapsed=True))
    assert value(metrics, "rooms_relocation_lost", lineage=lineages[0]) == 1
    assert value(metrics, "rooms_collapsed", **SPACES) == 1


def test_a_join_tells_how_long_each_stage_took_and_total_only_where_it_got_in() -> None:
    metrics = shown(observation())
    got_in = JoinAttempt(room="r1", outcome=Outcome.JOINED, stages={"dns": 0.02, "connect": 0.2})
    full = JoinAttempt(room="r1", outcome=Outcome.ROOM_FULL, stages={"dns": 0.02})
    metrics.record(result("join", Outcome.JOINED, attempt=got_in, seconds=3.0))
    metrics.record(result("join", Outcome.ROOM_FULL, attempt=full, seconds=0.5))
    metrics.record(result("join", Outcome.TIMEOUT, seconds=5.0))
    metrics.write(tick(observation()))
    assert value(metrics, "roomwatch_joins_total", outcome="joined") == 1
    assert value(metrics, "roomwatch_joins_total", outcome="room_full") == 1
    assert value(metrics, "roomwatch_joins_total", outcome="timeout") == 1
    assert value(metrics, "roomwatch_join_stage_seconds_count", stage="dns") == 2
    assert value(metrics, "roomwatch_join_stage_seconds_count", stage="connect") == 1
    assert value(metrics, "roomwatch_join_stage_seconds_count", stage="total") == 1
    assert value(metrics, "roomwatch_join_stage_seconds_bucket", stage="total", le="5.0") == 1
    assert value(metrics, "roomwatch_join_stage_seconds_bucket", stage="total", le="2.0") == 0


def test_what_is_no_longer_scheduled_leaves_and_what_stays_keeps_its_counts() -> None:
    metrics = shown(observation())
    for probe in ("rooms", "join"):
        metrics.record(result(probe))
    metrics.watch([ONE_POLL])
    metrics.record(result("join"))
    metrics.write(tick(observation()))
    assert not [labels for _, labels, _ in series(metrics) if labels.get("probe") == "join"]
    assert not [n for n, _, _ in series(metrics) if n.startswith("roomwatch_join")]
    assert value(metrics, "roomwatch_probe_runs_total", probe="rooms", outcome="ok") == 1


def test_rooms_and_settled_relocations_that_are_gone_leave() -> None:
    metrics = shown(observation(rooms=rooms(20)))
    assert value(metrics, "rooms_participants", room="room-000019") is not None
    metrics.write(tick(observation(rooms=rooms(10), relocations=(relocation(settled=True),))))
    assert value(metrics, "rooms_participants", room="room-000019") is None
    assert not [n for n, _, _ in series(metrics) if n.startswith("rooms_relocation_")]


def test_a_lineage_that_moved_twice_has_the_newest_move() -> None:
    chain = (relocation("a", at=AT - 10, participants_now=5), relocation("b", at=AT - 99, participants_now=7))
    assert value(shown(observation(relocations=chain)), "rooms_relocation_participants_now") == 5


def test_drops_and_history_are_told() -> None:
    metrics = everything()
    metrics.dropped("history", 3)
    metrics.history(Health(size=8_192, written_at=AT, errors=2))
    metrics.write(tick(observation()))
    assert value(metrics, "roomwatch_sink_dropped_total", sink="history") == 3
    assert value(metrics, "roomwatch_history_size_bytes") == 8_192
    assert value(metrics, "roomwatch_history_write_errors_total") == 2
    assert value(metrics, "roomwatch_history_written_timestamp_seconds") == AT


def test_every_entry_of_the_table_is_exported_by_its_own_process_and_nothing_else_is() -> None:
    """Names, kinds, labels and help are those of the table; both processes together make one valid page."""
    prober = everything().text
    for side, text in ((Side.PROBER, prober), (Side.WEB, web_text())):
        families = {f.name: f for f in text_string_to_metric_families(text.decode())}
        expected = {_family_name(spec): spec for spec in METRICS.values() if spec.side is side}
        assert families.keys() == expected.keys()
        for name, spec in expected.items():
            family = families[name]
            assert (family.type, family.documentation) == (spec.kind.value, spec.help)
            labels = {key for sample in family.samples for key in sample.labels} - {"le"}
            assert labels == set(spec.labels)


def _family_name(spec: Spec) -> str:
    return spec.name.removesuffix("_total") if spec.kind is Kind.COUNTER else spec.name


def web_text() -> bytes:
    return Vitals("1.2.3").render(Hub(), Lags(prober=0.001, web=0.002))


def test_no_created_series() -> None:
    assert b"_created" not in everything().text + web_text()


def test_promtool_finds_nothing_to_complain_about() -> None:
    hostile = room('"quotes"\\ back\nline %{x} <img src=x onerror=alert(1)>', title="x")
    metrics = everything()
    metrics.write(tick(observation(rooms=(*rooms(250), hostile))))
    check = subprocess.run(
        [require("promtool"), "check", "metrics"], input=metrics.text + web_text(), capture_output=True
    )
    assert (check.returncode, check.stdout, check.stderr) == (0, b"", b"")


class _Fixed(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


@given(
    st.lists(st.tuples(st.text(), st.text(), st.floats(allow_nan=False)), max_size=20),
    st.sampled_from(["gauge", "counter"]),
)
def test_the_text_is_what_prometheus_client_writes(samples: list[tuple[str, str, float]], kind: str) -> None:
    """The second rendering comes from memory, and is the same."""
    family = Metric("rooms_try", 'Help with "quotes".', kind)
    name = "rooms_try_total" if kind == "counter" else "rooms_try"
    family.samples.clear()
    for z, a, v in samples:
        family.add_sample(name, {"z": z, "a": a}, v)
    family.add_sample(name, {}, 1.0)
    registry = CollectorRegistry()
    registry.register(_Fixed([family]))
    text = TextFormat()
    expected = generate_latest(registry)
    assert text.render([family]) == expected
    assert text.render([family]) == expected


def test_a_tick_that_cannot_be_rendered_is_counted_and_the_last_text_stays() -> None:
    metrics = shown(observation())
    before = metrics.text
    metrics.write(tick(observation(participants=10**400)))
    assert metrics.text == before
    metrics.write(tick(observation()))
    assert value(metrics, "roomwatch_sink_dropped_total", sink="metrics") == 1


def test_alerts_that_fire_are_counted_by_severity_and_by_who_says_so() -> None:
    metrics = Metrics()
    alerts = (
        entry("a"),
        entry("b"),
        entry("own", source=Source.OWN, severity=Severity.TICKET),
        entry("ended", ended_at=AT + 1),
        entry("watchdog", severity=Severity.NONE),
    )
    metrics.write(tick(alerts=alerts))
    lines = {
        line for line in metrics.text.decode().splitlines() if line.startswith("roomwatch_alerts_firing{")
    }
    assert lines == {
        'roomwatch_alerts_firing{severity="page",source="alertmanager"} 2.0',
        'roomwatch_alerts_firing{severity="page",source="own"} 0.0',
        'roomwatch_alerts_firing{severity="ticket",source="alertmanager"} 0.0',
        'roomwatch_alerts_firing{severity="ticket",source="own"} 1.0',
    }
