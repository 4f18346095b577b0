"""The small pictures of the status page, as inline SVG. Colours are classes of its style."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from dashboard.public.figures import clocks, percent
from dashboard.public.status.day import BAR, Bar
from probes.model import State

_WIDTH, _HEIGHT = 210.0, 40.0
_STEP, _BAR_WIDTH, _BAR_HEIGHT = 10.0, 7.6, 26
_NO_LINE = (
    '<svg class="line" viewBox="0 0 210 40" preserveAspectRatio="none" aria-hidden="true">'
    '<path class="base" d="M0 39H210"/></svg>'
)

STATE_WORDS = {
    State.OK: "good",
    State.STRAINED: "small problems",
    State.FAILING: "problems",
    State.UNKNOWN: "unknown",
}


def line(at: Sequence[float], values: Sequence[float | None], css: str, filled: bool, words: str) -> str:
    """A curve over time, from 0 where it is filled, with gaps where nothing is known."""
    known = [value for value in values if value is not None]
    if len(known) < 2 or at[-1] <= at[0]:
        return _NO_LINE
    low, high = (0.0 if filled else min(known)), max(known)
    room = (high - low) or 1.0
    parts: list[list[str]] = [[]]
    for time, value in zip(at, values, strict=True):
        if value is None:
            parts.append([])
            continue
        x = _WIDTH * (time - at[0]) / (at[-1] - at[0])
        parts[-1].append(f"{x:.1f} {_HEIGHT - 2 - (_HEIGHT - 5) * (value - low) / room:.1f}")
    drawn = [part for part in parts if len(part) > 1]
    path = "".join(f"M{'L'.join(part)}" for part in drawn)
    area = ""
    if filled:
        under = "".join(
            f"M{part[0].split()[0]} 40L{'L'.join(part)}L{part[-1].split()[0]} 40Z" for part in drawn
        )
        area = f'<path class="area {css}" d="{under}"/>'
    return (
        '<svg class="line" viewBox="0 0 210 40" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(words)}">'
        f'{area}<path class="curve {css}" d="{path}"/></svg>'
    )


def bars(shown: Sequence[Bar], words: str) -> str:
    """The bars of a day. Those that were good, and those that are unknown, are drawn in one go."""
    plain: dict[State, list[str]] = {State.OK: [], State.UNKNOWN: []}
    told: list[str] = []
    for index, bar in enumerate(shown):
        x = index * _STEP
        if bar.state in plain:
            plain[bar.state].append(f"M{x:g} 0h{_BAR_WIDTH}v{_BAR_HEIGHT}h-{_BAR_WIDTH}z")
        else:
            told.append(
                f'<rect class="{bar.state}" x="{x:g}" width="{_BAR_WIDTH}" height="{_BAR_HEIGHT}">'
                f"<title>{escape(bar_words(bar))}</title></rect>"
            )
    drawn = "".join(f'<path class="{state}" d="{"".join(d)}"/>' for state, d in plain.items() if d)
    width = len(shown) * _STEP - (_STEP - _BAR_WIDTH)
    return (
        f'<svg class="bars" viewBox="0 0 {width:g} {_BAR_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(words)}">{drawn}{"".join(told)}</svg>'
    )


def bar_words(bar: Bar) -> str:
    """`18:00 to 18:20 UTC: problems, 94.1% got in`."""
    said = [STATE_WORDS[bar.state]]
    if bar.success is not None:
        said.append(f"{percent(bar.success)} got in")
    elif bar.shares.get(bar.state):
        said.append(f"for {max(1, round(bar.shares[bar.state] * BAR / 60))} min")
    return f"{clocks(bar.at, bar.at + BAR)}: {', '.join(said)}"


def badge(left: str, right: str, state: State) -> str:
    """Two words side by side, as badges are."""
    first, second = 16 + 6.2 * len(left), 16 + 6.2 * len(right)
    return (
        f'<svg class="badge" width="{first + second:g}" height="20" role="img" '
        f'aria-label="{escape(left)}: {escape(right)}">'
        f'<rect class="left" width="{first + 4:g}" height="20" rx="3"/>'
        f'<rect class="{state}" x="{first:g}" width="{second:g}" height="20" rx="3"/>'
        f'<text x="{first / 2:g}" y="14">{escape(left)}</text>'
        f'<text x="{first + second / 2:g}" y="14">{escape(right)}</text></svg>'
    )
