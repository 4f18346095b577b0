"""The load generator, a process of its own: event streams that are read, and pages that are loaded.

`python -m tests.bench.load streams PORT COUNT SECONDS plain|gzip DEAF READING SETTLE` or
`… pages PORT PATH CONNECTIONS SECONDS`; prints one JSON object. It does no more than find each frame's
time, once for all who are sent the same bytes, so that it is not what limits; its own CPU share is in
the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import resource
import socket
import sys
import time
import zlib

import psutil

from tests.bench.product import percentile

_START_AT_ONCE = 50


async def streams(
    port: int, count: int, seconds: float, squeezed: bool, deaf: int, reading: int, settle: float
) -> dict[str, object]:
    """Open `count` streams and read them for `seconds`, from `settle` seconds after all are open.

    Beside them `deaf` ones that nobody reads, and `reading` ones that are read and not counted.
    """
    ages: list[float] = []
    counting = asyncio.Event()
    opened: list[asyncio.StreamWriter] = []
    few = asyncio.Semaphore(_START_AT_ONCE)
    times: dict[bytes, float | None] = {}
    wants = b"Accept-Encoding: gzip\r\n" if squeezed else b""
    request = b"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n" % wants

    async def follow(counted: bool) -> None:
        async with few:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4_000_000)
            opened.append(writer)
            writer.write(request)
            await reader.readuntil(b"\r\n\r\n")
        while size := await reader.readline():
            chunk = (await reader.readexactly(int(size, 16) + 2))[:-2]
            if counted and counting.is_set():
                if chunk not in times:
                    times[chunk] = _at(_text(chunk) if squeezed else chunk)
                at = times[chunk]
                if at is not None:
                    ages.append(time.time() - at)

    with contextlib.ExitStack() as unread:
        for _ in range(deaf):
            one = unread.enter_context(contextlib.closing(socket.create_connection(("127.0.0.1", port))))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.sendall(request)
        each = [True] * count + [False] * reading
        random.shuffle(each)
        tasks = [asyncio.create_task(follow(counted)) for counted in each]
        while len(opened) < len(each):
            await asyncio.sleep(0.05)
        await asyncio.sleep(settle)
        cpu, began, since = time.process_time(), time.monotonic(), time.time()
        counting.set()
        await asyncio.sleep(seconds)
        counting.clear()
        wall = time.monotonic() - began
        own = (time.process_time() - cpu) / wall
        memory = _memory(port)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for writer in opened:
        writer.close()
    return {
        "counted": [since, since + wall],
        "viewers": count,
        "deaf_viewers": deaf,
        "viewers_beside": reading,
        "frames": len(ages),
        "frames_a_viewer_a_second": round(len(ages) / count / wall, 3),
        "bytes_a_frame": max(map(len, times), default=0),
        "age_ms": {
            name: round(percentile(ages, share) * 1000, 1) for name, share in (("p50", 0.5), ("p99", 0.99))
        },
        "web_memory_mb": memory,
        "load_generator_cores": round(own, 3),
    }


def _text(block: bytes) -> bytes:
    """What a block of the compressed stream says; each stands for itself."""
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(block)


def _memory(port: int) -> float:
    """Megabytes of the process that listens there."""
    listening = (
        each for each in psutil.net_connections("tcp") if each.status == "LISTEN" and each.laddr.port == port
    )
    return round(psutil.Process(next(listening).pid).memory_info().rss / 1e6, 1)


def _at(event: bytes) -> float | None:
    """The time of a frame; nothing where it is another event."""
    if b"event: frame" not in event:
        return None
    start = event.index(b'"at":') + 5
    return float(event[start : event.index(b",", start)])


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
        result = asyncio.run(
            streams(
                int(port),
                int(rest[0]),
                float(rest[1]),
                rest[2] == "gzip",
                int(rest[3]),
                int(rest[4]),
                float(rest[5]),
            )
        )
    else:
        result = asyncio.run(pages(int(port), rest[0], int(rest[1]), float(rest[2])))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
