"""The ways of joining. Adding one: a file here, a line in JOINS, a line in the README's table."""

from __future__ import annotations

from probes.joins.base import JoinBase as JoinSettings

__all__ = ["JoinSettings"]
