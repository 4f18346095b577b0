"""What went wrong in an HTTP exchange, as an outcome and one plain sentence.

aiohttp's transport reports a refused connection as a connect timeout and lets a
bad status line through as its own error, so an error is read by its chain of causes.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import aiohttp
import httpx
from aiohttp.http_exceptions import HttpProcessingError

from probes.failure import ProbeFailed
from probes.http.waiting import retry_after
from probes.model import Outcome, plain_text

EXCHANGE_ERRORS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    aiohttp.ClientError,
    HttpProcessingError,
    UnicodeError,
    OSError,
)
"""Everything that httpx, aiohttp and the sockets below them raise for a failed exchange."""

_BY_STATUS = {
    401: Outcome.UNAUTHORIZED,
    403: Outcome.UNAUTHORIZED,
    404: Outcome.NOT_FOUND,
    410: Outcome.NOT_FOUND,
    429: Outcome.RATE_LIMITED,
}

BUSY = (429, 503)
"""The statuses with which a service says that it is asked too often or cannot keep up."""

_UNRESOLVED = "the host name of {where} cannot be resolved; check the url and the name server"

_BY_ERROR: tuple[tuple[tuple[type[BaseException], ...], Outcome, str], ...] = (
    (
        (httpx.InvalidURL, httpx.UnsupportedProtocol, aiohttp.InvalidURL),
        Outcome.PROTOCOL,
        "{where} is not an address that can be asked over http or https; check the url",
    ),
    ((socket.gaierror,), Outcome.DNS, _UNRESOLVED),
    (
        (ssl.SSLCertVerificationError,),
        Outcome.TLS,
        "the certificate of {where} is not trusted ({why}); renew it, or set SSL_CERT_FILE to its authority",
    ),
    ((ssl.SSLError,), Outcome.TLS, "{where} cannot be asked over TLS ({why}); is it an https url?"),
    ((ConnectionRefusedError,), Outcome.REFUSED, "{where} refused the connection; is the service running?"),
    ((TimeoutError,), Outcome.TIMEOUT, "{where} did not answer in time"),
    (
        (aiohttp.ClientPayloadError,),
        Outcome.UNAVAILABLE,
        "{where} sent half an answer and dropped the connection",
    ),
    (
        (HttpProcessingError, aiohttp.ClientResponseError, UnicodeError),
        Outcome.PROTOCOL,
        "{where} answered with something that is not HTTP",
    ),
)
"""From the most telling error to the least; the first that is found in the chain counts."""


def place(url: str) -> str:
    """The host and port of a url, for sentences."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "an unreadable url"
    host = parts.hostname or "?"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def failed_exchange(error: Exception, where: str) -> ProbeFailed:
    """The failure that an error of `EXCHANGE_ERRORS` stands for."""
    chain = list(_causes(error))
    if any(_is_of_a_name(e) for e in chain):
        return ProbeFailed(Outcome.DNS, _UNRESOLVED.format(where=where))
    for types, outcome, sentence in _BY_ERROR:
        found = next((e for e in chain if isinstance(e, types)), None)
        if found is not None:
            return ProbeFailed(outcome, sentence.format(where=where, why=_reason(found)))
    if isinstance(error, httpx.RemoteProtocolError):
        return _broken_off(str(error), where)
    if any(isinstance(e, OSError) and e.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH) for e in chain):
        return ProbeFailed(Outcome.UNAVAILABLE, f"there is no way to {where}; check the network")
    return ProbeFailed(Outcome.UNAVAILABLE, f"{where} dropped the connection before its answer was whole")


def _is_of_a_name(error: BaseException) -> bool:
    """Whether a host name could not be written as DNS needs it; other texts have another encoding."""
    return isinstance(error, UnicodeError) and getattr(error, "encoding", "idna") == "idna"


def _broken_off(told: str, where: str) -> ProbeFailed:
    """What httpx's own transport says in one error type; its words are the only difference."""
    if told.startswith("peer closed connection"):
        return ProbeFailed(Outcome.UNAVAILABLE, f"{where} sent half an answer and dropped the connection")
    if told.startswith("Server disconnected"):
        return ProbeFailed(Outcome.UNAVAILABLE, f"{where} dropped the connection before its answer was whole")
    return ProbeFailed(Outcome.PROTOCOL, f"{where} answered with something that is not HTTP")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        os_error = getattr(error, "os_error", None)  # aiohttp keeps the socket's error beside its own
        if isinstance(os_error, OSError):
            yield os_error
        certificate_error = getattr(error, "certificate_error", None)
        if isinstance(certificate_error, Exception):
            yield certificate_error
        error = error.__cause__ or error.__context__


def _reason(error: BaseException) -> str:
    """OpenSSL's own words, without its file and line."""
    told = getattr(error, "verify_message", None) or getattr(error, "reason", None) or type(error).__name__
    return plain_text(str(told).replace("_", " ").lower(), 80)


def outcome_of_status(status: int) -> Outcome:
    """What an HTTP status that is not a success means."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return Outcome.UNAVAILABLE
    return Outcome.OTHER if status >= 400 else Outcome.PROTOCOL


def bad_status(status: int, where: str, headers: Mapping[str, str] | None = None) -> ProbeFailed:
    """The failure of an answer whose HTTP status is not a success, with the wait that it asks for."""
    hints = {
        Outcome.UNAUTHORIZED: "; check its `headers`",
        Outcome.NOT_FOUND: "; check its url",
        Outcome.RATE_LIMITED: "; ask less often with `every`",
    }
    outcome = outcome_of_status(status)
    detail = f"{where} answered with status {status}{hints.get(outcome, '')}"
    wait = retry_after(headers) if headers and status in BUSY else None
    return ProbeFailed(outcome, detail, str(status), wait)


def not_json(body: bytes, where: str) -> ProbeFailed:
    """The failure of a body that was to be JSON."""
    start = body[:64].lstrip()
    if not start:
        what = "an empty body"
    elif start.startswith(b"<"):
        what = "an HTML page"
    else:
        what = "something that is not JSON"
    return ProbeFailed(Outcome.PROTOCOL, f"{where} answered with {what} where JSON was expected")
