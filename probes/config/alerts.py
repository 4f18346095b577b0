"""Where alerts lead to: the `alerts:` of the config file."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from probes.config.units import Settings, Url


class Alerts(Settings):
    """What `roomwatch rules` writes into alerts, so that who is woken finds the board and the runbook."""

    board: Url = "http://127.0.0.1:8050"
    """The address of the board as the people on call open it."""
    runbooks: Url | None = None
    """Where the runbooks are, a page an alert; by default the board serves them under /runbooks."""
    job: Annotated[str, Field(pattern=r"^[A-Za-z0-9_./:-]{1,128}$")] = "roomwatch"
    """The name of the job with which Prometheus scrapes Roomwatch."""

    @property
    def board_address(self) -> str:
        """`board` without a slash at its end."""
        return self.board.rstrip("/")

    @property
    def runbooks_address(self) -> str:
        """Where the page of an alert is, less a slash and the alert's name."""
        return self.runbooks.rstrip("/") if self.runbooks else f"{self.board_address}/runbooks"
