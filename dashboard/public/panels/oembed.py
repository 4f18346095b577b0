"""`/oembed?url=…`: how to show a panel of ours, for editors that turn an address into what is there.

The form is that of https://oembed.com, of type `rich`, in JSON.
"""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qs, urlsplit

import msgspec

from dashboard.public import address
from dashboard.public.address import Theme
from dashboard.public.facts import Facts
from dashboard.public.panels.card_svg import WIDTH
from dashboard.public.panels.cards import CARDS
from dashboard.public.panels.embed import PREFIX
from dashboard.public.ready import Ready, ready
from dashboard.public.text import clean, escaped

PATH = "/oembed"
_LONGEST = 1024
_HEIGHT = 190
_LEAST = 120
_CACHE = "public, max-age=60"
_SCHEME = {Theme.AUTO: "light dark", Theme.LIGHT: "light", Theme.DARK: "dark"}
"""That of the panel: with another a browser paints the frame's ground around it."""


def answer(query: bytes, host: str, facts: Facts) -> Ready:
    """What to say of the `url` in `query`, which must be a panel's here: at `host` or the public address."""
    asked = parse_qs(query.decode("latin-1"), max_num_fields=16) if _good(query) else {}
    if asked.get("format", ["json"])[0] != "json":
        return _plain("Only format=json is known here.\n", 501)
    url = _split(asked.get("url", [""])[0])
    path = url.path
    found = address.read(path.removeprefix(PREFIX)) if path.startswith(PREFIX) else None
    service = address.meant(found, facts) if found else None
    here = (host, urlsplit(facts.address).netloc)
    ours = (url.scheme in ("http", "https") and url.netloc in here) or not (url.scheme or url.netloc)
    if found is None or service is None or not ours or found.panel not in CARDS:
        return _plain("Expected url= with the address of a public panel here, /embed/<panel>.\n", 404)
    card = CARDS[found.panel](service)
    width = _size(asked, "maxwidth", WIDTH)
    height = _size(asked, "maxheight", _HEIGHT)
    title = clean(f"{card.title or 'State'} · {service.label}")
    page = f"{url.scheme + ':' if url.scheme else ''}//{url.netloc or host}{path}"
    frame = (
        f'<iframe src="{escaped(page)}" title="{escaped(title)}" width="{width}" height="{height}"'
        f' loading="lazy" style="border:0;max-width:100%;color-scheme:{_SCHEME[found.theme]}"></iframe>'
    )
    known = {"version": "1.0", "type": "rich", "title": title, "provider_name": facts.title, "cache_age": 60}
    sizes = {"width": width, "height": height}
    return ready(
        msgspec.json.encode({**known, **sizes, "html": frame}), "application/json", Cache_Control=_CACHE
    )


def _split(url: str) -> SplitResult:
    """The parts of `url`; none of what is no url at all."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _good(query: bytes) -> bool:
    """Whether it is short and has few fields, as `parse_qs` demands."""
    return len(query) <= _LONGEST and query.count(b"&") < 16


def _size(asked: dict[str, list[str]], name: str, usual: int) -> int:
    given = asked.get(name, [""])[0]
    return (
        max(_LEAST, min(usual, int(given)))
        if given.isascii() and given.isdigit() and len(given) < 6
        else usual
    )


def _plain(text: str, status: int) -> Ready:
    return ready(text, "text/plain; charset=utf-8", status, Cache_Control=_CACHE)
