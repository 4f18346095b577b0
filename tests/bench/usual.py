"""The same board written the usual way, for comparison: `dcc.Interval` and a server callback.

`python -m tests.bench.usual PORT` serves it; `load` asks for updates as its viewers would.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import uvicorn
from dash import Dash, Input, Output, dcc, html
from fastapi import FastAPI
from plotly import graph_objects as go

from tests.bench.product import percentile

POINTS = 600
GRAPHS = 4


def make() -> FastAPI:
    """Four graphs of 600 points, rebuilt for each viewer once a second."""
    server = FastAPI()
    dash = Dash("usual", server=server)
    dash.layout = html.Div(
        [dcc.Interval(id="tick", interval=1000), *(dcc.Graph(id=f"graph-{i}") for i in range(GRAPHS))]
    )

    @dash.callback([Output(f"graph-{i}", "figure") for i in range(GRAPHS)], Input("tick", "n_intervals"))
    def update(_n: int | None) -> list[go.Figure]:
        now = time.time()
        times = [now - POINTS + i for i in range(POINTS)]
        return [
            go.Figure(go.Scatter(x=times, y=[(t * (g + 1)) % 997 for t in times], fill="tozeroy"))
            for g in range(GRAPHS)
        ]

    return server


BODY = json.dumps(
    {
        "output": ".." + "...".join(f"graph-{i}.figure" for i in range(GRAPHS)) + "..",
        "outputs": [{"id": f"graph-{i}", "property": "figure"} for i in range(GRAPHS)],
        "inputs": [{"id": "tick", "property": "n_intervals", "value": 1}],
        "changedPropIds": ["tick.n_intervals"],
    }
).encode()


async def load(port: int, viewers: int, seconds: float) -> dict[str, object]:
    """`viewers` that each ask for an update a second, unless the last one is still on its way."""
    waits: list[float] = []
    end = time.monotonic() + seconds
    request = (
        b"POST /_dash-update-component HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
    )
    size = 0

    async def view(offset: float) -> None:
        nonlocal size
        await asyncio.sleep(offset)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() < end:
            started = time.monotonic()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            size = next(int(x[16:]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length: "))
            await reader.readexactly(size)
            waits.append(time.monotonic() - started)
            await asyncio.sleep(max(0.0, 1 - waits[-1]))
        writer.close()

    await asyncio.gather(*(view(i / viewers) for i in range(viewers)))
    return {
        "viewers": viewers,
        "updates_a_second": round(len(waits) / seconds, 1),
        "bytes_an_update": size,
        "age_p99_ms": round(percentile(waits, 0.99) * 1000, 1),
    }


if __name__ == "__main__":
    uvicorn.run(make(), port=int(sys.argv[1]), log_level="warning")
