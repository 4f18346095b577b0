"""The document of all metrics: current, and complete."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.webhook import OUTCOMES
from probes.metrics import METRICS
from probes.metrics.document import LABELS, document, main

PATH = Path(__file__).parents[2] / "config/prometheus/METRICS.md"


def test_the_document_is_current() -> None:
    """`make metrics` writes it anew."""
    assert PATH.read_text("utf-8") == document()


def test_it_is_printed_by_the_module(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    assert capsys.readouterr().out == document()


@pytest.mark.parametrize("name", METRICS)
def test_each_metric_has_one_row_with_its_labels_and_its_meaning(name: str) -> None:
    (row,) = [line for line in document().splitlines() if line.startswith(f"| `{name}` |")]
    assert METRICS[name].help in row
    assert all(f"`{label}`" in row for label in METRICS[name].labels)
    assert row.count("|") == 5, "a bar in a text would be one more column"


def test_each_label_is_explained_and_no_other() -> None:
    assert {label for spec in METRICS.values() for label in spec.labels} == LABELS.keys()


def test_what_becomes_of_webhooks_is_told_as_it_is() -> None:
    assert all(f"`{outcome}`" in LABELS["outcome"] for outcome in OUTCOMES[:2])
