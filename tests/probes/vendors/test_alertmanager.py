"""Alertmanager's webhook and API: what is read of them, and what is asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from probes.alerting.firing import Subject
from probes.alerting.table import Severity
from probes.timeline.words import Listed
from probes.vendors.alertmanager import (
    MOST_ALERTS,
    Unreadable,
    read_listed,
    read_silence,
    read_webhook,
    safe_link,
    silence_request,
)

NEVER = "0001-01-01T00:00:00Z"


def alert(**changes: Any) -> dict[str, Any]:
    """An alert as Alertmanager 0.25 posts it."""
    return {
        "status": "firing",
        "labels": {"alertname": "RoomsEnded", "rooms_service": "spaces", "lineage": "l1", "severity": "page"},
        "annotations": {"summary": "it ended", "runbook_url": "https://example.org/r#RoomsEnded"},
        "startsAt": "2026-11-24T23:36:13.912917837Z",
        "endsAt": NEVER,
        "generatorURL": "http://prometheus:9090/graph?g0.expr=x",
        "fingerprint": "3ecc218105fef843",
        **changes,
    }


def webhook(*alerts: object, version: str = "4") -> bytes:
    group = {
        "receiver": "roomwatch",
        "status": "firing",
        "alerts": alerts,
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "version": version,
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
    }
    return json.dumps(group).encode()


def test_a_firing_alert() -> None:
    (heard,) = read_webhook(webhook(alert()))
    assert heard.subject == Subject(alert="RoomsEnded", service="spaces", lineage="l1")
    assert (heard.severity, heard.since, heard.ended) == (Severity.PAGE, 1795563373.912918, None)
    assert (heard.summary, heard.fingerprint) == ("it ended", "3ecc218105fef843")
    assert heard.runbook_url == "https://example.org/r#RoomsEnded"
    assert heard.generator_url == "http://prometheus:9090/graph?g0.expr=x"
    assert heard.labels["lineage"] == "l1"


def test_a_resolved_alert_has_its_end() -> None:
    resolved = alert(status="resolved", endsAt="2026-11-25T00:36:13.912918+01:00")
    assert read_webhook(webhook(resolved))[0].ended == 1795563373.912918
    (heard,) = read_webhook(webhook(alert(status="resolved")))
    assert heard.ended == heard.since, "an end that is not known is no earlier than its start"


@pytest.mark.parametrize(
    ("labels", "severity"),
    [
        ({"severity": "critical"}, Severity.PAGE),
        ({"severity": "warning"}, Severity.TICKET),
        ({}, Severity.TICKET),
        ({"severity": "none"}, Severity.NONE),
        ({"alertname": "Watchdog", "severity": "critical"}, Severity.NONE),
        ({"alertname": "RoomsEnded"}, Severity.PAGE),
    ],
)
def test_severities_of_others_are_read_as_ours(labels: dict[str, str], severity: Severity) -> None:
    (heard,) = read_webhook(webhook(alert(labels={"alertname": "Other", **labels})))
    assert heard.severity is severity


def test_hostile_text_is_inert() -> None:
    labels = {"alertname": "A\x1b[2J", "room": "\u202e<img>", "severity": "page"}
    (heard,) = read_webhook(webhook(alert(labels=labels, annotations={"summary": "x\n" * 5000})))
    for text in (heard.subject.alert, heard.subject.room, heard.summary):
        assert text.isprintable()
        assert len(text) <= 400
    assert heard.labels == labels, "a silence must match the very label"


def test_labels_that_are_too_long_are_left_out_as_a_whole() -> None:
    (heard,) = read_webhook(webhook(alert(labels={"alertname": "A", "room": "x" * 5000})))
    assert heard.labels == {}


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "http://a b",
        "https://x/\u202e",
        'http://x/"onclick',
        "http://x/" + "a" * 2000,
        "HTTP",
    ],
)
def test_only_web_links_are_kept(link: str) -> None:
    assert safe_link(link) == ""
    assert safe_link("HTTPS://example.org/?a=%20b#c") == "HTTPS://example.org/?a=%20b#c"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "as JSON"),
        (b"[]", "as JSON"),
        (b"\xff", "as JSON"),
        (b"[" * 100_000, "as JSON"),
        (b'{"version": "4"}', "missing required field `alerts`"),
        (b'{"version": "4", "alerts": [{"labels": {"a": "\\ud800"}}]}', "as JSON"),
        (webhook(version="3"), "version 4, found 3"),
        (webhook(alert(labels={"severity": "page"})), "the label alertname"),
        (webhook(alert(labels={"alertname": 5})), "Expected `str`"),
        (webhook(alert(startsAt="soon")), "Invalid RFC3339"),
        (webhook(alert(status="suppressed")), "Invalid enum value"),
        (webhook(*[alert()] * (MOST_ALERTS + 1)), f"at most {MOST_ALERTS} alerts"),
    ],
)
def test_what_is_no_webhook_is_refused_in_a_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_webhook(body)
    assert sentence in str(refused.value)
    assert str(refused.value).startswith("expected ")
    assert str(refused.value).isprintable()


def test_a_list_of_alerts() -> None:
    body = json.dumps([{**alert(), "updatedAt": NEVER, "receivers": [{"name": "x"}]}]).encode()
    assert read_listed(body, 5.0) == Listed({"3ecc218105fef843": 1795563373.912918}, 5.0)
    with pytest.raises(Unreadable, match="not the list of alerts"):
        read_listed(b"<html>", 5.0)


def test_a_silence() -> None:
    asked = silence_request({"b": "2", "a": "1.*"}, "ops", "on it", 0.0, 3600.0)
    assert asked == {
        "matchers": [
            {"name": "a", "value": "1.*", "isRegex": False, "isEqual": True},
            {"name": "b", "value": "2", "isRegex": False, "isEqual": True},
        ],
        "createdBy": "ops",
        "comment": "on it",
        "startsAt": "1970-01-01T00:00:00+00:00",
        "endsAt": "1970-01-01T01:00:00+00:00",
    }
    assert read_silence(b'{"silenceID": "x-1"}') == "x-1"
    with pytest.raises(Unreadable, match="names no silence"):
        read_silence(b"{}")
