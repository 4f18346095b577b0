"""The bars of a day, as inline SVG. Colours are classes of the page's style."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.public.day import BAR, Bar
from dashboard.public.figures import clocks, percent
from dashboard.public.panels.tones import TONES
from dashboard.public.text import escaped
from probes.model import State

_STEP, _WIDTH, _HEIGHT = 10.0, 7.6, 26
_COLOURS = {**TONES, State.UNKNOWN: "pale"}

STATE_WORDS = {
    State.OK: "good",
    State.STRAINED: "small problems",
    State.FAILING: "problems",
    State.UNKNOWN: "unknown",
}


def bars(shown: Sequence[Bar], words: str) -> str:
    """The bars of a day. Those that were good, and those that are unknown, are drawn in one go."""
    plain: dict[State, list[str]] = {State.OK: [], State.UNKNOWN: []}
    told: list[str] = []
    for index, bar in enumerate(shown):
        x = index * _STEP
        if bar.state in plain:
            plain[bar.state].append(f"M{x:g} 0h{_WIDTH}v{_HEIGHT}h-{_WIDTH}z")
        else:
            told.append(
                f'<rect class="bar {_COLOURS[bar.state]}" x="{x:g}" width="{_WIDTH}" height="{_HEIGHT}">'
                f"<title>{escaped(bar_words(bar))}</title></rect>"
            )
    drawn = "".join(
        f'<path class="bar {_COLOURS[state]}" d="{"".join(d)}"/>' for state, d in plain.items() if d
    )
    width = len(shown) * _STEP - (_STEP - _WIDTH)
    return (
        f'<svg class="bars" viewBox="0 0 {width:g} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escaped(words)}">{drawn}{"".join(told)}</svg>'
    )


def bar_words(bar: Bar) -> str:
    """`18:00 to 18:20 UTC: problems, 94.1% got in`."""
    said = [STATE_WORDS[bar.state]]
    if bar.success is not None:
        said.append(f"{percent(bar.success)} got in")
    elif bar.shares.get(bar.state):
        said.append(f"for {max(1, round(bar.shares[bar.state] * BAR / 60))} min")
    return f"{clocks(bar.at, bar.at + BAR)}: {', '.join(said)}"
