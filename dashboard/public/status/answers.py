"""The paths of the status page: the page in each theme, its feeds, its summary."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.public.address import Theme
from dashboard.public.facts import Facts
from dashboard.public.ready import Ready, ready
from dashboard.public.status import feeds
from dashboard.public.status.page import page
from dashboard.public.status.summary import summary
from probes.config.embed import PublicPanel

PREFIX = "/status"
SUMMARY = "/api/v2/summary.json"
"""Where the tools ask that know Statuspage."""

_HTML = "text/html; charset=utf-8"


def _page(facts: Facts, theme: Theme) -> Ready:
    html, policy = page(facts, theme)
    return ready(html, _HTML, Content_Security_Policy=policy)


def _summary(facts: Facts) -> Ready:
    return ready(summary(facts), "application/json")


PATHS: dict[str, Callable[[Facts], Ready]] = {
    PREFIX: lambda facts: _page(facts, Theme.AUTO),
    f"{PREFIX}/light": lambda facts: _page(facts, Theme.LIGHT),
    f"{PREFIX}/dark": lambda facts: _page(facts, Theme.DARK),
    f"{PREFIX}.rss": lambda facts: ready(feeds.rss(facts), "application/rss+xml; charset=utf-8"),
    f"{PREFIX}.atom": lambda facts: ready(feeds.atom(facts), "application/atom+xml; charset=utf-8"),
    f"{PREFIX}.json": _summary,
    SUMMARY: _summary,
}


def answer(path: str, facts: Facts) -> Ready | None:
    """What stands at `path`, or None where the page is not public, or nothing is there."""
    return PATHS[path](facts) if exists(path, facts) else None


def exists(path: str, facts: Facts) -> bool:
    """Whether something stands at `path`; it costs nothing."""
    return path in PATHS and PublicPanel.STATUS in facts.panels
