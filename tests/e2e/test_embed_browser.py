"""Panels in pages of others, in a real Chromium: frames, the component, no scripts, each theme."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, Route, expect

from tests.browser import PATIENCE, Watched
from tests.probes.raw_http import Exchange, answer
from tests.product import Product, Rooms, answering, service, up

pytestmark = pytest.mark.timeout(300)

PANELS = ("state", "concurrency", "joins", "errors", "relocation", "nodes")
HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u202e]]>"


class Elsewhere:
    """A site of somebody else: `pages` by path, on an origin of its own."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.url = ""

    async def __call__(self, exchange: Exchange) -> bool:
        page = self.pages.get(exchange.target, "")
        headers = {"Content-Type": "text/html; charset=utf-8"}
        exchange.writer.write(answer(page.encode(), headers=headers))
        return True

    def page(self, path: str, body: str, head: str = "") -> str:
        """The address of a page with this body."""
        self.pages[path] = (
            f"<!doctype html><html><head><link rel=icon href=data:>{head}</head><body>{body}</body></html>"
        )
        return self.url + path


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    site = Elsewhere()
    with answering(site) as server:
        site.url = server.url
        yield site


@pytest.fixture(scope="module")
def rooms() -> Iterator[Rooms]:
    with Rooms(launch=1_000) as made:
        made.titles["launch"] = HOSTILE
        yield made


@pytest.fixture(scope="module")
def product(
    tmp_path_factory: pytest.TempPathFactory, rooms: Rooms, elsewhere: Elsewhere
) -> Iterator[Product]:
    public = {
        "panels": [*PANELS],
        "services": [{"name": "stage", "label": HOSTILE[:64]}],
        "rooms": ["*"],
        "numbers": "exact",
    }
    folder = tmp_path_factory.mktemp("embedded")
    embed = {"public": public, "origins": [elsewhere.url]}
    with up(folder, service("stage", rooms.url), embed=embed) as running:
        running.wait(lambda frame: frame["stage"]["participants"], "people")
        yield running


def frames_of(product: Product, *panels: str, more: str = "") -> str:
    return "".join(
        f'<iframe src="{product.url}/embed/{panel}{more}" width="400"></iframe>' for panel in panels
    )


def watched(context: BrowserContext, url: str) -> Watched:
    tab = Watched(context)
    tab.page.goto(url)
    return tab


def shown(page: Page, panel: str) -> Frame:
    """The frame that shows `panel`, with what is in it drawn."""
    (frame,) = [frame for frame in page.frames if f"/embed/{panel}" in frame.url]
    frame.wait_for_selector("main article")
    return frame


def reads(frame: Frame, text: str) -> None:
    expect(frame.locator("main")).to_contain_text(text, timeout=PATIENCE)


def follows(rooms: Rooms, people: int) -> str:
    """Lets so many people in, and returns how panels write that."""
    rooms.rooms["launch"] = people
    return f"{people:,}"


def test_frames_on_a_foreign_page_follow_what_happens(
    context: BrowserContext, product: Product, rooms: Rooms, elsewhere: Elsewhere
) -> None:
    """Six panels side by side, the hostile title as text, and nothing that the browser complains about."""
    tab = watched(context, elsewhere.page("/six", frames_of(product, *PANELS)))
    for panel in PANELS:
        shown(tab.page, panel)
    for people in (1_234, 2_345):
        text = follows(rooms, people)
        reads(shown(tab.page, "concurrency"), text)
        reads(shown(tab.page, "nodes"), text)
    assert tab.page.query_selector_all("img") == []
    assert tab.complaints == []


def test_a_frame_becomes_as_high_as_what_is_in_it(
    context: BrowserContext, product: Product, elsewhere: Elsewhere
) -> None:
    """With our script on the foreign page; and nothing sticks out, however narrow it is."""
    script = f'<script src="{product.url}/embed/embed.js"></script>'
    tab = watched(context, elsewhere.page("/high", frames_of(product, "concurrency"), script))
    frame = shown(tab.page, "concurrency")
    for wide in (800, 320, 200):
        tab.page.evaluate("wide => document.querySelector('iframe').width = wide", wide)
        frame.wait_for_function("wide => innerWidth === wide", arg=wide)
        frame.wait_for_function("innerHeight === Math.ceil(document.body.getBoundingClientRect().height)")
        assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert frame.evaluate(
            "document.querySelector('.chart').getBoundingClientRect().width > innerWidth * 0.8"
        )
    assert tab.complaints == []


def test_the_web_component_needs_no_frame(
    context: BrowserContext, product: Product, rooms: Rooms, elsewhere: Elsewhere
) -> None:
    """As an element and as one line of script; its style stays in it, and what is wrong is said."""
    script = f'<script async src="{product.url}/embed/embed.js"'
    body = (
        f'<p class="note">mine</p><room-watch panel="concurrency" theme="dark" accent="#ff0000"></room-watch>'
        f'{script} data-panel="nodes"></script><room-watch panel="../api"></room-watch>'
        '<room-watch panel="status"></room-watch>'
    )
    tab = watched(context, elsewhere.page("/component", body))
    page = tab.page
    first, second, third, fourth = (page.locator("room-watch").nth(index) for index in range(4))
    for people in (3_456, 4_567):
        text = follows(rooms, people)
        expect(first.locator("main")).to_contain_text(text, timeout=PATIENCE)
        expect(second.locator("main")).to_contain_text(text, timeout=PATIENCE)
    expect(third).to_contain_text('expected panel="concurrency"')
    expect(fourth).to_contain_text("answered 404; is the panel public?", timeout=PATIENCE)
    colour = "element => getComputedStyle(element).color"
    assert page.locator("p.note").first.evaluate(colour) == "rgb(0, 0, 0)"
    stroke = first.locator(".line").first.evaluate("line => getComputedStyle(line).stroke")
    assert stroke == "rgb(255, 0, 0)"
    first.evaluate("element => element.setAttribute('panel', 'state')")
    expect(first.locator("main .banner")).to_be_visible(timeout=PATIENCE)
    assert [c for c in tab.complaints if "404" not in c] == []


def test_a_site_that_is_not_listed_is_told_so(
    context: BrowserContext, product: Product, elsewhere: Elsewhere
) -> None:
    """The script runs anywhere; what it may read is up to `embed.origins`."""
    body = f'<script async src="{product.url}/embed/embed.js" data-panel="joins"></script>'
    other = elsewhere.page("/unlisted", body).replace("127.0.0.1", "localhost")
    tab = watched(context, other)
    expect(tab.page.locator("room-watch")).to_contain_text("embed.origins", timeout=PATIENCE)


def test_a_site_that_is_not_listed_cannot_frame_it(
    context: BrowserContext, product: Product, elsewhere: Elsewhere
) -> None:
    other = elsewhere.page("/framed", frames_of(product, "joins")).replace("127.0.0.1", "localhost")
    tab = watched(context, other)
    tab.page.wait_for_function("document.readyState === 'complete'")
    (frame,) = tab.page.main_frame.child_frames
    assert frame.url.startswith("chrome-error://")
    assert any("frame-ancestors" in complaint for complaint in tab.complaints)


def test_without_scripts_a_frame_is_still_useful(
    browser: Browser, product: Product, rooms: Rooms, elsewhere: Elsewhere
) -> None:
    """It shows what there is, and comes again by itself."""
    context = browser.new_context(java_script_enabled=False)
    text = follows(rooms, 5_678)
    tab = watched(context, elsewhere.page("/plain", frames_of(product, "concurrency")))
    inside = tab.page.frame_locator("iframe").locator("main")
    expect(inside).to_contain_text(text, timeout=PATIENCE)
    text = follows(rooms, 6_789)
    expect(inside).to_contain_text(text, timeout=PATIENCE)
    assert tab.complaints == []
    context.close()


@pytest.mark.parametrize(
    ("scheme", "path", "dark"),
    [("dark", "", True), ("light", "", False), ("dark", "/light", False), ("light", "/dark", True)],
)
def test_a_theme_is_that_of_the_reader_or_of_the_path(
    browser: Browser, product: Product, scheme: str, path: str, dark: bool
) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    tab = watched(context, f"{product.url}/embed/concurrency{path}")
    fill = tab.page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", fill))) < 200) is dark
    picture = watched(context, f"{product.url}/embed/concurrency{path}.svg")
    fill = picture.page.evaluate("getComputedStyle(document.querySelector('.box')).fill")
    assert (sum(map(int, re.findall(r"\d+", fill))) < 200) is dark
    assert tab.complaints == picture.complaints == []
    context.close()


def test_colours_come_by_the_fragment_and_must_be_colours(context: BrowserContext, product: Product) -> None:
    tab = watched(context, f"{product.url}/embed/concurrency#accent=f00&bg=00ff00&text=red;}}*{{display:none")
    read = "name => getComputedStyle(document.querySelector('main')).getPropertyValue(name)"
    assert tab.page.evaluate(read, "--people") == "#f00"
    assert tab.page.evaluate(read, "--card") == "#00ff00"
    assert tab.page.evaluate(read, "--text") in ("#e8edf6", "#121722")
    tab.page.evaluate("location.hash = 'accent=expression(1)'")
    tab.wait("() => !document.documentElement.style.getPropertyValue('--people')")
    assert tab.complaints == []


def test_old_data_says_its_age_and_stays_up(context: BrowserContext, product: Product) -> None:
    """By the server's clock: the reader's may be wrong by hours. Also when nothing answers any more."""
    tab = Watched(context)
    gone = False

    def old(route: Route) -> None:
        if gone:
            route.abort()
            return
        response = route.fetch()
        page = re.sub(
            r'data-at="([\d.]+)" data-late',
            lambda at: f'data-at="{float(at[1]) - 40}" data-late',
            response.text(),
        )
        route.fulfill(response=response, body=page)

    tab.page.add_init_script("const now = Date.now; Date.now = () => now() - 7200000;")
    tab.page.route("**/embed/concurrency", old)
    tab.page.goto(f"{product.url}/embed/concurrency")
    age = tab.page.locator(".age")
    expect(age).to_have_text(re.compile(r"^Last update 4\d s ago$"), timeout=PATIENCE)
    gone = True
    expect(age).to_have_text(re.compile(r"^Last update (4[5-9]|5\d) s ago$"), timeout=PATIENCE)
    expect(tab.page.locator("main.old .number")).to_be_visible()


def test_pictures_badges_and_oembed_come_over_http(product: Product, elsewhere: Elsewhere) -> None:
    """What paints pictures is a process that nobody starts before the first is asked for."""
    with pytest.raises(StopIteration):
        product.child("dashboard.public.panels.painting")
    picture = product.ask("/embed/concurrency/dark.png").raise_for_status()
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.headers["Access-Control-Allow-Origin"] == elsewhere.url
    assert product.child("dashboard.public.panels.painting").is_running()
    again = product.ask("/embed/concurrency/dark.png?size=huge", If_None_Match=picture.headers["ETag"])
    assert again.status_code in (200, 304)
    assert product.ask("/badge/concurrency.svg").headers["Content-Type"] == "image/svg+xml"
    assert product.json("/badge/concurrency.json")["schemaVersion"] == 1
    page = product.url + "/embed/concurrency"
    assert product.json(f"/oembed?format=json&url={page}")["html"].startswith(f'<iframe src="{page}"')
    assert product.ask("/oembed?url=https://elsewhere.example/embed/concurrency").status_code == 404
    discovered = re.search(r'json\+oembed" href="([^"]+)"', product.ask("/embed/joins").text)
    assert discovered
    assert product.json(discovered[1].replace("&amp;", "&"))["title"].startswith("Joins that got in")


def test_motion_is_for_those_who_want_it(browser: Browser, product: Product) -> None:
    context = browser.new_context(reduced_motion="reduce")
    tab = watched(context, f"{product.url}/embed/state")
    assert tab.page.evaluate("getComputedStyle(document.querySelector('main')).transitionProperty") in (
        "none",
        "all",
    )
    assert tab.page.evaluate("getComputedStyle(document.querySelector('main')).transitionDuration") == "0s"
    context.close()
