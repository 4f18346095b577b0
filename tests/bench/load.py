"""The load generator, a process of its own: event streams that are read, and pages that are loaded.

`python -m tests.bench.load streams PORT COUNT SECONDS` or `… pages PORT PATH CONNECTIONS SECONDS`;
prints one JSON object. It does no more than find the frame's time in each message, so that it is
not what limits; its own CPU share is in the answer.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time

from tests.bench.product import percentile

_START_AT_ONCE = 50


async def streams(port: int, count: int, seconds: float) -> dict[str, object]:
    """Open `count` streams and read them for `seconds` from when all are open."""
    ages: list[float] = []
    counting = asyncio.Event()
    opened: list[asyncio.StreamWriter] = []
    few = asyncio.Semaphore(_START_AT_ONCE)

    async def follow() -> None:
        async with few:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4_000_000)
            opened.append(writer)
            writer.write(b"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
        while True:
            line = await reader.readline()
            if not line:
                return
            if line.startswith(b"data: {") and counting.is_set():
                ages.append(time.time() - _at(line))

    tasks = [asyncio.create_task(follow()) for _ in range(count)]
    while len(opened) < count:
        await asyncio.sleep(0.05)
    await asyncio.sleep(2)
    cpu, began = time.process_time(), time.monotonic()
    counting.set()
    await asyncio.sleep(seconds)
    counting.clear()
    wall = time.monotonic() - began
    own = (time.process_time() - cpu) / wall
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for writer in opened:
        writer.close()
    return {
        "viewers": count,
        "frames": len(ages),
        "frames_a_viewer_a_second": round(len(ages) / count / wall, 3),
        "age_ms": {
            name: round(percentile(ages, share) * 1000, 1) for name, share in (("p50", 0.5), ("p99", 0.99))
        },
        "load_generator_cores": round(own, 3),
    }


def _at(line: bytes) -> float:
    start = line.index(b'"at":') + 5
    return float(line[start : line.index(b",", start)])


async def pages(port: int, path: str, connections: int, seconds: float) -> dict[str, object]:
    """Load `path` again and again over kept connections, as one client after another would."""
    done = 0
    size = 0
    times: list[float] = []
    end = time.monotonic() + seconds

    async def load() -> None:
        nonlocal done, size
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n\r\n".encode()
        while time.monotonic() < end:
            started = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            size = next(
                int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: ")
            )
            await reader.readexactly(size)
            times.append(time.perf_counter() - started)
            done += 1
        writer.close()

    cpu = time.process_time()
    await asyncio.gather(*(load() for _ in range(connections)))
    return {
        "path": path,
        "answers_a_second": round(done / seconds, 1),
        "bytes": size,
        "p99_ms": round(percentile(times, 0.99) * 1000, 1),
        "load_generator_cores": round((time.process_time() - cpu) / seconds, 3),
    }


def main() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    what, port, *rest = sys.argv[1:]
    if what == "streams":
        result = asyncio.run(streams(int(port), int(rest[0]), float(rest[1])))
    else:
        result = asyncio.run(pages(int(port), rest[0], int(rest[1]), float(rest[2])))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
