"""Reads the lines of a few metrics out of an exposition of perhaps millions of others.

Lines as client libraries write them, which is nearly all, are read by one pattern, four times as fast
as by prometheus_client's parsers, which read the unusual ones (exemplars, blanks). A line that cannot
be read loses nothing but itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from prometheus_client import Metric
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample as ParsedSample

from probes.exposition.samples import Sample, unescaped
from probes.failure import ProbeFailed
from probes.model import Outcome

OPENMETRICS = "application/openmetrics-text"
ACCEPT = f"{OPENMETRICS};version=1.0.0,text/plain;version=0.0.4;q=0.5"

MAX_SAMPLES = 1_000_000
MAX_UNUSUAL = 100_000
"""The most lines that are read the slow way."""

LONGEST_LINE = 16_384

_LABELS = r'(?:[a-zA-Z_][a-zA-Z0-9_]*="[^"\\\n]*(?:\\.[^"\\\n]*)*"(?:,|(?=\})))*'
_USUAL = re.compile(
    rf"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{{({_LABELS})\}} ?| )([-+.\w]+)(?: (-?[0-9.]+))?", re.ASCII
)
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="([^"\\]*(?:\\.[^"\\]*)*)"', re.ASCII)
_METRICS = re.compile(r"^(?:# (?:TYPE|HELP|EOF)|[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{| [-+.0-9NI]))", re.ASCII | re.M)


@dataclass(slots=True)
class Samples:
    """What an exposition told of the metrics that were asked for, by their names in it.

    `types` are those that are declared, also of metrics without samples. `unreadable` counts lines.
    """

    by_name: dict[str, list[Sample]] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, int] = field(default_factory=dict)

    def of(self, name: str) -> Sequence[Sample]:
        """The samples of a metric. One format writes a counter with `_total`, the other may leave it out."""
        family = name.removesuffix("_total")
        other = f"{family}_total" if name == family else family
        is_counter = "counter" in (self.types.get(family), self.types.get(f"{family}_total"))
        if name not in self.by_name and is_counter:
            return self.by_name.get(other, ())
        return self.by_name.get(name, ())

    def tells(self, name: str) -> bool:
        """Whether a metric is there, though it may have no samples."""
        return bool(self.of(name)) or name in self.types or name.removesuffix("_total") in self.types


class Exposition:
    """Reads the metrics of these names."""

    def __init__(self, names: Collection[str]) -> None:
        families = {name.removesuffix("_total") for name in names}
        self._names = families | {f"{family}_total" for family in families} | set(names)
        listed = "|".join(map(re.escape, sorted(self._names)))
        self._line = re.compile(rf"^[ \t]*(?:{listed})(?=[ \t{{]).*$", re.M)
        self._type = re.compile(rf"^# TYPE ({listed}) (\w+)[ \t]*$", re.M)
        self._declared = re.compile(rf"^# HELP ({listed})(?= |$)", re.M)

    def read(self, body: bytes, content_type: str, where: str) -> Samples:
        """Raises ProbeFailed (protocol, unavailable) where `body` is no exposition, or too much, or half."""
        text = body.decode("utf-8", "surrogateescape")
        strict = content_type.strip().lower().startswith(OPENMETRICS)
        if not _METRICS.search(text):
            raise ProbeFailed(
                Outcome.PROTOCOL, f"{where} answered with {_other(text)} where metrics were expected"
            )
        if strict and not text.endswith(("# EOF\n", "# EOF")):
            raise ProbeFailed(
                Outcome.UNAVAILABLE, f"{where} sent half an answer: its OpenMetrics end without # EOF"
            )
        samples = Samples(types=dict.fromkeys(self._declared.findall(text), "unknown"))
        samples.types.update(self._type.findall(text))
        unusual: list[str] = []
        for count, found in enumerate(self._line.finditer(text), 1):
            if count > MAX_SAMPLES or len(unusual) > MAX_UNUSUAL:
                raise ProbeFailed(Outcome.PROTOCOL, f"{where} answered with more samples than can be read")
            usual = _USUAL.fullmatch(line := found[0])
            if usual is None:
                unusual.append(line)
            else:
                name, labels, value, at = usual.groups()
                sample = Sample(_labels(labels), _number(value), _time(at, strict))
                samples.by_name.setdefault(name, []).append(sample)
        for line in unusual:
            self._read_slowly(line, strict, samples)
        return samples

    def _read_slowly(self, line: str, strict: bool, samples: Samples) -> None:
        name = re.split(r"[\s{]", line.lstrip(), maxsplit=1)[0]
        try:
            if len(line) > LONGEST_LINE:
                raise ValueError(line)
            read = _strictly(line, name, samples) if strict else _loosely(line)
        except (ValueError, TypeError, LookupError, AttributeError):  # what they raise for odd lines
            samples.unreadable[name] = samples.unreadable.get(name, 0) + 1
            return
        for sample in read:
            if sample.name in self._names:
                at = None if sample.timestamp is None else float(sample.timestamp)
                told = Sample(sample.labels, float(sample.value), at)
                samples.by_name.setdefault(sample.name, []).append(told)


def _strictly(line: str, name: str, samples: Samples) -> list[ParsedSample]:
    """A line as OpenMetrics, where it matters of what type its metric is."""
    family = name.removesuffix("_total")
    declared = f"# TYPE {family} {samples.types[family]}\n" if family in samples.types else ""
    text = f"{declared}{line}\n# EOF\n"
    read: Iterable[Metric] = openmetrics_parser.text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    return [sample for metric in read for sample in metric.samples]


def _loosely(line: str) -> list[ParsedSample]:
    return [sample for metric in text_string_to_metric_families(line) for sample in metric.samples]


def _labels(text: str | None) -> dict[str, str]:
    if not text:
        return {}
    labels = dict(_LABEL.findall(text))
    return {name: unescaped(value) for name, value in labels.items()} if "\\" in text else labels


def _number(text: str) -> float | None:
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def _time(text: str | None, seconds: bool) -> float | None:
    number = _number(text) if text else None
    return number if number is None or seconds else number / 1000


def _other(text: str) -> str:
    start = text[:64].lstrip()
    if not start:
        return "an empty body"
    if start.startswith("<"):
        return "an HTML page"
    return "JSON" if start.startswith(("{", "[")) else "something else"
