"""Who may do what: every route, asked for by everyone. A route that stands in no table fails."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from dashboard import alert_hook, hooks
from dashboard.clients import FAILED, WRITES
from dashboard.guard import Guard
from dashboard.public.paths import ANSWERS, is_public
from dashboard.rights import WRITES as RIGHTS
from probes.config.auth import Auth, Role
from tests.dashboard.inside import Inside, routes, told

PASSWORD = "correct horse"
TOKENS = {role: f"a-token-that-may-{role}" for role in Role}

OPEN, VIEW, NOTE, OPERATE, SIGNED = "open", "view", "note", "operate", "signed"

ROUTES: dict[tuple[str, str], str] = {
    ("GET", "/"): VIEW,
    ("GET", "/live"): VIEW,
    ("GET", "/metrics"): VIEW,
    ("GET", "/api/openapi.json"): VIEW,
    ("GET", "/api/docs"): VIEW,
    ("GET", "/api/v1/frame"): VIEW,
    ("GET", "/api/v1/recent"): VIEW,
    ("GET", "/api/v1/rooms"): VIEW,
    ("GET", "/api/v1/relocations"): VIEW,
    ("POST", "/api/v1/relocations"): OPERATE,
    ("GET", "/api/v1/history"): VIEW,
    ("GET", "/api/v1/timeline"): VIEW,
    ("POST", "/api/v1/alerts/{alert}/acknowledge"): NOTE,
    ("POST", "/api/v1/notes"): NOTE,
    ("GET", "/-/healthy"): OPEN,
    ("GET", "/-/ready"): OPEN,
    ("POST", "/-/reload"): OPERATE,
    ("GET", "/runbooks"): VIEW,
    ("GET", "/runbooks/"): VIEW,
    ("GET", "/runbooks/{name}"): VIEW,
    ("POST", "/hooks/livekit"): SIGNED,
    ("POST", "/hooks/alertmanager"): NOTE,
}
"""What each route needs. The page and its files are no routes: `/` stands for them."""

REMOTE, PROXY = "10.0.0.9", "10.1.2.3"


@pytest.fixture(autouse=True)
def passwords_in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.passwords._matches", lambda _hash, given: given == PASSWORD)


def bearer(role: Role) -> dict[str, str]:
    return {"authorization": f"Bearer {TOKENS[role]}"}


def basic(password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"ana:{password}".encode()).decode()}


ASKING: dict[str, tuple[str, dict[str, str], str]] = {
    "nobody, on this machine": ("127.0.0.1", {}, ""),
    "nobody, on another": (REMOTE, {}, ""),
    "nobody, through a proxy on this machine": ("127.0.0.1", {"x_forwarded_for": "127.0.0.1"}, ""),
    "a person behind the trusted proxy": (PROXY, {"x_forwarded_user": "ana"}, VIEW),
    "the trusted proxy for nobody": (PROXY, {}, ""),
    "one who claims to be behind it": (REMOTE, {"x_forwarded_user": "ana"}, ""),
    "a password": (REMOTE, basic(PASSWORD), VIEW),
    "a wrong password": (REMOTE, basic("wrong"), ""),
    "view": (REMOTE, bearer(Role.VIEW), VIEW),
    "note": (REMOTE, bearer(Role.NOTE), NOTE),
    "operate": (REMOTE, bearer(Role.OPERATE), OPERATE),
    "a wrong token": (REMOTE, {"authorization": "Bearer a-token-that-may-nothing"}, ""),
    "operate, from another site": (REMOTE, {**bearer(Role.OPERATE), "sec_fetch_site": "cross-site"}, ""),
    "a link to a panel": (REMOTE, {"referer": "http://127.0.0.1:8050/embed/~e30.e30.e30/state"}, ""),
}
"""Where from, with which headers, and the right that this gives."""

MACHINES = {"nobody, on this machine": VIEW}
"""What they have beside it where `auth.local_reads` is set."""

RIGHTS_OF = {"": set(), VIEW: {VIEW}, NOTE: {VIEW, NOTE}, OPERATE: {VIEW, NOTE, OPERATE}}


def rules(**keys: Any) -> Auth:
    return Auth.model_validate(
        {
            "tokens": [{"name": role, "token": token, "may": role} for role, token in TOKENS.items()],
            "basic": [{"user": "ana", "password_hash": "$argon2id$x"}],
            "proxy": {"addresses": [PROXY]},
            **keys,
        }
    )


def test_every_route_has_its_place_here_and_none_is_public(tmp_path: Path) -> None:
    with Inside(tmp_path) as inside:
        served = set(routes(inside.web))
    assert served == ROUTES.keys() - {("GET", "/")}
    assert not [path for _, path in served if is_public(path)]
    assert all(beginning.startswith("/") and beginning.count("/") >= 1 for beginning in ANSWERS)


def test_the_guards_table_of_writes_says_the_same() -> None:
    assert {key: str(role) for key, role in RIGHTS.items()} == {
        key: need for key, need in ROUTES.items() if key[0] != "GET" and need != SIGNED
    }


@pytest.mark.parametrize("local_reads", [False, True])
@pytest.mark.parametrize("who", ASKING)
@pytest.mark.anyio
async def test_who_may_do_what(who: str, local_reads: bool) -> None:
    let_in: list[str] = []

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        let_in.append(scope["path"])
        await PlainTextResponse("inside")(scope, receive, send)

    peer, headers, right = ASKING[who]
    rights = RIGHTS_OF[right] | ({MACHINES[who]} if local_reads and who in MACHINES else set())
    for (method, route), need in ROUTES.items():
        guard = Guard(inside, rules(local_reads=local_reads), "127.0.0.1", lambda: 0.0)
        path = re.sub(r"\{\w+\}", "one", route)
        status = await ask(guard, method, path, peer, headers)
        is_foreign = "sec_fetch_site" in headers
        may = need == OPEN or (not is_foreign and (need == SIGNED or need in rights))
        assert (status == 200) is may, f"{who} asked for {method} {route}: {status}"
        assert status in (200, 401, 403), f"{who} asked for {method} {route}: {status}"
        assert let_in == ([path] if may else [])
        let_in.clear()


def guarded(auth: Auth) -> Guard:
    """Something behind a guard for which no time goes by."""
    return Guard(PlainTextResponse("inside"), auth, "127.0.0.1", lambda: 0.0)


async def ask(guard: Guard, method: str, path: str, peer: str, headers: dict[str, str]) -> int:
    raw = Headers({"host": "127.0.0.1", **{n.replace("_", "-"): v for n, v in headers.items()}}).raw
    statuses: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": method, "path": path, "headers": raw, "client": (peer, 1)}
    await guard(scope, receive, send)
    return statuses[0]


@pytest.mark.anyio
async def test_a_write_that_nobody_thought_of_needs_the_most() -> None:
    guard = guarded(rules())
    for path in ("/api/v1/notes/", "/api/v1/alerts/a/b/acknowledge", "/api/v2/notes", "/"):
        assert await ask(guard, "POST", path, REMOTE, bearer(Role.NOTE)) == 403
        assert await ask(guard, "POST", path, REMOTE, bearer(Role.OPERATE)) == 200
    assert await ask(guard, "DELETE", "/api/v1/notes", REMOTE, bearer(Role.NOTE)) == 403


@pytest.mark.parametrize("given", [basic("wrong"), {"authorization": "Bearer a-token-that-may-nothing"}])
@pytest.mark.anyio
async def test_who_guesses_must_wait_and_nobody_else(given: dict[str, str]) -> None:
    guard = guarded(rules())
    guessed = [await ask(guard, "GET", "/metrics", REMOTE, given) for _ in range(int(FAILED.burst) + 3)]
    assert (guessed.count(401), guessed[-3:]) == (FAILED.burst, [429, 429, 429])
    assert await ask(guard, "GET", "/metrics", "10.0.0.8", basic(PASSWORD)) == 200
    assert await ask(guard, "GET", "/metrics", REMOTE, bearer(Role.VIEW)) == 200
    assert await ask(guard, "GET", "/metrics", REMOTE, {}) == 401


@pytest.mark.anyio
async def test_while_a_client_guesses_at_a_password_the_right_one_does_not_stand_out() -> None:
    guard = guarded(rules())
    for _ in range(int(FAILED.burst)):
        await ask(guard, "GET", "/metrics", REMOTE, basic("wrong"))
    assert await ask(guard, "GET", "/metrics", REMOTE, basic(PASSWORD)) == 429


@pytest.mark.anyio
async def test_a_right_password_is_never_slowed_however_often_it_is_used() -> None:
    guard = guarded(rules())
    asked = [await ask(guard, "GET", "/metrics", REMOTE, basic(PASSWORD)) for _ in range(100)]
    assert set(asked) == {200}


@pytest.mark.anyio
async def test_behind_a_trusted_proxy_each_client_has_its_own_tries() -> None:
    guard = guarded(rules(forwarded_by=["127.0.0.1"]))
    wrong = basic("wrong")
    for _ in range(int(FAILED.burst) + 1):
        last = await ask(guard, "GET", "/metrics", "127.0.0.1", {**wrong, "x_forwarded_for": "192.0.2.1"})
    assert last == 429
    assert await ask(guard, "GET", "/metrics", "127.0.0.1", {**wrong, "x_forwarded_for": "192.0.2.2"}) == 401
    both = {**wrong, "x_forwarded_for": "192.0.2.3, 192.0.2.1"}
    assert await ask(guard, "GET", "/metrics", "127.0.0.1", both) == 429, (
        "a client wrote the first one itself"
    )
    from_afar = {**wrong, "x_forwarded_for": "192.0.2.1"}
    assert await ask(guard, "GET", "/metrics", REMOTE, from_afar) == 401, "nobody trusts this peer"


@pytest.mark.anyio
async def test_writes_are_slowed_by_token_and_webhooks_and_reads_are_not() -> None:
    guard = guarded(rules())
    note = bearer(Role.NOTE)
    written = [await ask(guard, "POST", "/api/v1/notes", REMOTE, note) for _ in range(int(WRITES.burst) + 2)]
    assert (written.count(200), written[-1]) == (WRITES.burst, 429)
    assert await ask(guard, "POST", "/api/v1/notes", "10.0.0.8", note) == 429
    assert await ask(guard, "POST", "/api/v1/notes", REMOTE, bearer(Role.OPERATE)) == 200
    assert await ask(guard, "GET", "/metrics", REMOTE, note) == 200
    assert await ask(guard, "POST", alert_hook.PATH, REMOTE, note) == 200
    assert await ask(guard, "POST", hooks.PATH, REMOTE, {}) == 200


def test_a_refusal_says_when_to_ask_again_and_which_right_is_missing(tmp_path: Path) -> None:
    async def main(inside: Inside) -> list[Any]:
        note = await inside.ask("POST", "/-/reload", authorization=f"Bearer {TOKENS[Role.NOTE]}")
        nobody = await inside.ask("POST", "/api/v1/notes")
        slowed = note
        while slowed.status_code != 429:
            slowed = await inside.ask("POST", "/-/reload", authorization="Bearer wrong")
        return [note, nobody, slowed]

    note, nobody, slowed = told(tmp_path, main, auth=rules_as_text())
    assert (note.status_code, note.text) == (
        403,
        "This token has `may: note`; this needs one with `may: operate`.\n",
    )
    assert (nobody.status_code, nobody.text) == (
        401,
        "This needs a bearer token from `auth.tokens` with `may: note`.\n",
    )
    assert 1 <= int(slowed.headers["retry-after"]) <= 1 / FAILED.per_second


def rules_as_text() -> dict[str, Any]:
    return {
        "tokens": [{"name": str(role), "token": token, "may": str(role)} for role, token in TOKENS.items()]
    }


def test_what_is_behind_the_guard_is_for_its_own_pages_alone_and_sets_no_cookie(tmp_path: Path) -> None:
    paths = [path for (method, path), _ in ROUTES.items() if method == "GET" and path not in ("/", "/live")]

    async def main(inside: Inside) -> list[Any]:
        return [await inside.ask("GET", path.replace("{name}", "RoomsFull")) for path in paths]

    for answer in told(tmp_path, main):
        assert answer.status_code in (200, 307, 422, 503)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "set-cookie" not in answer.headers
        assert not [name for name in answer.headers if name.startswith("access-control-")]
