"""`roomwatch`: the commands. What a command needs is loaded once it is called: most of it takes a second."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard import __version__
from dashboard.ending import WRONG, Hangups, end_at_once, fail, fail_to_listen

if TYPE_CHECKING:
    from seeds import Seed

app = typer.Typer(
    help="Watch live audio and video rooms through a launch event.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

DEFAULT_CONFIG = Path("config/roomwatch.yaml")
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8050
DEFAULT_SEED = "spaces-2023-05-24"
FASTEST_DEMO = 600.0

ConfigFile = Annotated[Path, typer.Option("--config", help="The config file.")]
Port = Annotated[int, typer.Option(help="Port of the board; 0 takes a free one.", min=0, max=65535)]
Speed = Annotated[float, typer.Option(help="Event seconds a second.", min=0.1, max=FASTEST_DEMO)]


@app.command()
def up(
    config: ConfigFile = DEFAULT_CONFIG,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = DEFAULT_HOST,
    port: Port = DEFAULT_PORT,
) -> None:
    """Watch what the config file names, and show it."""
    end_at_once()
    hangups = Hangups()
    from dashboard import commands

    commands.up(config, host, port, hangups)


@app.command()
def demo(
    seed: Annotated[
        str, typer.Option(help="The event to play; `roomwatch seeds` lists them.")
    ] = DEFAULT_SEED,
    speed: Speed = 10.0,
    port: Port = DEFAULT_PORT,
) -> None:
    """Play a real launch and watch it."""
    end_at_once()
    hangups = Hangups()
    played = _load_seed(seed)
    from dashboard import commands

    commands.demo(played, speed, DEFAULT_HOST, port, hangups)


@app.command()
def check(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Check the config file, then run every probe once.

    Exit code 0: all good, 1: a probe failed, 2: the config is wrong.
    """
    from dashboard import commands

    commands.check(config)


@app.command()
def rules(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Print Prometheus rules made from the config file: alerts, and values that they share."""
    from dashboard import commands

    commands.rules(config)


@app.command("seeds")
def list_seeds() -> None:
    """List the events that can be played."""
    import seeds

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
    seed = _load_seed(name)
    from seeds.server import HOST, serve
    from seeds.service import make_app

    try:
        serve(make_app(seed, speed=speed), port)
    except OSError as error:
        fail_to_listen(HOST, port, error)


@app.command()
def sign(
    panel: Annotated[str, typer.Argument(help="Such as concurrency@spaces or joins@spaces/dark.svg.")],
    config: ConfigFile = DEFAULT_CONFIG,
    lasts: Annotated[str, typer.Option("--for", help="How long the link is good, such as 12h or 7d.")] = "7d",
    name: Annotated[str, typer.Option(help="A name to revoke it by, with others of that name.")] = "",
) -> None:
    """Print a link to one panel for those who hold it, public or not; it expires and can be revoked."""
    from dashboard import commands

    commands.sign(config, panel, lasts, name)


@app.command()
def hash_password() -> None:
    """Read a password, typed or as a line from a pipe, and print the hash for `auth.basic`."""
    from dashboard.passwords import hash_password as hashed

    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        fail("there is no password: type one, or give it as a line", WRONG)
    typer.echo(hashed(password))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _load_seed(name: str) -> Seed:
    import seeds

    try:
        return seeds.load(name)
    except (seeds.UnknownSeed, seeds.BadSeed) as error:
        fail(str(error), WRONG)


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
