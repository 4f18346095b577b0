"""Public answers a second: Roomwatch and nginx with the same bytes, in turn, on one core each.

The load comes from wrk on another core. It is not what limits: its own share of a core is told, and
what it gets from an nginx that answers one byte from memory.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil

from dashboard.demo import MAPPING
from tests import caches
from tests.counting import Counting
from tests.product import Product, seeds_service, up
from tests.servers import require

PATHS = ("/embed/state.json", "/embed/concurrency.json", "/embed/concurrency")
PUBLIC = {"public": {"panels": ["state", "concurrency", "joins", "nodes"], "services": ["spaces"]}}
_ROUNDS, _SECONDS, _CONNECTIONS = 5, 3, 64
_CROWD = 100_000

_STATIC = """
    sendfile on; tcp_nopush on; gzip_static on; etag on; open_file_cache max=100 inactive=60s;
    keepalive_requests 1000000000;
    types { application/json json; }
    server {
        listen 127.0.0.1:{port};
        root {folder}/www;
        add_header Cache-Control "public, max-age=1";
        location = /nothing { return 200 "."; }
    }
"""

_MANY_HEADS = """
local heads, number = {}, 0
for i = 1, 2000 do
  heads[i] = wrk.format("GET", wrk.path .. "?" .. i, {["Accept-Encoding"] = "gzip, br", ["Accept"] = "*/*",
    ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/" .. i,
    ["Host"] = "localhost", ["Sec-Fetch-Site"] = "same-origin", ["If-None-Match"] = '"' .. i .. '"'})
end
request = function() number = number % 2000 + 1; return heads[number] end
"""


def measure() -> dict[str, object]:
    """Each path from both, and what 100,000 requests cost behind nginx as it is shipped."""
    with _public() as product, tempfile.TemporaryDirectory() as folder:
        many = Path(folder) / "many.lua"
        many.write_text(_MANY_HEADS)
        return {
            "one_core_each": {path: _compare(product, path, many) for path in PATHS},
            "behind_nginx": _behind(product),
        }


@contextlib.contextmanager
def _public() -> Iterator[Product]:
    with seeds_service() as url, tempfile.TemporaryDirectory() as folder:
        service = {"name": "spaces", "kind": "http-json", "url": f"{url}/rooms", "every": "1s", **MAPPING}
        with up(Path(folder), service, tick="1s", embed=PUBLIC) as product:
            product.wait(lambda frame: frame["spaces"]["participants"] is not None, "answer of the service")
            while product.ask(PATHS[0]).status_code != 200:
                time.sleep(0.1)
            yield product


def _compare(product: Product, path: str, many: Path) -> dict[str, object]:
    with caches.Nginx(_STATIC) as nginx:
        size = _lay_out(nginx.folder / "www", product, path)
        worker = psutil.Process(nginx.pid).children()[0]
        web = psutil.Process(product.pid)
        for process in (worker, web):
            process.cpu_affinity([0])
        there = f"http://127.0.0.1:{nginx.port}"
        rounds = [
            {
                "nginx": _wrk(worker, there + path),
                "nginx_many_heads": _wrk(worker, there + path, "-s", str(many)),
                "ours": _wrk(web, product.url + path),
                "ours_many_heads": _wrk(web, product.url + path, "-s", str(many)),
            }
            for _ in range(_ROUNDS)
        ]
        return {
            "bytes": size,
            **{
                name: {key: _median(r[name][key] for r in rounds) for key in r0}
                for name, r0 in rounds[0].items()
            },
            "ours_to_nginx": _median(r["ours"]["a_second"] / r["nginx"]["a_second"] for r in rounds),
            "ours_to_nginx_by_cpu": _median(
                r["ours"]["a_cpu_second"] / r["nginx"]["a_cpu_second"] for r in rounds
            ),
            "ours_to_nginx_with_many_heads_by_cpu": _median(
                r["ours_many_heads"]["a_cpu_second"] / r["nginx_many_heads"]["a_cpu_second"] for r in rounds
            ),
            "one_byte_from_nginx": _wrk(worker, f"{there}/nothing"),
        }


def _lay_out(root: Path, product: Product, path: str) -> int:
    """The bytes of `path` where nginx finds them, plain and compressed; how many are sent."""
    target = root / path[1:]
    target.parent.mkdir(parents=True, exist_ok=True)
    headers = {"Accept-Encoding": "gzip"}
    with httpx.stream("GET", product.url + path, headers=headers, trust_env=False) as answer:
        sent = b"".join(answer.iter_raw())
    target.write_bytes(product.ask(path).content)
    if "content-encoding" in answer.headers:
        target.with_name(target.name + ".gz").write_bytes(sent)
    for each in (root.parent, *root.rglob("*")):
        each.chmod(0o755)
    return len(sent)


def _wrk(server: psutil.Process, url: str, *options: str) -> dict[str, float]:
    """Answers a second from `server`, and for each second of its CPU. An error ends the bench."""
    command = [
        "wrk",
        "-t1",
        f"-c{_CONNECTIONS}",
        f"-d{_SECONDS}s",
        "-H",
        "Accept-Encoding: gzip",
        *options,
        url,
    ]
    command[0] = str(require("wrk"))
    other = max(os.sched_getaffinity(0))
    before, own = _cpu(server), _children()
    began = time.monotonic()
    told = subprocess.check_output(command, text=True, preexec_fn=lambda: os.sched_setaffinity(0, {other}))
    wall = time.monotonic() - began
    found = re.search(r"(\d+) requests in", told)
    assert found is not None and "Non-2xx" not in told and "Socket errors" not in told, told
    used = _cpu(server) - before
    return {
        "a_second": round(int(found[1]) / wall, 1),
        "a_cpu_second": round(int(found[1]) / used, 1),
        "server_cores": round(used / wall, 3),
        "wrk_cores": round((_children() - own) / wall, 3),
    }


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _median(values: Iterator[float]) -> float:
    return round(statistics.median(values), 3)


def _behind(product: Product) -> dict[str, object]:
    """Until 100,000 requests for one panel went through the shipped nginx, and two others beside."""
    with Counting(product.port) as way, caches.nginx(way.port) as nginx:
        asked, began = 0.0, time.monotonic()
        while asked < _CROWD:
            for path in PATHS:
                told = _wrk(psutil.Process(nginx.pid).children()[0], f"http://127.0.0.1:{nginx.port}{path}")
                asked += told["a_second"] * _SECONDS
        return {
            "requests": round(asked),
            "seconds": round(time.monotonic() - began, 1),
            "at_roomwatch": dict(way.asked),
        }
