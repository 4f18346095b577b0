"""PNG of panels: made by a real painting process when somebody asks, and once in five seconds at most."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator

import pytest

from dashboard.public.panels import pictures
from dashboard.public.panels.embed import to_paint
from dashboard.public.panels.painting import paint
from dashboard.public.panels.pictures import Painter, Pictures
from tests.dashboard.public.telling import HOSTILE, facts, named

PATH = "/embed/relocation/dark.png"


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@contextlib.asynccontextmanager
async def painting() -> AsyncIterator[Pictures]:
    made = Pictures()
    try:
        yield made
    finally:
        made.close()


class Counting(Painter):
    """Counts what it is asked for."""

    painted = 0

    def paint(self, svg: str) -> bytes:
        self.painted += 1
        return super().paint(svg)


def test_a_panel_is_a_picture_twice_as_large() -> None:
    async def told() -> None:
        async with painting() as made:
            made._painter = counting = Counting()
            first, *others = await asyncio.gather(*(made.answer(PATH, facts()) for _ in range(20)))
            assert first is not None
            assert size(first.body)[0] == 840
            assert first.headers["Content-Type"] == "image/png"
            assert all(other is first for other in others)
            assert made.at_hand(PATH) is first
            assert counting.painted == 1

    asyncio.run(told())


def test_a_picture_is_made_again_when_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    async def told() -> None:
        async with painting() as made:
            first = await made.answer(PATH, facts())
            monkeypatch.setattr(pictures, "GOOD_FOR", 0.0)
            assert made.at_hand(PATH) is None
            second = await made.answer(PATH, facts(named("Elsewhere")))
            assert first and second and first.body != second.body

    asyncio.run(told())


def test_a_painter_that_died_is_started_again() -> None:
    painter = Painter()
    try:
        assert painter.paint("<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'/>")
        assert painter._process is not None
        painter._process.kill()
        painter._process.wait()
        assert painter.paint("<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'/>") == b""
        assert painter.paint("<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'/>")
    finally:
        painter.close()


def test_what_cannot_be_drawn_is_no_picture_and_no_end() -> None:
    painter = Painter()
    try:
        assert painter.paint("<svg") == b""
        assert painter.paint("<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'/>")
    finally:
        painter.close()


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_titles_are_drawn(title: str) -> None:
    svg = to_paint(PATH, facts(named(title)))
    assert svg is not None
    assert size(paint(svg))[0] == 840


def test_letters_need_no_font_of_the_system() -> None:
    """Words are drawn with the family that comes along: other letters, other pixels."""
    picture = "<svg xmlns='http://www.w3.org/2000/svg' width='90' height='20'><text y='15'>{}</text></svg>"
    assert len({paint(picture.format(word)) for word in ("", "Launch", "Lounge")}) == 3


def test_nothing_public_has_no_picture() -> None:
    async def told() -> None:
        async with painting() as made:
            assert await made.answer("/embed/joins@other.png", facts()) is None
            assert made._painter._process is None

    asyncio.run(told())
