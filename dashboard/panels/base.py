"""What every panel has in common: a card that the browser fills, and nothing of one visitor in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dash import dcc, html
from dash.development.base_component import Component


@dataclass(frozen=True, slots=True)
class Panel:
    """A pure view of a frame.

    `build` gives the empty panel. The clientside function of the panel's own
    name (assets/panels/<name>.js) fills it from the newest frame: a `figure`
    panel returns a Plotly figure for the graph `<name>-figure`, any other
    writes text into the element `<name>-body`.
    """

    title: str
    build: Callable[[], Component]
    figure: bool = False


def words(name: str, title: str, note: str = "") -> Callable[[], Component]:
    """A card whose body is text and tables."""
    return lambda: _card(name, title, note, html.Div(id=f"{name}-body", className="body"))


def chart(name: str, title: str, note: str) -> Callable[[], Component]:
    """A card whose body is a graph. `<name>-note` says the unit and the time zone, `<name>-words` the figure."""
    return lambda: _card(
        name,
        title,
        note,
        html.Div(
            dcc.Graph(
                id=f"{name}-figure",
                className="figure",
                responsive=True,
                config={"displayModeBar": False, "doubleClick": "reset", "showTips": False},
            ),
            className="body figure-body",
            role="img",
            **{"aria-labelledby": f"{name}-title", "aria-describedby": f"{name}-words"},
        ),
        html.P(id=f"{name}-words", className="unseen"),
    )


def _card(name: str, title: str, note: str, *body: Component) -> Component:
    heading = html.H2([html.Span(title), html.Span(note, id=f"{name}-note", className="note")], id=f"{name}-title")
    return html.Section(
        [heading, *body], id=name, className="card panel", **{"aria-labelledby": f"{name}-title"}
    )
