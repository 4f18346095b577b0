"""Real nginx and Varnish with the configs that are shipped, in front of a port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.servers import Server, require

CONFIG = Path(__file__).parents[1] / "config"

_NGINX = """
user root;
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/errors;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {inside}
}}
"""

FREELY = {"rate=500r/s": "rate=1000000r/s", "rate=50r/s": "rate=1000000r/s"}
"""For a crowd that comes from one address."""


class Nginx(Server):
    """nginx with what stands inside of `http {}`; `{port}` and `{folder}` in it are its own."""

    def __init__(self, inside: str) -> None:
        super().__init__("nginx", self._write)
        self._program = require("nginx")
        self._inside = inside

    def _write(self, folder: Path, ports: tuple[int, ...]) -> Sequence[str | Path]:
        inside = self._inside.replace("{port}", str(ports[0])).replace("{folder}", str(folder))
        path = folder / "nginx.conf"
        path.write_text(_NGINX.format(folder=folder, inside=inside))
        return [self._program, "-c", path, "-p", folder]


def nginx(origin: int, changes: Mapping[str, str] = FREELY) -> Nginx:
    """nginx as shipped, before the port `origin`."""
    text = (CONFIG / "nginx" / "roomwatch.conf").read_text("utf-8")
    changed = {
        "127.0.0.1:8050": f"127.0.0.1:{origin}",
        "listen 80;": "listen 127.0.0.1:{port};",
        "/var/cache/nginx/roomwatch": "{folder}/cache",
        **changes,
    }
    for old, new in changed.items():
        assert old in text, old
        text = text.replace(old, new)
    return Nginx(text)


def varnish(origin: int) -> Server:
    """Varnish as shipped, before the port `origin`."""
    program = require("varnish")

    def command(folder: Path, ports: tuple[int, ...]) -> Sequence[str | Path]:
        text = (CONFIG / "varnish" / "roomwatch.vcl").read_text("utf-8")
        assert text.count('"8050"') == 1
        (folder / "roomwatch.vcl").write_text(text.replace('"8050"', f'"{origin}"'))
        listen = ("-a", f"127.0.0.1:{ports[0]}", "-T", "none")
        where = ("-f", folder / "roomwatch.vcl", "-n", folder / "run", "-s", "malloc,64m")
        return [program, "-j", "none", "-F", *listen, *where]

    return Server("varnish", command)
