"""Three real launches as the demo plays them, each telling its story on the board without help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.browser import Watched
from tests.product import Product

pytestmark = pytest.mark.timeout(600)

TILE = "#tiles-body .tile:nth-child(5)"
TOLD = "#relocations-body .told"
CHART = "document.querySelector('#concurrency-figure .js-plotly-plot')"
SHARE = r"""([tile, least]) =>
  parseInt(document.querySelector(tile).innerText.match(/(\d+)% carried/)?.[1]) >= least"""
REMEMBER = """() => {
  const banner = document.querySelector('#banner-body');
  window.banners = [banner.innerText];
  const look = () => banner.innerText === banners.at(-1) || banners.push(banner.innerText);
  new MutationObserver(look).observe(banner, {childList: true, subtree: true, characterData: true});
}"""
LATE = "minutes => document.querySelector('.elapsed b')?.textContent >= minutes"


@contextmanager
def watched(folder: Path, context: BrowserContext, seed: str, speed: float) -> Iterator[Watched]:
    """A tab that shows the demo of `seed` from its start."""
    with Product(folder, "demo", "--port", "0", "--seed", seed, "--speed", f"{speed:g}") as demo:
        tab = Watched(context)
        tab.page.set_default_timeout(300_000)
        tab.open(demo.url)
        tab.page.evaluate(REMEMBER)
        yield tab
        assert tab.complaints == []


def carried_over(tab: Watched) -> int:
    found = re.search(r"(\d+)% carried over", tab.text(TILE))
    return int(found[1]) if found else 0


def test_may_2023_one_room_succeeded_another_and_under_half_of_the_people_found_it(
    tmp_path: Path, context: BrowserContext
) -> None:
    with watched(tmp_path, context, "spaces-2023-05-24", 120) as tab:
        said_so_far(
            tab,
            r"Room “Campaign launch” ended at 18:2[01]:\d\d with 66\d,\d{3} listening.*no successor is known",
        )
        tab.wait_for_text(TOLD, "succeeded")
        shares = []
        for least in (5, 15, 25):
            tab.wait(SHARE, [TILE, least])
            shares.append(carried_over(tab))
        assert shares == sorted(shares)
        assert shares[-1] < 50
        assert tab.page.locator(TOLD).count() == 1
        tab.wait_to_read(f"{TILE} .number", "1")
        told = tab.text(TOLD)
        assert "Campaign launch @ Node 1 → Campaign launch 2 @ Node 2" in " ".join(told.split())
        assert re.search(r"of 66\dk", told)
        dark = re.search(r"(\d+) min(?: (\d+) s)? dark", told)
        assert dark is not None
        assert 90 <= 60 * int(dark[1]) + int(dark[2] or 0) <= 180
        said_so_far(tab, r"A room by the same people, “Campaign launch 2”, opened.*% have followed so far")


def test_august_2024_no_room_moves_and_most_cannot_get_in_for_long(
    tmp_path: Path, context: BrowserContext
) -> None:
    with watched(tmp_path, context, "spaces-2024-08-12", 480) as tab:
        tab.wait_for_text("#banner-body .word", "FAILING")
        tab.wait(LATE, "00:35:00")
        assert "FAILING" in banner(tab)
        assert "of joins fail" in banner(tab)
        tab.wait(LATE, "01:10:00")
        tab.wait_for_text("#relocations-body", "No room has moved")
        tab.wait_to_read(f"{TILE} .number", "0")
        assert tab.page.locator(TOLD).count() == 0


def test_clubhouse_2021_a_full_room_overflows_and_none_is_succeeded(
    tmp_path: Path, context: BrowserContext
) -> None:
    with watched(tmp_path, context, "clubhouse-2021-02-01", 240) as tab:
        tab.wait_for_text(TILE, "overflowed into 2 rooms")
        tab.wait_for_text("#tiles-body .tile:nth-child(4)", "capacity 5,000")
        tab.wait_to_read(f"{TILE} .number", "2")
        tab.wait_to_find(
            "document.querySelector('#relocations-body').innerText.split('overflowed').length", 3
        )
        assert "succeeded" not in tab.text("#relocations-body")
        tab.wait(
            f"""() => {{
              const said = {CHART}.layout.annotations.map((mark) => mark.text);
              const twice = said.filter((text) => text === 'overflow').length === 2;
              return twice && said.includes('capacity 5,000');
            }}"""
        )
        tab.wait(LATE, "00:40:00")
        assert tab.page.locator(TOLD).count() == 2


def said_so_far(tab: Watched, words: str) -> None:
    """Wait until the banner has said this; at 120 minutes a minute it may say something else by now."""
    tab.wait("words => banners.some((banner) => new RegExp(words, 's').test(banner))", words)


def banner(tab: Watched) -> str:
    return tab.text("#banner-body")
