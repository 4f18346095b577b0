"""The README's picture: `python -m tests.picture` plays the launch of May 2023 and takes it at 18:27:30."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.browser import Watched, chromium
from tests.product import Product

PICTURE = Path(__file__).parent / "board.png"
STARTS = 1684965600.0
MOMENT = STARTS + 27.5 * 60
SPEED = "20"


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        Product(Path(folder), "demo", "--port", "0", "--speed", SPEED) as demo,
    ):
        context = browser.new_context(color_scheme="dark", viewport={"width": 1440, "height": 900})
        page = Watched(context).page
        page.goto(demo.url)
        while (demo.frame()["spaces"]["service_time"] or 0.0) < MOMENT:
            time.sleep(0.2)
        page.wait_for_timeout(1_500)  # graphs are drawn once a second
        page.screenshot(path=PICTURE)
        context.close()


if __name__ == "__main__":
    main()
