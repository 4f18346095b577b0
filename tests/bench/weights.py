"""What public panels weigh, in bytes, and what each costs to make, in milliseconds of processor time."""

from __future__ import annotations

import time
from collections.abc import Callable

from dashboard.public.facts import Facts
from dashboard.public.panels import badges, embed
from dashboard.public.panels.page import embed_script
from dashboard.public.panels.painting import paint
from dashboard.public.ready import Ready
from tests.dashboard.public.telling import facts

Answer = Callable[[str, Facts], Ready | None]

FORMS: dict[str, tuple[Answer, str, str]] = {
    "html": (embed.answer, embed.PREFIX, ""),
    "svg": (embed.answer, embed.PREFIX, ".svg"),
    "json": (embed.answer, embed.PREFIX, ".json"),
    "badge svg": (badges.answer, badges.PREFIX, ".svg"),
    "badge json": (badges.answer, badges.PREFIX, ".json"),
}
TIMES = 50


def measure() -> dict[str, object]:
    told = facts()
    panels = {panel.value: _weights(panel.value, told) for panel in badges.BADGES}
    return {"panels": panels, "embed.js": _weight(embed_script())}


def _weights(panel: str, told: Facts) -> dict[str, object]:
    found: dict[str, object] = {}
    for form, (answer, prefix, ending) in FORMS.items():
        path = f"{prefix}{panel}{ending}"
        started = time.process_time()
        made = [answer(path, told) for _ in range(TIMES)][-1]
        milliseconds = round((time.process_time() - started) / TIMES * 1000, 3)
        assert made is not None
        found[form] = {**_weight(made), "ms": milliseconds}
    svg = embed.to_paint(f"{embed.PREFIX}{panel}.png", told)
    assert svg is not None
    started = time.process_time()
    picture = paint(svg)
    found["png"] = {"bytes": len(picture), "ms": round((time.process_time() - started) * 1000, 1)}
    return found


def _weight(ready: Ready) -> dict[str, int]:
    return {"bytes": len(ready.body), "gzip": len(ready.gzip or ready.body)}
