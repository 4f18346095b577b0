"""A join that is one HTTP request: asked once on a new connection, with a time for each stage it reached."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

from probes.failure import ProbeFailed
from probes.http import Answer
from probes.http.faults import place
from probes.http.staged import Question, Stages, ask_in_stages
from probes.joins.base import JoinBase
from probes.model import JoinAttempt, Outcome

MAX_BODY = 1_000_000

Meaning = Callable[[Answer], tuple[Outcome, str, str]]
"""What an answer says: the outcome, the service's own code and a sentence. Raises ProbeFailed."""


async def join_by(
    question: Question, settings: JoinBase, tls: ssl.SSLContext, meaning: Meaning
) -> JoinAttempt:
    """Ask `question` once; any end of it is a JoinAttempt, with the stages it reached."""
    stages = Stages()
    try:
        async with asyncio.timeout(settings.timeout):
            answer = await ask_in_stages(tls, question, MAX_BODY, stages)
        outcome, code, detail = meaning(answer)
    except TimeoutError:
        outcome, code = Outcome.TIMEOUT, ""
        where = place(question.url)
        detail = f"{where} did not answer the join within {settings.timeout:g} s{_last(stages)}"
    except ProbeFailed as failure:
        outcome, code, detail = failure.outcome, failure.code, failure.detail
    stages.reached("total")
    return JoinAttempt(room=settings.room, outcome=outcome, stages=stages.seconds, code=code, detail=detail)


def _last(stages: Stages) -> str:
    reached = list(stages.seconds)
    return f"; it got as far as {reached[-1].replace('_', ' ')}" if reached else ""
