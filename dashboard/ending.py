"""How a command ends before it serves: with a sentence, or by a signal. Loaded before all that is slow."""

from __future__ import annotations

import errno
import os
import signal
import socket
from types import FrameType
from typing import NoReturn

import typer
from rich.console import Console
from rich.text import Text

from probes.model import plain_text

WRONG = 2
"""The exit code where an argument or the config is wrong."""

LONGEST_LINE = 2_000

_NOT_OURS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def fail(sentence: str, code: int) -> NoReturn:
    """End with a plain sentence on standard error, or with a line for each mistake."""
    lines = "\n".join(plain_text(line, LONGEST_LINE) for line in sentence.splitlines())
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(lines, style="red"))
    raise typer.Exit(code)


def fail_to_listen(host: str, port: int, error: OSError) -> NoReturn:
    """End because nobody can be served there."""
    where = f"cannot listen on {host}:{port}"
    if isinstance(error, socket.gaierror) or error.errno in _NOT_OURS:
        fail(f"{where}: {host} is not an address of this machine. Choose another --host.", 1)
    fail(f"{where}: {error.strerror}. Choose another --port.", 1)


class Hangups:
    """SIGHUP: one that comes before the server is there is remembered.

    It asks for the config again, unless it comes because the terminal is gone.
    Under nohup the end of the terminal is not to be the end.
    """

    def __init__(self) -> None:
        self.came = False
        self._needs_terminal = signal.getsignal(signal.SIGHUP) != signal.SIG_IGN and _has_terminal()
        signal.signal(signal.SIGHUP, self._remember)

    def _remember(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True

    @property
    def is_the_end(self) -> bool:
        return self._needs_terminal and not _has_terminal()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def end_at_once() -> None:
    """SIGINT and SIGTERM end the process there and then; while modules load, an exception may get lost."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))


def end_tidily() -> None:
    """SIGINT and SIGTERM end what is being done and have it tidy up."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
