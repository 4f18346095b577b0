"""Curves of the last half hour as SVG elements, with gaps where nothing was known or nobody was in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dashboard.public.facts import Series
from dashboard.public.panels.parts import Tone

WIDTH, HEIGHT = 392, 64
WINDOW = 1800.0
_SHORTEST = 300.0
_HEADROOM = 1.06
_BY_THEN = 60.0
"""Seconds after people are back until a move is what brought them."""


class Point(NamedTuple):
    x: float
    y: float


class Span(NamedTuple):
    """The time that a chart shows, in Unix seconds."""

    start: float
    end: float

    @property
    def minutes(self) -> int:
        return round((self.end - self.start) / 60)


def span(series: Series) -> Span:
    """The last half hour, or as much of it as there is."""
    if not series.at:
        return Span(0.0, _SHORTEST)
    end = series.at[-1]
    return Span(max(end - WINDOW, min(series.at[0], end - _SHORTEST)), end)


def people(series: Series, moves: Sequence[float]) -> str:
    """People as an area; a stretch in which nobody was in is shaded, and each move changes the colour."""
    shown = span(series)
    most = max((p for p in series.participants if p is not None), default=0) * _HEADROOM or 1.0
    drawn, left, dark_since = "", None, None
    for run in _runs(series.at, series.participants):
        if not run[-1][1]:  # a run of zeros
            dark_since = left
            continue
        if dark_since is not None:
            drawn += _dark(_x(dark_since, shown), _x(run[0][0], shown))
            dark_since = None
        left = run[-1][0]
        moved = sum(at <= run[0][0] + _BY_THEN for at in moves)
        points = [Point(_x(at, shown), HEIGHT * (1 - value / most)) for at, value in run]
        drawn += _area(points, Tone.MOVE if moved % 2 else Tone.PEOPLE)
    if dark_since is not None:
        drawn += _dark(_x(dark_since, shown), WIDTH)
    return f'<path class="axis" d="M0 {HEIGHT}H{WIDTH}"/>{drawn}'


def shares(series: Series, goal: float, tone: Tone) -> str:
    """The share of joins that got in as a line, and the goal as a dashed one."""
    shown = span(series)
    known = [value for value in series.success if value is not None]
    low = min([*known, goal - 0.05]) - 0.02

    def y(value: float) -> float:
        return (HEIGHT - 3) * (1 - value) / (1 - low) + 2

    lines = "".join(
        _line([Point(_x(at, shown), y(value)) for at, value in run], tone)
        for run in _runs(series.at, series.success, whole=True)
    )
    return f'<path class="goal" d="M0 {y(goal):.1f}H{WIDTH}"/>{lines}'


def _x(at: float, shown: Span) -> float:
    return (at - shown.start) / (shown.end - shown.start) * WIDTH


def _runs(
    times: Sequence[float], values: Sequence[float | None], whole: bool = False
) -> Iterator[list[tuple[float, float]]]:
    """Stretches of known values; unless `whole`, those of zeros stand alone."""
    run: list[tuple[float, float]] = []
    for at, value in zip(times, values, strict=True):
        broken = value is None or (not whole and run and (value == 0) != (run[-1][1] == 0))
        if broken and run:
            yield run
            run = []
        if value is not None:
            run.append((at, value))
    if run:
        yield run


def _path(points: Sequence[Point]) -> str:
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _line(points: Sequence[Point], tone: Tone) -> str:
    single = "h.1" if len(points) == 1 else ""
    return f'<path class="line {tone}" d="M{_path(points)}{single}"/>'


def _area(points: Sequence[Point], tone: Tone) -> str:
    first, last = points[0].x, points[-1].x
    return (
        f'<path class="area {tone}" d="M{first:.1f} {HEIGHT}L{_path(points)}L{last:.1f} {HEIGHT}Z"/>'
        f"{_line(points, tone)}"
    )


def _dark(start: float, end: float) -> str:
    return f'<rect class="dark" x="{start:.1f}" y="0" width="{max(end - start, 1):.1f}" height="{HEIGHT}"/>'
