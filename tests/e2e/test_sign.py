"""`roomwatch sign` and the product: a link that works, is taken back, and comes back."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from dashboard.children import module_command, module_environment
from dashboard.public.links import PREFIX, REVOKED
from tests.product import AUTH, CONFIG, PATIENCE, UP, WRITER, Product, Rooms, service, write_config
from tests.servers import wait_until

KEY = {"EMBED_KEY": "a-key-of-at-least-thirty-two-characters"}


def sign(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = module_command("dashboard.cli", "sign", "--config", CONFIG, *arguments)
    environment = {**module_environment(), **KEY}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE
    )


def test_a_link_is_good_until_it_is_taken_back(tmp_path: Path) -> None:
    with Rooms(main=127) as rooms:
        watched = service("stage", rooms.url)
        write_config(tmp_path / CONFIG, watched, auth=AUTH, embed={"key": "${EMBED_KEY}"})
        made = sign(tmp_path, "concurrency.json", "--for", "1h", "--name", "wiki")
        assert made.returncode == 0, made.stderr
        path = made.stdout.strip()[made.stdout.index(PREFIX) :]
        identity = re.search(r"add ([0-9a-f]{12}) to embed\.revoked", made.stderr)
        assert identity
        with Product(tmp_path, *UP, env=KEY) as board:
            wait_until(lambda: board.ask(path).status_code == 200, PATIENCE, "the panel")
            wait_until(lambda: board.json(path)["participants"] == 130, PATIENCE, "rounded people")
            assert board.ask("/embed/concurrency.json").status_code == 404, "nothing is public"
            for revoked, status in (([identity[1]], 403), (["another"], 200), (["wiki"], 403)):
                embed = {"key": "${EMBED_KEY}", "revoked": revoked}
                write_config(tmp_path / CONFIG, watched, auth=AUTH, embed=embed)
                assert board.ask("/-/reload", "POST", **WRITER).status_code == 200
                answer = board.ask(path)
                assert answer.status_code == status
                assert status == 200 or answer.text.strip() == REVOKED


def test_what_cannot_be_signed_is_said_and_nothing_is_printed(tmp_path: Path) -> None:
    write_config(tmp_path / CONFIG, service("stage", "http://127.0.0.1:1/"))
    made = sign(tmp_path, "concurrency")
    assert (made.returncode, made.stdout) == (2, "")
    assert "set `embed.key` in the config file" in made.stderr
