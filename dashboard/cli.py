"""`roomwatch`: the commands, and with app.py the place where everything is put together."""

from __future__ import annotations

import asyncio
import atexit
import gc
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.text import Text

import seeds
from dashboard import __version__
from dashboard.app import Web
from dashboard.demo import DemoFailed, SeedPlayer, demo_config
from dashboard.guard import refuses_listening
from dashboard.server import Hangups, Server, bind
from probes.logs import configure_logs
from probes.model import plain_text
from probes.settings import BadConfig, Config, ConfigText, parse, read_config

app = typer.Typer(
    help="Watch live audio and video rooms through a launch event.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

WRONG_CONFIG = 2
DEFAULT_CONFIG = Path("config/roomwatch.yaml")
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8050
DEFAULT_SEED = "spaces-2023-05-24"
FASTEST_DEMO = 600.0
LONGEST_LINE = 2_000

ConfigFile = Annotated[Path, typer.Option("--config", help="The config file.")]
Port = Annotated[int, typer.Option(help="Port of the board; 0 takes a free one.", min=0, max=65535)]
Speed = Annotated[float, typer.Option(help="Event seconds a second.", min=0.1, max=FASTEST_DEMO)]


def _checked(path: Path) -> tuple[ConfigText, Config]:
    try:
        text = read_config(path)
        return text, parse(*text)
    except BadConfig as error:
        fail(str(error), WRONG_CONFIG)


def fail(sentence: str, code: int) -> NoReturn:
    """End with a plain sentence on standard error, or with a line for each mistake."""
    lines = "\n".join(plain_text(line, LONGEST_LINE) for line in sentence.splitlines())
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(lines, style="red"))
    raise typer.Exit(code)


@app.command()
def up(
    config: ConfigFile = DEFAULT_CONFIG,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = DEFAULT_HOST,
    port: Port = DEFAULT_PORT,
) -> None:
    """Watch what the config file names, and show it."""
    hangups = _take_signals()
    text, settings = _checked(config)
    refusal = refuses_listening(host, settings.auth)
    if refusal:
        fail(refusal, WRONG_CONFIG)
    _serve(lambda: Web(text, settings, lambda: read_config(config)), host, port, hangups)


@app.command()
def demo(
    seed: Annotated[
        str, typer.Option(help="The event to play; `roomwatch seeds` lists them.")
    ] = DEFAULT_SEED,
    speed: Speed = 10.0,
    port: Port = DEFAULT_PORT,
) -> None:
    """Play a real launch and watch it."""
    hangups = _take_signals()
    played = _load_seed(seed)
    with tempfile.TemporaryDirectory(prefix="roomwatch-demo-") as folder:
        try:
            with SeedPlayer(seed, speed) as player:
                text = demo_config(played, player.url, speed, Path(folder))
                settings = parse(*text)
                _serve(lambda: Web(text, settings, lambda: text), DEFAULT_HOST, port, hangups)
        except DemoFailed as error:
            fail(str(error), 1)


@app.command()
def check(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Check the config file, then run every probe once.

    Exit code 0: all good, 1: a probe failed, 2: the config is wrong.
    """
    from dashboard.check import run_all, table

    _, settings = _checked(config)
    configure_logs()
    results = asyncio.run(run_all(settings))
    Console(highlight=False).print(table(results))
    raise typer.Exit(0 if all(result.outcome.success for result in results) else 1)


@app.command("seeds")
def list_seeds() -> None:
    """List the events that can be played."""
    for name in seeds.names():
        typer.echo(f"{name}  {seeds.load(name).title}")


@app.command()
def serve_seed(
    name: str,
    speed: Speed = 1.0,
    port: Annotated[
        int, typer.Option(help="Port of the service; 0 takes a free one.", min=0, max=65535)
    ] = 8070,
) -> None:
    """Play an event as a rooms service, without watching it."""
    from seeds.__main__ import main as play

    raise typer.Exit(play([name, "--speed", f"{speed:g}", "--port", str(port)]))


@app.command()
def hash_password() -> None:
    """Read a password, typed or as a line from a pipe, and print the hash for `auth.basic`."""
    from dashboard.passwords import hash_password as hashed

    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        fail("there is no password: type one, or give it as a line", WRONG_CONFIG)
    typer.echo(hashed(password))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _load_seed(name: str) -> seeds.Seed:
    try:
        return seeds.load(name)
    except (seeds.UnknownSeed, seeds.BadSeed) as error:
        fail(str(error), WRONG_CONFIG)


def _serve(make_web: Callable[[], Web], host: str, port: int, hangups: Hangups) -> None:
    configure_logs()
    try:
        listener = bind(host, port)
    except OSError as error:
        fail(f"cannot listen on {host}:{port}: {error.strerror}. Choose another --port.", 1)
    with listener:
        web = make_web()
        shown = f"[{host}]" if ":" in host else host
        typer.echo(f"The board is at http://{shown}:{listener.getsockname()[1]}/  (Ctrl-C ends it)")
        Server(web, host, hangups).run(sockets=[listener])


def _take_signals() -> Hangups:
    """Until the server is there: SIGINT and SIGTERM end what is being done and tidy up; SIGHUP waits."""
    signal.signal(signal.SIGINT, _end)
    signal.signal(signal.SIGTERM, _end)
    return Hangups()


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def _fill_standard_files() -> None:
    """Started without files 0, 1 or 2, sockets would get these numbers, and our processes them as theirs."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    sys.stdin = sys.stdin or open(0, encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8")  # noqa: SIM115


def main() -> None:
    """The console script."""
    _fill_standard_files()
    atexit.register(gc.freeze)  # else the interpreter looks for garbage for a second before it ends
    app()


if __name__ == "__main__":
    main()
