"""The web process without its prober: everything that it serves, asked from anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import yaml
from starlette.routing import BaseRoute, Route

from dashboard.app import Web, make_app, make_inside
from dashboard.frames import encode
from probes.model import Observation
from probes.settings import ConfigText, parse
from probes.timeline.entries import Note
from tests.probes.seen import tick

SERVICES = [{"name": "spaces", "kind": "http-json", "url": "http://127.0.0.1:1/"}]


class Inside:
    """As `roomwatch up` with a config of these keys, but for the prober; `show` is what it would tell."""

    def __init__(self, folder: Path, **keys: Any) -> None:
        document = {"services": SERVICES, "history": {"path": str(folder / "history.sqlite")}, **keys}
        self._text = ConfigText(yaml.safe_dump(document), "roomwatch.yaml", folder)
        self.web = Web(self._text, parse(*self._text), lambda: self._text)
        self.app = make_app(self.web, "127.0.0.1")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.web._claim.release()
        for desk in (self.web.desk, self.web.private_desk):
            desk.close()

    async def show(self, *observations: Observation, notes: tuple[Note, ...] = ()) -> None:
        """One tick, and wait until what the public may see of it is made."""
        self.web._publish(encode(tick(*observations, notes=notes), 1.0, ()))
        for desk in (self.web.desk, self.web.private_desk):
            if desk._making is not None:
                await desk._making

    async def ask(
        self, method: str, path: str, *, peer: str = "127.0.0.1", host: str = "127.0.0.1:8050", **headers: str
    ) -> httpx.Response:
        """Underscores in a header's name stand for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        transport = httpx.ASGITransport(self.app, client=(peer, 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8050") as client:
            return await client.request(method, path, headers={"Host": host, **named})


def told(folder: Path, main: Callable[[Inside], Awaitable[Any]], **keys: Any) -> Any:
    """What `main` returns for the web process with these keys of a config."""

    async def run() -> Any:
        with Inside(folder, **keys) as inside:
            return await main(inside)

    return asyncio.run(run())


def routes(web: Web) -> Iterator[tuple[str, str]]:
    """Every method and path that is served behind the guard, as the routes are written."""
    yield from _routes(make_inside(web))


def _routes(router: Any) -> Iterator[tuple[str, str]]:
    each: BaseRoute
    for each in router.routes:
        if isinstance(each, Route):
            for method in sorted((each.methods or set()) - {"HEAD"}):
                yield method, each.path
        else:
            yield from _routes(each.original_router)  # type: ignore[attr-defined]
