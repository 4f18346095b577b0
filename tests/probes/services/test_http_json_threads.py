"""Large answers are read in threads: nothing else keeps them waiting, and what is slow does not pile up."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from probes.failure import ProbeFailed
from probes.http import Http
from probes.mapping.aside import LARGE
from probes.model import Outcome, SnapshotPart
from probes.services.http_json import HttpJson
from tests.probes.asking import opened, run
from tests.probes.raw_http import RawServer, sends_json, serving
from tests.probes.services.test_http_json import settings

MANY = {"rooms": [{"id": f"room-{i}", "participants": i} for i in range(LARGE // 10)]}


async def ask(service: HttpJson, server: RawServer, http: Http) -> SnapshotPart:
    return await service.poll(settings(server.url).endpoints[0], http)


def test_name_servers_that_are_silent_keep_no_answer_waiting() -> None:
    """They hold the threads of the loop; a large answer is read all the same."""
    silent = threading.Event()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        async with serving(sends_json(MANY)) as server, opened() as http:
            try:
                held = loop.run_in_executor(None, silent.wait, 50)
                part = await ask(HttpJson(settings(server.url)), server, http)
                assert not held.done()
            finally:
                silent.set()
        assert len(part.rooms) == LARGE // 10

    run(main())


class Slow(HttpJson):
    """Reads when it is allowed to."""

    reading = threading.Event()
    allowed = threading.Event()

    def read(self, body: bytes, node: str, where: str) -> SnapshotPart:
        self.reading.set()
        self.allowed.wait(50)
        return super().read(body, node, where)


def test_nothing_is_asked_while_the_last_answer_is_still_being_read() -> None:
    async def main() -> None:
        async with serving(sends_json(MANY)) as server, opened() as http:
            service = Slow(settings(server.url))
            try:
                late = asyncio.create_task(ask(service, server, http))
                await asyncio.to_thread(service.reading.wait, 50)
                late.cancel()  # as its deadline does
                with pytest.raises(ProbeFailed) as caught:
                    await ask(service, server, http)
            finally:
                service.allowed.set()
            assert caught.value.outcome is Outcome.TIMEOUT
            assert caught.value.detail == (
                f"the last answer of 127.0.0.1:{server.port} is still being read; ask for less,"
                " or map with names instead of expressions"
            )
            assert len(server.requests) == 1
            await _until_read(service, server, http)

    run(main())


async def _until_read(service: HttpJson, server: RawServer, http: Http) -> None:
    while True:
        try:
            assert len((await ask(service, server, http)).rooms) == LARGE // 10
        except ProbeFailed:
            await asyncio.sleep(0.01)
        else:
            return
