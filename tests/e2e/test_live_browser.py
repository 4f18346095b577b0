"""The compressed event stream in a real browser: each event at once, and the end as it should be."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser

from tests.browser import Watched
from tests.e2e.stage import Stage, observation, room
from tests.product import PATIENCE, watching
from tests.servers import wait_until

LISTEN = """() => {
  window.told = [];
  const source = new EventSource("/live");
  for (const kind of ["frame", "bye"])
    source.addEventListener(kind, (event) => window.told.push([kind, event.lastEventId, event.data]));
  source.addEventListener("bye", () => source.close());
  source.onerror = () => window.told.push(["error", "", String(source.readyState)]);
}"""

FRAMES = 20


def test_a_browser_reads_each_event_at_once_and_complains_of_nothing(stage: Stage, browser: Browser) -> None:
    """It is given what a viewer without compression is given, for a fraction of the bytes."""
    with browser.new_context() as context:
        tab = Watched(context)
        empty = f"{stage.url}empty"
        tab.page.route(empty, lambda route: route.fulfill(body="", content_type="text/html"))
        tab.page.goto(empty)
        devtools = context.new_cdp_session(tab.page)
        heads: list[dict[str, Any]] = []
        received: list[dict[str, int]] = []
        devtools.on("Network.responseReceived", lambda event: heads.append(event["response"]))
        devtools.on("Network.dataReceived", lambda event: received.append(event))
        devtools.send("Network.enable")
        tab.page.evaluate(LISTEN)
        wait_until(lambda: stage.viewers == 1, PATIENCE, "viewer")
        with watching(f"{stage.url}live", Accept_Encoding="identity") as plain:
            wait_until(lambda: stage.viewers == 2, PATIENCE, "viewers")
            expected = []
            for number in range(FRAMES):
                rooms = [room("n1", 1_000 * number + each, f"Room {each}", f"r{each}") for each in range(20)]
                stage.show(observation(float(number), rooms))
                tab.wait("count => window.told.length === count", number + 1)
                event = next(each for each in plain if each.get("event") == "frame")
                expected.append(["frame", event["id"], event["data"]])
        stage.stop()
        tab.wait("count => window.told.length > count", FRAMES)
        told = tab.page.evaluate("window.told")
    stage.start()
    assert told == [*expected, ["bye", told[-1][1], "{}"]]
    assert heads[0]["headers"]["content-encoding"] == "gzip"
    plain_bytes, sent = (sum(each[key] for each in received) for key in ("dataLength", "encodedDataLength"))
    print(f"{plain_bytes} bytes of events were {sent} on the way")
    assert 0 < sent < plain_bytes / 4
    assert tab.complaints == []
