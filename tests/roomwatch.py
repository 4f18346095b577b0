"""A running `roomwatch up` for tests: its config in a folder of its own, its frames as anyone reads them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.servers import Server, wait_until

ROOT = Path(__file__).parents[1]
CONFIG = "roomwatch.yaml"
PATIENCE = 30.0
"""Seconds for anything to come that has no deadline of its own."""


class Roomwatch:
    """One `roomwatch up` on a free port, watching what `config` (YAML) names. Use as a context manager."""

    def __init__(self, config: str) -> None:
        self._config = config
        self._client = httpx.Client(timeout=10, trust_env=False)
        self.server = Server("roomwatch", self._command, ready=self._ready, env={"PYTHONPATH": str(ROOT)})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def __enter__(self) -> Self:
        try:
            self.server.__enter__()
        except BaseException:
            self._client.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        self.server.__exit__(kind, error, trace)

    def get(self, path: str) -> httpx.Response:
        return self._client.get(self.url + path)

    def frame(self) -> dict[str, Any]:
        """The newest frame."""
        frame: dict[str, Any] = self.get("/api/v1/frame").raise_for_status().json()
        return frame

    def service(self) -> dict[str, Any]:
        """What the newest frame says of the first service."""
        service: dict[str, Any] = self.frame()["services"][0]
        return service

    def wait(
        self, condition: Callable[[dict[str, Any]], bool], what: str, seconds: float = PATIENCE
    ) -> dict[str, Any]:
        """The first frame's first service for which `condition` holds. Raises TimeoutError."""
        seen: list[dict[str, Any]] = [{}]

        def holds() -> bool:
            seen[0] = self.service()
            return condition(seen[0])

        try:
            wait_until(holds, seconds, what)
        except TimeoutError as error:
            raise TimeoutError(
                f"{error}; the last frame says {seen[0]}; the log ends {self.server.log[-1000:]}"
            ) from None
        return seen[0]

    def _ready(self, ports: tuple[int, ...]) -> bool:
        try:
            return self._client.get(f"http://127.0.0.1:{ports[0]}/api/v1/frame").status_code == 200
        except httpx.HTTPError:
            return False

    def _command(self, folder: Path, ports: tuple[int, ...]) -> list[str | Path]:
        (folder / CONFIG).write_text(self._config)
        command = [sys.executable, "-m", "dashboard.cli", "up", "--port", str(ports[0])]
        return [*command, "--config", folder / CONFIG]
