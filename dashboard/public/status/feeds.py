"""What happened as feeds: RSS 2.0 and Atom (RFC 4287), made by a library that escapes what it writes.

An entry stays as it was first told, under one id for ever; what is only so far stands on the page alone.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.etree import ElementTree as Xml

from dashboard.public.day import Day, Happening
from dashboard.public.facts import Facts
from dashboard.public.figures import rfc3339

ATOM = "http://www.w3.org/2005/Atom"
_NAMESPACE = uuid.UUID("5c8f0e8e-6f0f-5b7c-9a53-6d3c0d1f7b11")
_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>\n'


def rss(facts: Facts) -> bytes:
    """RSS 2.0."""
    day = _day(facts)
    root = Xml.Element("rss", {"version": "2.0"})
    channel = Xml.SubElement(root, "channel")
    _text(channel, "title", facts.title)
    _text(channel, "link", f"{facts.address}/status")
    _text(channel, "description", f"What happened, from {facts.title}")
    _text(channel, "language", "en")
    _text(channel, "lastBuildDate", _rfc822(_newest(day)))
    _text(channel, "ttl", "1")
    for each in day.happenings:
        item = Xml.SubElement(channel, "item")
        _text(item, "title", _title(each))
        _text(item, "link", f"{facts.address}/status#h-{each.key}")
        if each.text:
            _text(item, "description", _as_html(each.text))
        _text(item, "guid", _id(each.key), isPermaLink="false")
        _text(item, "pubDate", _rfc822(each.at))
    return _written(root)


def atom(facts: Facts) -> bytes:
    """Atom."""
    day = _day(facts)
    root = Xml.Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _text(root, "title", facts.title)
    _text(root, "id", _id(f"feed\0{facts.title}"))
    _text(root, "updated", rfc3339(_newest(day)))
    Xml.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": f"{facts.address}/status"})
    Xml.SubElement(
        root, "link", {"rel": "self", "type": "application/atom+xml", "href": f"{facts.address}/status.atom"}
    )
    _text(Xml.SubElement(root, "author"), "name", facts.title)
    for each in day.happenings:
        entry = Xml.SubElement(root, "entry")
        _text(entry, "title", _title(each), type="text")
        _text(entry, "id", _id(each.key))
        _text(entry, "published", rfc3339(each.at))
        _text(entry, "updated", rfc3339(each.at))
        Xml.SubElement(entry, "link", {"rel": "alternate", "href": f"{facts.address}/status#h-{each.key}"})
        _text(entry, "content", each.text or each.title, type="text")
        Xml.SubElement(entry, "category", {"term": each.kind})
    return _written(root)


def _day(facts: Facts) -> Day:
    return facts.day or Day(since=facts.at)


def _newest(day: Day) -> float:
    return day.happenings[0].at if day.happenings else day.since


def _title(each: Happening) -> str:
    return f"{each.service}: {each.title}" if each.service else each.title


def _text(parent: Xml.Element, name: str, text: str, **attributes: str) -> None:
    Xml.SubElement(parent, name, attributes).text = _printable(text)


def _printable(text: str) -> str:
    """XML has no way to write most control characters, nor half a character."""
    return "".join(c if c.isprintable() else " " for c in text)


def _as_html(text: str) -> str:
    """Readers take a description of RSS for HTML, where it is text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _id(key: str) -> str:
    return uuid.uuid5(_NAMESPACE, key).urn


def _rfc822(at: float) -> str:
    return format_datetime(datetime.fromtimestamp(at, UTC), usegmt=True)


def _written(root: Xml.Element) -> bytes:
    return _DECLARATION + Xml.tostring(root, encoding="unicode").encode()
