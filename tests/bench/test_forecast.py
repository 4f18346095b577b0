"""The bench's predict_linear against Prometheus' own, and its curves against what they promise."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.bench.curves import SHAPES, Curve, curves
from tests.bench.forecast import WINDOWS, linear_seconds, predict_linear
from tests.servers import require

AT, AHEAD = 1_200, 300
REAL = [shape for shape in SHAPES if shape.startswith("seed")]


@pytest.mark.needs("promtool")
def test_predict_linear_is_that_of_prometheus(tmp_path: Path) -> None:
    """Every window on curves with noise, gaps and odd answers, evaluated by promtool on the same points."""
    known = {
        f"curve_{i}": next(curve for curve in curves(shape, 9) if curve.full_at > AT)
        for i, shape in enumerate(["linear", "s-curve", "step", "stall"])
    }
    queries = []
    for name, curve in known.items():
        for text, window in WINDOWS.items():
            level, slope = predict_linear(curve.seen, AT, window)
            off = f"abs(predict_linear({name}[{text}], {AHEAD}) - ({level + slope * AHEAD!r}))"
            wanted = [{"labels": "{}", "value": 1}]
            queries.append(
                {
                    "expr": f"{off} < bool 1e-6 * {curve.capacity!r}",
                    "eval_time": f"{AT}s",
                    "exp_samples": wanted,
                }
            )
    series = [{"series": name, "values": _points(curve)} for name, curve in known.items()]
    test = {"interval": "1s", "input_series": series, "promql_expr_test": queries}
    path = tmp_path / "forecast.yml"
    path.write_text(yaml.safe_dump({"tests": [test]}))
    command = [str(require("promtool")), "test", "rules", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _points(curve: Curve) -> str:
    return " ".join("_" if math.isnan(n) else str(int(n)) for n in curve.seen[: AT + 1])


def test_the_time_to_full_of_predict_linear_is_when_it_says_the_capacity() -> None:
    seen = np.arange(0.0, 1_000.0) * 3
    assert linear_seconds(seen, 600, 300, 2_400.0) == pytest.approx(200)
    assert linear_seconds(seen[::-1], 600, 300, 9_000.0) == math.inf
    assert linear_seconds(seen, 600, 300, 1_000.0) == 0.0


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape not in REAL])
def test_every_curve_is_full_when_it_says_so_and_is_the_same_again(shape: str) -> None:
    for curve, again in zip(curves(shape, 5), curves(shape, 5), strict=True):
        assert np.array_equal(curve.seen, again.seen, equal_nan=True)
        assert 0 < curve.full_at < len(curve.seen)
        near = curve.seen[curve.full_at - 20 : curve.full_at + 20]
        assert np.nanmedian(near) == pytest.approx(curve.capacity, rel=0.15)
