"""The page and its files: ready bytes, made at most once a tick whoever asks, and nothing else."""

from __future__ import annotations

import asyncio
import gzip
import re
from pathlib import Path

import httpx
import pytest

from dashboard.board import Board
from dashboard.files import FileServer
from dashboard.frames import encode
from dashboard.hub import Hub
from dashboard.recent import Recent
from probes.pipeline import Tick
from probes.settings import parse
from tests.probes.seen import observation, room


class CountedBoard(Board):
    """Counts the pages that were made."""

    made = 0

    def page(self, recent: bytes) -> bytes:
        self.made += 1
        return super().page(recent)


def board(*names: str) -> CountedBoard:
    services = [f"- {{name: {name}, kind: http-json, url: http://127.0.0.1:9}}" for name in names]
    return CountedBoard(parse("\n".join(["services:", *services]), "x.yaml", Path()), "0")


@pytest.fixture(scope="module")
def spaces() -> CountedBoard:
    return board("spaces")


class Site:
    """The file server and what it is fed with."""

    def __init__(self, first: Board) -> None:
        self.hub, self.recent = Hub(), Recent()
        self.files = FileServer(first, self.recent, self.hub)

    def show(self, seq: int, title: str = "A room") -> None:
        shown = observation(rooms=(room(title=title),))
        frame = encode(Tick(seq=seq, at=seq / 20, observations=(shown,)), 1.0, [])
        self.recent.add(frame)
        self.hub.publish(frame)

    async def ask(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.files)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.request(method, path, headers=named)


def test_the_page_is_made_once_a_tick_whoever_asks(spaces: CountedBoard) -> None:
    async def main() -> None:
        site = Site(spaces)
        spaces.made = 0
        for seq in (20, 40):
            site.show(seq)
            pages = await asyncio.gather(*(site.ask("/") for _ in range(50)))
            assert {page.status_code for page in pages} == {200}
            assert len({page.content for page in pages}) == 1
        assert spaces.made == 2

    asyncio.run(main())


def test_the_page_is_there_before_the_first_frame(spaces: CountedBoard) -> None:
    page = asyncio.run(Site(spaces).ask("/"))
    assert page.status_code == 200
    assert '"frame":null' in page.text


def test_a_title_cannot_end_the_script_that_it_is_in(spaces: CountedBoard) -> None:
    async def main() -> str:
        site = Site(spaces)
        site.show(20, "</script><script>alert(1)</script><!--")
        return (await site.ask("/")).text

    page = asyncio.run(main())
    assert "<script>alert" not in page
    assert r"\u003c/script>\u003cscript>alert(1)" in page


def test_another_board_is_shown_from_then_on(spaces: CountedBoard) -> None:
    async def main() -> None:
        site = Site(spaces)
        site.show(20)
        before = (await site.ask("/")).text
        site.files.follow(board("spaces", "second-one"))
        after = (await site.ask("/")).text
        assert "second-one" not in before
        assert "second-one" in after
        layout = (await site.ask("/_dash-layout")).text
        assert "second-one" in layout

    asyncio.run(main())


def test_zipped_and_plain_are_the_same(spaces: CountedBoard) -> None:
    async def main() -> None:
        site = Site(spaces)
        site.show(20)
        for path in ("/", *spaces.files):
            zipped = await site.ask(path, Accept_Encoding="gzip")
            plain = await site.ask(path, Accept_Encoding="identity")
            assert zipped.content == plain.content
            assert zipped.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
            assert "content-encoding" not in plain.headers
            assert zipped.headers["x-content-type-options"] == "nosniff"

    asyncio.run(main())


def test_every_file_is_named_by_its_content_or_asked_for_again(spaces: CountedBoard) -> None:
    async def main() -> None:
        site = Site(spaces)
        for path, file in spaces.files.items():
            answer = await site.ask(path)
            if "immutable" in answer.headers["cache-control"]:
                assert re.search(r"\.[0-9a-f]{16}\.|[0-9a-f]{16}", path), path
            again = await site.ask(path, If_None_Match=answer.headers["etag"])
            assert (again.status_code, again.content) == (304, b"")
            assert file.gzip is None or gzip.decompress(file.gzip) == file.body

    asyncio.run(main())


@pytest.mark.parametrize(
    "path", ["/nothing", "/assets/", "/assets/../cli.py", "/%2e%2e/cli.py", "/_dash-config"]
)
def test_what_is_not_there_is_404(spaces: CountedBoard, path: str) -> None:
    answer = asyncio.run(Site(spaces).ask(path))
    assert (answer.status_code, answer.text) == (404, "There is nothing here. The board is at /\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_only_reading_works(spaces: CountedBoard, method: str) -> None:
    answer = asyncio.run(Site(spaces).ask("/", method))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
