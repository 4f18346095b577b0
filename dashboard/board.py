"""The page shell: everything a browser needs for the board, made once and kept as ready bytes."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dashboard.conditional import digest
from dashboard.inner import DEPENDENCIES, GRAPH, LAYOUT, PLOTLY, Answer, Harvest, harvest
from dashboard.layout import first_paint
from dashboard.panels import PANELS
from dashboard.public.go.events import link_of
from probes.settings import Config

HERE = Path(__file__).parent

SCRIPTS = (
    "words.js",
    "series.js",
    "view.js",
    "parts.js",
    "reasons.js",
    "apart.js",
    "lineage.js",
    "forecast.js",
    "timeline.js",
    "token.js",
    "judging.js",
    "noting.js",
    "stream.js",
    "live.js",
    "moment.js",
    *(f"panels/{name}.js" for name in ("header", *PANELS)),
    "start.js",
)
"""Our own scripts in the order they run; they go out as one file."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Mantine and Plotly write style elements as they draw
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"

_MARK = re.compile(r"\{%(\w+)%\}")
_SCRIPT_TAG = re.compile(r'<script src="[^"]+"></script>\s*')
_CONFIG = re.compile(r'(?<=<script id="_dash-config" type="application/json">).*?(?=</script>)', re.DOTALL)
_RENDERER = re.compile(r'<script id="_dash-renderer"[^>]*>.*?</script>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class File:
    """Ready bytes and what goes out with them. `gzip` is None where it would not be smaller."""

    body: bytes
    gzip: bytes | None
    media_type: str
    cache: str
    etag: str


class Board:
    """The board's page and every file it asks for, now or later.

    `files` maps a path to a File; nothing else of the board is to be served.
    `content_security_policy` goes out with the page.
    """

    def __init__(self, config: Config, version: str) -> None:
        inner = harvest([service.name for service in config.services], _read("templates/board.html"))
        own = {
            "style": _fingerprinted("board.css", _asset("board.css"), "text/css; charset=utf-8"),
            "theme": _fingerprinted("theme.js", _asset("theme.js"), _JAVASCRIPT),
            "icon": _fingerprinted("icon.svg", _asset("icon.svg"), "image/svg+xml"),
            "script": _fingerprinted("board.js", _script(), _JAVASCRIPT),
        }
        marks = _marks(inner, {name: path for name, (path, _) in own.items()}, settings(config))
        marks["version"] = escape(version)
        before, after = _without_scripts(inner.page).split("{%recent%}")
        self._before, self._after = _fill(before, marks), _fill(after, marks)
        self.files: Mapping[str, File] = MappingProxyType(_files(dict(own.values()) | dict(inner.answers)))
        self.content_security_policy = CONTENT_SECURITY_POLICY

    def page(self, recent: bytes) -> bytes:
        """The page with the recent window (JSON) in it, so that the first paint needs no query."""
        return self._before + inside_script(recent) + self._after


def inside_script(text: bytes) -> bytes:
    """JSON that no title in it can end early: inside `<script>` only `<` is dangerous."""
    return text.replace(b"<", b"\\u003c")


def settings(config: Config) -> dict[str, Any]:
    """What the browser needs to know of the config; no address beyond a node's id and no secret."""
    return {
        "objectives": config.objectives.model_dump(),
        "alertmanager": {
            "watchdog": config.alertmanager.watchdog,
            "asked": config.alertmanager.url is not None,
        },
        "services": {
            service.name: {
                "every": service.every,
                "nodes": [{"id": node.id, "label": node.label} for node in service.endpoints],
                "joins": service.join is not None,
            }
            for service in config.services
        },
        "events": {
            event.name: {"utc_offset": (event.starts_at.utcoffset() or timedelta()).total_seconds()}
            for event in config.events
            if event.starts_at is not None
        },
        "links": {name: link_of(name, config) for name in config.embed.public.events},
    }


_JAVASCRIPT = "text/javascript; charset=utf-8"


def _read(path: str) -> str:
    return (HERE / path).read_text("utf-8")


def _asset(name: str) -> bytes:
    return _read(f"assets/{name}").encode()


def _script() -> bytes:
    return b"\n".join(b"// --- " + name.encode() + b"\n" + _asset(name) for name in SCRIPTS)


def _fingerprinted(name: str, body: bytes, media_type: str) -> tuple[str, Answer]:
    stem, _, kind = name.rpartition(".")
    return f"/assets/{stem}.{digest(body)}.{kind}", Answer(body, media_type)


def _without_scripts(page: str) -> str:
    """Dash's page without its script tags: ours come in another order, and start.js starts Dash."""
    return _CONFIG.sub("{%config%}", _RENDERER.sub("", _SCRIPT_TAG.sub("", page)))


def _marks(inner: Harvest, own: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, str]:
    """What stands for each `{%mark%}` of the template."""
    layout = json.loads(inner.answers[LAYOUT].body)
    dash_config = _CONFIG.search(inner.page)
    react = [path for path in inner.scripts if "/deps/" in path]
    rest = [path for path in inner.scripts if path not in react]
    return {
        "config": _dash_config(dash_config[0] if dash_config else "{}", layout),
        "theme": f'<script src="{own["theme"]}"></script>',
        "style": own["style"],
        "icon": own["icon"],
        "first": first_paint(layout),
        "settings": inside_script(json.dumps(known).encode()).decode(),
        "preloads": "\n".join(
            [_preload("script", path) for path in (GRAPH, PLOTLY)]
            + [_preload("fetch", path) for path in (LAYOUT, DEPENDENCIES)]
        ),
        "ours": "\n".join(map(_script_tag, (*react, own["script"], *rest))),
    }


def _fill(page: str, marks: Mapping[str, str]) -> bytes:
    return _MARK.sub(lambda found: marks[found[1]], page).encode()


def _preload(kind: str, path: str) -> str:
    crossorigin = " crossorigin" if kind == "fetch" else ""
    return f'<link rel="preload" as="{kind}"{crossorigin} href="{path}">'


def _script_tag(path: str) -> str:
    return f'<script defer src="{path}"></script>'


def _dash_config(text: str, layout: Any) -> str:
    """Dash's config for the browser, less what this page has no use for."""
    config = json.loads(text)
    config["python_version"] = ""
    del config["websocket"]  # or the browser starts a worker for it
    used = set(_types(layout))
    config["children_props"] = {
        namespace: {name: props for name, props in components.items() if (namespace, name) in used}
        for namespace, components in config["children_props"].items()
    }
    return inside_script(json.dumps(config, separators=(",", ":")).encode()).decode()


def _types(component: Any) -> list[tuple[str, str]]:
    if isinstance(component, list):
        return [found for part in component for found in _types(part)]
    if isinstance(component, dict):
        own = [(component["namespace"], component["type"])] if "namespace" in component else []
        return own + [found for part in component.values() for found in _types(part)]
    return []


def _files(answers: Mapping[str, Answer]) -> dict[str, File]:
    with ThreadPoolExecutor(2) as threads:  # zlib lets go of the interpreter
        packed = threads.map(lambda answer: gzip.compress(answer.body, 6, mtime=0), answers.values())
        return {
            path: _file(path, answer, small)
            for (path, answer), small in zip(answers.items(), packed, strict=True)
        }


def _file(path: str, answer: Answer, small: bytes) -> File:
    lasting = path not in (LAYOUT, DEPENDENCIES, GRAPH, PLOTLY)
    return File(
        body=answer.body,
        gzip=small if len(small) < len(answer.body) else None,
        media_type=answer.media_type,
        cache=IMMUTABLE if lasting else REVALIDATE,
        etag=f'"{digest(answer.body)}"',
    )
