"""A running product follows its config file, by SIGHUP and by a write with a token, or says why not."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probes.history import Claim, HistoryTrouble
from tests.product import AUTH, PATIENCE, WRITER, Product, Rooms, service, up, write_config
from tests.servers import wait_until

TWO_NODES = {"list": "rooms", "id": "id", "participants": "participants"}


@pytest.fixture(scope="module")
def rooms() -> Iterator[tuple[Rooms, Rooms]]:
    with Rooms(r1=300) as a, Rooms() as b:
        yield a, b


@pytest.fixture(scope="module")
def board(rooms: tuple[Rooms, Rooms], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Watches a service of two nodes between which a room has moved: one relocation is counted."""
    a, b = rooms
    with up(tmp_path_factory.mktemp("reload"), kept(rooms), auth=AUTH) as board:
        plain = board.ask
        board.ask = lambda path, method="GET", **headers: plain(path, method, **{**WRITER, **headers})  # type: ignore[method-assign]
        board.wait(lambda f: f["kept"]["participants"] == 300, "room")
        b.rooms, a.rooms = a.rooms, b.rooms
        board.wait(lambda f: f["kept"]["relocations"], "relocation")
        yield board


def kept(rooms: tuple[Rooms, Rooms]) -> dict[str, Any]:
    nodes = [{"id": name, "url": node.url} for name, node in zip("ab", rooms, strict=True)]
    return {"name": "kept", "kind": "http-json", "nodes": nodes, "every": "200ms", "rooms": TWO_NODES}


def names(board: Product) -> list[str]:
    return [s["name"] for s in board.json("/api/v1/frame")["services"]]


def configure(board: Product, *services: dict[str, Any], **keys: Any) -> None:
    write_config(board.folder / "roomwatch.yaml", *services, **{"auth": AUTH, **keys})


def reload(board: Product) -> tuple[int, str]:
    answer = board.ask("/-/reload", "POST")
    return answer.status_code, answer.text


def memory(board: Product) -> tuple[list[Any], float]:
    """What a reload must not forget: relocations, and that they were counted."""
    found = [(r["id"], r["at"]) for r in board.frame()["kept"]["relocations"]]
    return found, board.metrics("roomwatch_probe_runs_total")


@pytest.mark.parametrize("way", ["token", "SIGHUP"])
def test_services_come_and_go_and_those_that_stay_keep_what_they_know(
    board: Product, rooms: tuple[Rooms, Rooms], way: str
) -> None:
    relocations, runs = memory(board)
    assert len(relocations) == 1
    assert runs > 0
    other = service("other", rooms[1].url)
    for services, expected in (((kept(rooms), other), ["kept", "other"]), ((kept(rooms),), ["kept"])):
        configure(board, *services)
        if way == "token":
            assert reload(board) == (200, "reloaded\n")
        else:
            os.kill(board.pid, signal.SIGHUP)
        until_named(board, expected)
        page = board.json("/api/v1/recent")
        assert list(page["services"]) == expected
    again, more = memory(board)
    assert again == relocations
    assert more >= runs
    gone = board.ask("/metrics").text
    assert 'rooms_service="other"' not in gone


def until_named(board: Product, expected: list[str]) -> None:
    wait_until(lambda: names(board) == expected, PATIENCE, f"{expected} in the frame")
    wait_until(lambda: shown_on_page(board) == expected, PATIENCE, f"{expected} on the page")


def shown_on_page(board: Product) -> list[str]:
    """The services that the page itself was made for."""
    found = re.search(r'id="settings">(.*?)</script>', board.ask("/").text, re.DOTALL)
    assert found
    return re.findall(r'"(kept|other)": ?\{"every"', found[1])


def test_a_new_service_is_polled_and_shown(board: Product, rooms: tuple[Rooms, Rooms]) -> None:
    configure(board, kept(rooms), service("other", rooms[1].url))
    assert reload(board)[0] == 200
    board.wait(lambda f: f.get("other", {}).get("participants") == 300, "the new service")
    configure(board, kept(rooms))
    assert reload(board)[0] == 200


BAD = {
    "unknown key": ("every:", "evry:", r"roomwatch\.yaml:\d+: .*evry"),
    "bad duration": ("200ms", "soon", r"roomwatch\.yaml:\d+: .*duration"),
    "not YAML": ("services:", "services: [", r"roomwatch\.yaml:\d+: .*YAML"),
    "no file": (None, None, r"roomwatch\.yaml.*cannot be read: No such file"),
}


@pytest.mark.parametrize(("what", "instead", "told"), BAD.values(), ids=list(BAD))
def test_a_bad_config_changes_nothing_and_is_told_with_its_line(
    board: Product, rooms: tuple[Rooms, Rooms], what: str | None, instead: str, told: str
) -> None:
    file = board.folder / "roomwatch.yaml"
    configure(board, kept(rooms))
    before = memory(board)[0]
    logged = len(board.log)
    if what is None:
        file.unlink()
    else:
        file.write_text(file.read_text().replace(what, instead, 1))
    status, sentence = reload(board)
    assert status == 422
    assert re.search(told, sentence)
    assert "Traceback" not in sentence
    wait_until(lambda: "the old one goes on" in board.log[logged:], PATIENCE, "line in the log")
    seq = board.frame()["seq"]
    board.wait(lambda f: f["seq"] > seq and f["kept"]["participants"] == 300, "frames that go on")
    assert names(board) == ["kept"]
    assert memory(board)[0] == before


def test_who_may_write_follows_the_config(board: Product, rooms: tuple[Rooms, Rooms]) -> None:
    configure(board, kept(rooms), auth={"tokens": [{"name": "next", "token": "another-token-that-may"}]})
    assert reload(board)[0] == 200
    assert reload(board)[0] == 401
    new = "Bearer another-token-that-may"
    configure(board, kept(rooms))
    assert board.ask("/-/reload", "POST", Authorization=new).status_code == 200
    assert board.ask("/-/reload", "POST", Authorization=new).status_code == 401


def test_without_a_token_and_from_another_site_nothing_is_reloaded(
    board: Product, rooms: tuple[Rooms, Rooms]
) -> None:
    configure(board, kept(rooms), service("other", rooms[1].url))
    assert board.ask("/-/reload", "POST", Authorization="").status_code == 401
    assert board.ask("/-/reload", "POST", Authorization="Bearer x").status_code == 401
    for site in ("cross-site", "same-site"):
        assert board.ask("/-/reload", "POST", Sec_Fetch_Site=site).status_code == 403
    assert board.ask("/-/reload").status_code == 405
    configure(board, kept(rooms))
    assert names(board) == ["kept"]


@pytest.mark.parametrize("tick", ["2s", "100ms"])
def test_frames_go_on_in_order_with_another_tick(
    board: Product, rooms: tuple[Rooms, Rooms], tick: str
) -> None:
    seq = board.frame()["seq"]
    configure(board, kept(rooms), tick=tick)
    assert reload(board)[0] == 200
    length = 2 if tick == "2s" else 0.1
    frame = board.json("/api/v1/frame")
    assert frame["seq"] >= seq

    def goes_on() -> bool:
        newest = board.json("/api/v1/frame")
        return bool(newest["seq"] > frame["seq"] and newest["tick"] == length)

    wait_until(goes_on, PATIENCE, "frames at the new tick")


def test_history_follows_the_config(board: Product, rooms: tuple[Rooms, Rooms]) -> None:
    configure(board, kept(rooms), history={"path": "elsewhere.sqlite"})
    assert reload(board)[0] == 200
    elsewhere: Path = board.folder / "elsewhere.sqlite"
    wait_until(elsewhere.exists, PATIENCE, "file elsewhere")
    past = "/api/v1/history?service=kept&start=0&end=9999999999"
    wait_until(lambda: len(board.json(past)["seq"]) > 2, PATIENCE, "history elsewhere")
    oldest_there = board.json(past)["seq"][0]
    configure(board, kept(rooms))
    assert reload(board)[0] == 200
    assert board.json(past)["seq"][0] < oldest_there


def test_a_history_that_another_keeps_is_refused(board: Product, rooms: tuple[Rooms, Rooms]) -> None:
    past = "/api/v1/history?service=kept&start=0&end=9999999999"
    with Claim(board.folder / "taken.sqlite"):
        configure(board, kept(rooms), history={"path": "taken.sqlite"})
        status, sentence = reload(board)
    assert status == 422
    assert f"{board.folder / 'taken.sqlite'} is kept by another Roomwatch" in sentence
    assert not (board.folder / "taken.sqlite").exists()
    assert board.json(past)["seq"]
    configure(board, kept(rooms), history={"path": "./history.sqlite"})
    assert reload(board)[0] == 200
    with pytest.raises(HistoryTrouble):
        Claim(board.folder / "history.sqlite")
    Claim(board.folder / "elsewhere.sqlite").release()


def test_a_reload_while_the_prober_is_being_started_again_is_not_lost(
    board: Product, rooms: tuple[Rooms, Rooms]
) -> None:
    configure(board, kept(rooms), service("other", rooms[1].url))
    board.prober.kill()
    status, sentence = reload(board)
    if status == 422:  # it reached the dying one
        assert "try again in a second" in sentence
        assert reload(board)[0] == 200
    board.wait(lambda f: f.get("other", {}).get("participants") == 300, "the new service")
    configure(board, kept(rooms))
    os.kill(board.pid, signal.SIGHUP)
    os.kill(board.pid, signal.SIGHUP)
    board.wait(lambda f: "other" not in f, "end of the other service")
    assert [r["cause"] for r in board.frame()["kept"]["relocations"]] == ["moved"]
