"""The README's panels and badges: `python -m tests.embed_pictures` makes them of the launch of May 2023."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.picture import MOMENT, SPEED
from tests.product import Product

FOLDER = Path(__file__).parent / "embed"
PICTURES = ("concurrency.svg", "joins.svg", "relocation.svg", "state.svg")
BADGES = ("joins.svg", "relocation.svg")


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Product(Path(folder), "demo", "--port", "0", "--speed", SPEED) as demo,
    ):
        seen = demo.wait(lambda frame: "spaces" in frame, "the first frame")
        while (seen["spaces"]["service_time"] or 0.0) < MOMENT:
            time.sleep(0.2)
            seen = demo.frame()
        for name in PICTURES:
            (FOLDER / name).write_bytes(demo.ask(f"/embed/{name}").raise_for_status().content)
        for name in BADGES:
            (FOLDER / f"badge-{name}").write_bytes(demo.ask(f"/badge/{name}").raise_for_status().content)


if __name__ == "__main__":
    main()
