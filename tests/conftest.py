"""What all tests share: a clean environment, patient hypothesis, one async backend, nothing left behind."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import psutil
import pytest
from hypothesis import HealthCheck, settings

MARK = "TESTS_OF"
"""The variable by which a process is known as ours, whoever its parent is by now."""

SCREEN = {"COLUMNS", "LINES", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS"}
"""Variables that change what a terminal program prints."""

HELPERS = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
"""Processes of Python's own that live until its end."""

LONGEST = (
    "test_paging.py",
    "test_agreement.py",
    "test_board_browser_past.py",
    "test_lineage_histories.py",
    "test_restart.py",
    "test_promtool.py",
    "test_board_browser.py",
    "test_janus_watch.py",
    "test_supervisor.py",
    "test_cli.py",
    "test_demo.py",
)
"""The files of tests that take longest: by turns those that wait and those that compute."""

SOONER = 0.7
"""By which part of the others those with servers and browsers have begun."""

GRACE = 10.0
"""Seconds in which processes that are ending may end."""


def pytest_configure() -> None:
    for name in list(os.environ):
        if name.upper().endswith("_PROXY") or name.startswith("ROOMWATCH_") or name in SCREEN:
            del os.environ[name]
    os.environ[MARK] = uuid.uuid4().hex
    patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("here", patient)
    settings.register_profile("ci", patient, derandomize=True, print_blob=True)
    settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files go to workers whole (`--dist loadfile`), in this order.

    The longest come first, and short ones last, so that no worker is left with one when the others are
    done. Those that start servers and browsers come between those that only compute: all at once they
    starve each other.
    """
    files = list(dict.fromkeys(item.path for item in items))
    served = [path for path in files if "e2e" in path.parts]
    computing = [path for path in files if "e2e" not in path.parts]
    places = {path: place / len(computing) for place, path in enumerate(computing)}
    places |= {path: SOONER * place / len(served) for place, path in enumerate(served)}
    places |= {path: LONGEST.index(path.name) - len(LONGEST) for path in files if path.name in LONGEST}
    items.sort(key=lambda item: places[item.path])


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def first_seen() -> dict[int, str]:
    """The child processes of this worker: pid, and the test during which each was started."""
    return {}


@pytest.fixture(scope="session", autouse=True)
def nothing_left_behind(first_seen: dict[int, str]) -> Iterator[None]:
    """Fails the session when it leaves processes behind, orphans included, and ends them."""
    yield
    left = [process for process in psutil.process_iter() if _is_ours(process)]
    _, stayed = psutil.wait_procs(left, timeout=GRACE)
    stories = [f"{first_seen.get(p.pid, 'a test')} left {_command(p)!r} (pid {p.pid})" for p in stayed]
    for process in stayed:
        process.kill()
    if stories:
        pytest.fail("processes are left behind:\n" + "\n".join(stories), pytrace=False)


@pytest.fixture(autouse=True)
def children_noted(request: pytest.FixtureRequest, first_seen: dict[int, str]) -> Iterator[None]:
    yield
    for child in psutil.Process().children():
        first_seen.setdefault(child.pid, request.node.nodeid)


def _is_ours(process: psutil.Process) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE or any(helper in _command(process) for helper in HELPERS):
            return False
        return process.environ().get(MARK) == os.environ[MARK] or psutil.Process() in process.parents()
    except psutil.Error:
        return False


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return process.name()
