"""The commands that watch, and with app.py the place where everything is put together."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import typer
from rich.console import Console

from dashboard.app import Web
from dashboard.check import run_all, table
from dashboard.demo import DemoFailed, SeedPlayer, demo_config
from dashboard.ending import WRONG, Hangups, end_tidily, fail, fail_to_listen
from dashboard.guard import refuses_listening
from dashboard.public.go.events import PATH as LINKS
from dashboard.public.signing import CannotSign, signed
from dashboard.server import Server, bind
from probes.alerting.rules import rules as prometheus_rules
from probes.history import HistoryTrouble
from probes.logs import configure_logs
from probes.settings import BadConfig, Config, ConfigText, parse, read_config
from seeds import Seed

_TOKEN_BYTES = 18


def up(path: Path, host: str, port: int, hangups: Hangups) -> None:
    """Watch what the config file at `path` names until told to end."""
    end_tidily()
    text, config = _checked(path)
    refusal = refuses_listening(host, config.auth)
    if refusal:
        fail(refusal, WRONG)
    _serve(lambda _: Web(text, config, lambda: read_config(path)), host, port, hangups)


def demo(seed: Seed, speed: float, host: str, port: int, hangups: Hangups) -> None:
    """Play `seed` and watch it until told to end; nothing is left behind."""
    end_tidily()
    with tempfile.TemporaryDirectory(prefix="roomwatch-demo-") as folder:
        try:
            with SeedPlayer(seed.name, speed) as player:
                token = secrets.token_urlsafe(_TOKEN_BYTES)

                def watch(address: str) -> Web:
                    text = demo_config(seed, player.url, speed, Path(folder), token, address)
                    typer.echo(f"The link that always leads to its room is {address}{LINKS}{seed.name}")
                    return Web(text, parse(*text), lambda: text)

                typer.echo(
                    f"To say on the board where a room went takes this token, made for this run: {token}"
                )
                _serve(watch, host, port, hangups)
        except DemoFailed as error:
            fail(str(error), 1)


def check(path: Path) -> None:
    """Print what one run of every probe gave. Ends with code 1 where one failed."""
    _, config = _checked(path)
    configure_logs()
    results = asyncio.run(run_all(config))
    Console(highlight=False).print(table(results))
    raise typer.Exit(0 if all(result.outcome.success for result in results) else 1)


def rules(path: Path) -> None:
    """Print the rules for the config file at `path`."""
    _, config = _checked(path)
    typer.echo(prometheus_rules(config), nl=False)


def sign(path: Path, panel: str, lasts: str, name: str) -> None:
    """Print a signed link to `panel` that is good for `lasts`."""
    _, config = _checked(path)
    try:
        made = signed(config, panel, lasts, name, time.time())
    except CannotSign as why:
        fail(str(why), WRONG)
    typer.echo(made.url)
    typer.echo(f"Good until {made.until}. To take it back, add {made.id} to embed.revoked.", err=True)


def _checked(path: Path) -> tuple[ConfigText, Config]:
    try:
        text = read_config(path)
        return text, parse(*text)
    except BadConfig as error:
        fail(str(error), WRONG)


def _serve(make_web: Callable[[str], Web], host: str, port: int, hangups: Hangups) -> None:
    """Serve what `make_web` makes, given the address of the board."""
    configure_logs()
    try:
        listener = bind(host, port)
    except OSError as error:
        fail_to_listen(host, port, error)
    with listener:
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listener.getsockname()[1]}"
        try:
            web = make_web(address)
        except HistoryTrouble as trouble:
            fail(str(trouble), 1)
        typer.echo(f"The board is at {address}/  (Ctrl-C ends it)")
        Server(web, host, hangups).run(sockets=[listener])
