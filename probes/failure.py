"""How an adapter says that a poll or a join did not work."""

from __future__ import annotations

from probes.model import Outcome


class ProbeFailed(Exception):
    """A poll or join did not work. The runner turns it into a ProbeResult.

    `detail` is one plain sentence: what happened, where, what was expected.
    `code` is the service's own code where it gave one. `next_in`: the seconds
    for which it does not want to be asked again.
    """

    def __init__(self, outcome: Outcome, detail: str, code: str = "", next_in: float | None = None) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail
        self.code = code
        self.next_in = next_in
