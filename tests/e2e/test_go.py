"""The public link of a running Roomwatch, followed as people follow it, also through nginx."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import seeds
from dashboard.demo import demo_config
from tests.product import PATIENCE, TOKEN, Product, Rooms, seeds_service, service, up, up_with
from tests.servers import require, wait_until

MAY = "spaces-2023-05-24"
SPEED = 20.0
LINK = f"/go/{MAY}"


def event(rooms: Rooms) -> dict[str, object]:
    """The keys of a config whose event is public."""
    link = f"{rooms.url}/room/{{room}}"
    return {
        "events": [{"name": "launch", "service": "spaces", "rooms": ["launch-*"], "link": link}],
        "embed": {"public": {"events": ["launch"], "address": "https://status.example.org"}},
    }


def followed(running: Product, path: str) -> tuple[int, str | None]:
    answer = running.ask(path)
    return answer.status_code, answer.headers.get("location")


def test_may_2023_is_followed_from_the_first_room_over_the_page_into_the_second(tmp_path: Path) -> None:
    with seeds_service(MAY, SPEED, start_at=900) as url:
        text = demo_config(seeds.load(MAY), url, SPEED, tmp_path, TOKEN).text
        with up_with(tmp_path, text) as running:
            seen: list[tuple[int, str | None]] = []

            def arrived() -> bool:
                now = followed(running, LINK)
                if not seen or now != seen[-1]:
                    seen.append(now)
                return now == (302, f"{url}/room/launch-2")

            wait_until(arrived, PATIENCE, "the link leads to the second room")
            told = running.json(f"{LINK}.json")
            assert (told["state"], told["from"], told["to"]) == (
                "moved",
                "Campaign launch",
                "Campaign launch 2",
            )
            with httpx.Client(trust_env=False, follow_redirects=True) as client:
                page = client.get(f"{running.url}{LINK}")
            assert page.status_code == 200 and "<h1>Campaign launch 2</h1>" in page.text
    first = seen.index((302, f"{url}/room/launch-1"))
    assert seen[first:] == [(302, f"{url}/room/launch-1"), (200, None), (302, f"{url}/room/launch-2")]


def test_it_leads_on_while_the_service_does_not_answer_and_while_the_prober_is_away(tmp_path: Path) -> None:
    with Rooms(**{"launch-1": 900}) as rooms:
        here = (302, f"{rooms.url}/room/launch-1")
        with up(tmp_path, service("spaces", rooms.url), **event(rooms)) as running:
            wait_until(lambda: followed(running, "/go/launch") == here, PATIENCE, "it leads to the room")
            running.prober.kill()
            asked = []

            def is_back() -> bool:
                asked.append(followed(running, "/go/launch"))
                again = running.metrics("roomwatch_prober_restarts_total") == 1
                return again and running.frame()["spaces"]["participants"] == 900

            wait_until(is_back, PATIENCE, "the prober is back and has heard of the room")
            assert set(asked) == {here}


# --- nginx ---

NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  proxy_cache_path {folder}/cache keys_zone=public:1m;
  server {{
    listen 127.0.0.1:{port};
    location /go/ {{
      proxy_pass http://127.0.0.1:{origin};
      proxy_http_version 1.1;
      proxy_set_header Host 127.0.0.1;
      proxy_cache public;
      proxy_cache_key $uri;
      proxy_cache_lock on;
      proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504;
      proxy_cache_background_update on;
      add_header X-Cache $upstream_cache_status always;
    }}
  }}
}}
"""


@contextlib.contextmanager
def nginx(folder: Path, origin: int) -> Iterator[str]:
    program = require("nginx")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, origin=origin))
    process = subprocess.Popen([program, "-c", str(config), "-e", str(folder / "error.log")])
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url), PATIENCE, "nginx answers")
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE)


def answers(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/go/", trust_env=False).status_code == 404
    return False


@pytest.mark.needs("nginx")
def test_behind_nginx_the_redirect_is_one_request_a_second_at_the_origin_whoever_asks(tmp_path: Path) -> None:
    with Rooms(**{"launch-1": 900}) as rooms:
        here = (302, f"{rooms.url}/room/launch-1")
        with (
            up(tmp_path, service("spaces", rooms.url), **event(rooms)) as running,
            nginx(tmp_path, running.port) as url,
            httpx.Client(base_url=url, trust_env=False) as client,
        ):
            wait_until(lambda: followed(running, "/go/launch") == here, PATIENCE, "it leads to the room")
            client.get("/go/launch")
            began, told = time.monotonic(), Counter[str]()
            for number in range(1_500):
                method = "HEAD" if number % 10 == 0 else "GET"
                answer = client.request(method, f"/go/launch?whatever={number}")
                assert (answer.status_code, answer.headers["location"]) == here
                told[answer.headers["x-cache"]] += 1
            seconds = time.monotonic() - began
            asked = sum(count for status, count in told.items() if status not in ("HIT", "UPDATING"))
            print(f"1500 requests in {seconds:.1f} s: {dict(told)}")
            assert asked <= seconds + 2
            running.kill()
            answer = client.get("/go/launch")
            assert (answer.status_code, answer.headers["location"]) == here, (
                "the last known room, while we are down"
            )
            running.start()
