"""What every panel has in common: a card that the browser fills, and nothing of one visitor in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dash import dcc, html
from dash.development.base_component import Component


@dataclass(frozen=True, slots=True)
class Panel:
    """A pure view of a frame.

    `build` makes the empty panel, given its name in PANELS. The clientside
    function of that name (assets/panels/<name>.js) fills it from the newest
    frame: a `figure` panel returns a Plotly figure for the graph
    `<name>-figure`, any other draws text into the element `<name>-body`.
    """

    title: str
    build: Callable[[str], Component]
    figure: bool = False


def words(title: str) -> Panel:
    """A card whose body is text and tables."""
    return Panel(title, lambda name: _card(name, title, "", html.Div(id=f"{name}-body", className="body")))


def chart(title: str, note: str) -> Panel:
    """A card whose body is a graph.

    `<name>-note` shows the unit, at first `note`; `<name>-foot` is a line below;
    `<name>-words` says the figure to those who cannot see it.
    """

    def build(name: str) -> Component:
        graph = dcc.Graph(
            id=f"{name}-figure",
            className="figure",
            responsive=True,
            config={"displayModeBar": False, "doubleClick": "reset", "showTips": False},
        )
        labels = {"aria-labelledby": f"{name}-title", "aria-describedby": f"{name}-words"}
        body = html.Div(graph, className="body figure-body", role="img", **labels)
        foot = html.P(id=f"{name}-foot", className="foot")
        return _card(name, title, note, body, foot, html.P(id=f"{name}-words", className="unseen"))

    return Panel(title, build, figure=True)


def strip(title: str, css_class: str, **attributes: str) -> Panel:
    """A row without a card of its own."""
    labels = {"aria-label": title, **attributes}
    return Panel(title, lambda name: html.Section(id=f"{name}-body", className=css_class, **labels))


def _card(name: str, title: str, note: str, *body: Component) -> Component:
    heading = html.H2(
        [html.Span(title), html.Span(note, id=f"{name}-note", className="note")], id=f"{name}-title"
    )
    return html.Section(
        [heading, *body], id=name, className="card panel", **{"aria-labelledby": f"{name}-title"}
    )
