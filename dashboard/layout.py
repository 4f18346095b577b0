"""The board's layout, and the same as plain HTML for the moment before Dash has loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.panels import PANELS

_ATTRIBUTES = {"className": "class", "id": "data-first", "role": "role"}
_TAGS = {"Header", "Main", "Section", "Div", "Span", "H1", "H2", "P"}


def layout(services: Sequence[str]) -> Component:
    """The whole page as Dash components. `services` are the configured names, in their order."""
    return dmc.MantineProvider(
        [
            dcc.Store(id="frame"),
            dcc.Store(id="past"),
            dcc.Store(id="link"),
            dcc.Store(id="scheme"),
            html.Div([_header(services), html.Main(_panels(), id="main")], id="board", className="board"),
        ],
        defaultColorScheme="auto",
    )


def _header(services: Sequence[str]) -> Component:
    choice = dmc.SegmentedControl(
        id="choice",
        value="",
        data=[{"value": "", "label": "worst first"}, *({"value": name, "label": name} for name in services)],
        size="xs",
        className="choice" if len(services) > 1 else "choice unseen",
        **{"aria-label": "Service"},
    )
    toggle = dmc.ColorSchemeToggle(
        id="toggle",
        lightIcon=html.Span("◐", **{"aria-hidden": "true"}),
        darkIcon=html.Span("◐", **{"aria-hidden": "true"}),
        variant="default",
        size="md",
        className="toggle",
        **{"aria-label": "Change between dark and light"},
    )
    return html.Header(
        [
            html.H1("Roomwatch"),
            html.Div(id="about-body", className="about"),
            choice,
            html.Div(id="clock-body", className="clock"),
            toggle,
        ],
        className="top",
    )


def _panels() -> list[Component]:
    built = {name: panel.build(name) for name, panel in PANELS.items()}
    alerts = html.Div([built.pop("alerts")], className="row")
    charts = html.Div([built.pop("concurrency"), built.pop("door")], className="row charts")
    places = html.Div([built.pop("relocations"), built.pop("nodes")], className="stack")
    tables = html.Div([built.pop("errors"), places, built.pop("probes")], className="row tables")
    lines = [
        html.Div(id="moment-body", className="moment-line"),
        html.Div(id="notice-body", className="notice-line"),
    ]
    return [*lines, *built.values(), alerts, charts, tables]


def first_paint(component: Mapping[str, Any] | Sequence[Any] | str | None) -> str:
    """The layout (as Dash's JSON) as HTML without ids; `data-first` marks what the browser fills at once.

    What has no plain counterpart (graphs, controls, stores) leaves an empty place.
    """
    if component is None:
        return ""
    if isinstance(component, str):
        return escape(component)
    if isinstance(component, Sequence):
        return "".join(first_paint(child) for child in component)
    props = component["props"]
    inner = first_paint(props.get("children"))
    if component["type"] == "MantineProvider":
        return inner
    if component["type"] not in _TAGS:
        return ""
    tag = component["type"].lower()
    attributes = "".join(
        f' {name}="{escape(props[prop])}"' for prop, name in _ATTRIBUTES.items() if prop in props
    )
    return f"<{tag}{attributes}>{inner}</{tag}>"
