"""How a service is doing: the rules, what speaks against one source alone, and a state that does not flap."""

from probes.state.facts import EndpointStatus, Facts
from probes.state.judge import judge

__all__ = ["EndpointStatus", "Facts", "judge"]
