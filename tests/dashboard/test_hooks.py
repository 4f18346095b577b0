"""`POST /hooks/livekit`: who signed it, what is refused and why, and what is handed on."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from google.protobuf.json_format import MessageToJson
from livekit.api import AccessToken
from structlog.testing import capture_logs

from dashboard import webhook
from dashboard.hooks import LiveKitHook
from dashboard.supervisor import ProberAway
from dashboard.webhook import MOST_BYTES
from probes.notice import Notice, NoticeKind
from probes.settings import Config, parse
from tests.livekit import CREATED, KEY, SECRET, event, room, signature, webhook_body

SERVICE = f"""
  - name: stage
    kind: livekit
    url: http://127.0.0.1:1
    api_key: {KEY}
    api_secret: {SECRET}
"""
OTHER = "services:\n  - {name: x, kind: http-json, url: 'http://127.0.0.1:1/'}\n"


def config(more: str = "") -> Config:
    return parse(f"services:{SERVICE}{more}", "roomwatch.yaml", Path())


class Hooked:
    """The endpoint, with what it handed on and counted."""

    def __init__(self, of: Config | None = None) -> None:
        self.config = of or config()
        self.told: list[tuple[str, Notice]] = []
        self.counted: list[str] = []
        self.away = False
        self.hook = LiveKitHook(lambda: self.config.services, self, self.counted.append)

    def notice(self, service: str, notice: Notice) -> None:
        if self.away:
            raise ProberAway("the prober cannot take it now; try again in a second")
        self.told.append((service, notice))

    def post(self, body: bytes | AsyncIterator[bytes], authorization: str | None = None) -> httpx.Response:
        signed = signature(body) if authorization is None and isinstance(body, bytes) else authorization

        async def main() -> httpx.Response:
            transport = httpx.ASGITransport(self.hook)
            async with httpx.AsyncClient(transport=transport, base_url="http://roomwatch") as client:
                headers = {"Content-Type": "application/webhook+json"}
                if signed:
                    headers["Authorization"] = signed
                return await client.post("/hooks/livekit", content=body, headers=headers)

        answer = asyncio.run(main())
        assert answer.text.endswith("\n")
        assert answer.text.strip().isprintable()
        assert SECRET not in answer.text
        assert KEY not in answer.text
        return answer


@pytest.fixture
def hooked() -> Hooked:
    return Hooked()


STARTED = webhook_body(event("room_started", room("launch", max_participants=50)))


class TestTaken:
    def test_a_room_that_opened(self, hooked: Hooked) -> None:
        answer = hooked.post(STARTED)
        assert (answer.status_code, answer.text) == (200, "taken\n")
        ((service, notice),) = hooked.told
        assert service == "stage"
        assert notice.at > CREATED
        assert notice == Notice(
            id="EV_room_started_launch",
            kind=NoticeKind.ROOM_OPENED,
            room="launch",
            at=notice.at,
            session="RM_launch",
            title="launch",
            participants=0,
            capacity=50,
            started_at=CREATED,
        )
        assert hooked.counted == ["taken"]

    @pytest.mark.parametrize(
        ("kind", "meant"),
        [
            ("room_finished", NoticeKind.ROOM_ENDED),
            ("participant_joined", NoticeKind.JOINED),
            ("participant_connection_aborted", NoticeKind.ABORTED),
        ],
    )
    def test_other_words(self, hooked: Hooked, kind: str, meant: NoticeKind) -> None:
        assert hooked.post(webhook_body(event(kind, room("launch", 7)))).status_code == 200
        ((_, notice),) = hooked.told
        assert (notice.kind, notice.room, notice.participants) == (meant, "launch", 7)

    def test_nobody_who_takes_part_is_handed_on(self, hooked: Hooked) -> None:
        hooked.post(webhook_body(event("participant_joined", room("launch"))))
        assert "ann" not in repr(hooked.told).lower()

    def test_a_scheme_before_the_token_does_no_harm(self, hooked: Hooked) -> None:
        assert hooked.post(STARTED, f"Bearer {signature(STARTED)}").text == "taken\n"

    @pytest.mark.parametrize("kind", ["track_published", "participant_left", "egress_ended", "of_tomorrow"])
    def test_what_is_of_no_interest_is_no_mistake(self, hooked: Hooked, kind: str) -> None:
        assert hooked.post(webhook_body(event(kind, room("launch")))).text == "ignored\n"
        assert (hooked.told, hooked.counted) == ([], ["ignored"])

    def test_the_names_of_the_protocol_and_unknown_fields_are_read_too(self, hooked: Hooked) -> None:
        whole = json.loads(
            MessageToJson(event("room_started", room("launch")), always_print_fields_with_no_presence=True)
        )
        whole["room"]["ofTomorrow"] = [1]
        assert hooked.post(json.dumps(whole).encode()).text == "taken\n"
        assert hooked.told[0][1].started_at == CREATED

    def test_hostile_names_are_inert_and_the_same_as_in_the_list(self, hooked: Hooked) -> None:
        for name in ("<img src=x>", "\x1b[2Jx", "\u202ex", "x" * 5000):
            hooked.post(webhook_body(event("room_started", room(name, metadata="\x00" * 10))))
        assert len({notice.room for _, notice in hooked.told}) == 4
        for _, notice in hooked.told:
            assert notice.room.isprintable()
            assert len(notice.room) < 300
            assert notice.title.isprintable()

    def test_title_and_hosts_come_from_the_metadata_where_the_config_says_so(self) -> None:
        hooked = Hooked(config("    metadata: {title: t, hosts: h}\n"))
        body = webhook_body(event("room_started", room("a", metadata='{"t": "Town hall", "h": ["u1"]}')))
        hooked.post(body)
        assert (hooked.told[0][1].title, hooked.told[0][1].hosts) == ("Town hall", ("u1",))

    def test_tries_that_the_metrics_count_are_not_counted_twice(self) -> None:
        hooked = Hooked(config("    metrics_url: http://127.0.0.1:1/metrics\n"))
        assert hooked.post(webhook_body(event("participant_joined", room("launch")))).text == "ignored\n"
        assert hooked.post(STARTED).text == "taken\n"

    def test_each_service_hears_what_its_own_key_signed(self) -> None:
        second = SERVICE.replace("stage", "second").replace(KEY, "APIother").replace(SECRET, SECRET[::-1])
        third = SERVICE.replace("stage", "third")
        hooked = Hooked(config(second + third))
        hooked.post(STARTED)
        assert [service for service, _ in hooked.told] == ["stage", "third"]
        hooked.post(STARTED, signature(STARTED, "APIother", SECRET[::-1]))
        assert [service for service, _ in hooked.told] == ["stage", "third", "second"]

    def test_keys_are_those_of_the_config_of_now(self, hooked: Hooked) -> None:
        assert hooked.post(STARTED).status_code == 200
        hooked.config = parse(f"services:{SERVICE.replace(SECRET, SECRET[::-1])}", "roomwatch.yaml", Path())
        assert hooked.post(STARTED).status_code == 401
        assert hooked.post(STARTED, signature(STARTED, secret=SECRET[::-1])).status_code == 200

    def test_a_short_secret_is_livekits_business(self) -> None:
        text = f"services:{SERVICE}".replace(SECRET, "secret").replace(KEY, "devkey")
        hooked = Hooked(parse(text, "roomwatch.yaml", Path()))
        with pytest.warns(UserWarning, match="HMAC key"):
            signed = signature(STARTED, "devkey", "secret")
        assert hooked.post(STARTED, signed).status_code == 200


def without_digest() -> str:
    return AccessToken(KEY, SECRET).to_jwt()


def claims(**more: Any) -> str:
    digest = base64.b64encode(b"x" * 32).decode()
    return jwt.encode({"iss": KEY, "exp": 2**33, "sha256": digest, **more}, SECRET, algorithm="HS256")


REFUSALS: dict[str, tuple[Callable[[], str], str]] = {
    "no signature": (lambda: "", "no signature"),
    "no token": (lambda: "Basic YTpi", "holds no token"),
    "garbage": (lambda: "~~..!", "holds no token"),
    "three dots": (lambda: "a.b.c", "holds no token"),
    "another secret": (lambda: signature(STARTED, secret="x" * 40), "signed with a key that no service"),
    "another key": (lambda: signature(STARTED, key="APIother"), "signed with a key that no service"),
    "expired": (lambda: signature(STARTED, life=timedelta(minutes=-10)), "expired; see that the clocks"),
    "not good yet": (lambda: claims(nbf=2**33 - 1), "not good yet; see that the clocks"),
    "never expires": (lambda: jwt.encode({"iss": KEY, "sha256": "eA=="}, SECRET), "holds no token"),
    "no algorithm": (
        lambda: jwt.encode({"iss": KEY, "exp": 2**33}, None, algorithm="none"),
        "holds no token",
    ),
    "signs no body": (lambda: without_digest(), "it has no sha256"),
    "an odd digest": (lambda: claims(sha256="é"), "not in base64"),
    "a digest that is a number": (lambda: claims(sha256=5), "it has no sha256"),
    "odd claims": (lambda: claims(video="x"), "holds no token"),
    "another body": (lambda: signature(STARTED + b" "), "the body is not the one that was signed"),
}


class TestRefused:
    @pytest.mark.parametrize("case", REFUSALS)
    def test_what_is_not_signed_for_us(self, hooked: Hooked, case: str) -> None:
        token, sentence = REFUSALS[case]
        answer = hooked.post(STARTED, token())  # signed now: it holds for minutes
        assert answer.status_code == 401
        assert sentence in answer.text
        assert (hooked.told, hooked.counted) == ([], ["unsigned"])

    def test_the_body_of_an_unsigned_one_is_not_read(self, hooked: Hooked) -> None:
        async def body() -> AsyncIterator[bytes]:
            raise AssertionError("it was read")
            yield b""

        assert hooked.post(body(), signature(b"", secret="x" * 40)).status_code == 401

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b'"room_started"',
            b"\xff\xfe",
            b"[" * 100_000,
            b'{"event": 5}',
            b'{"event": "room_started"}',
            b'{"event": "room_started", "room": null}',
            b'{"event": "room_started", "room": {}}',
            b'{"event": "room_started", "room": {"name": ""}}',
            b'{"event": "room_started", "room": {"name": "a", "numParticipants": -1}}',
            b'{"event": "room_started", "room": {"name": "a", "numParticipants": 1e99}}',
        ],
    )
    def test_what_cannot_be_read(self, hooked: Hooked, body: bytes) -> None:
        answer = hooked.post(body)
        assert answer.status_code == 400
        assert answer.text.startswith("expected ")
        assert (hooked.told, hooked.counted) == ([], ["unreadable"])

    def test_a_time_that_is_none_is_unknown(self, hooked: Hooked) -> None:
        hooked.post(b'{"event": "room_started", "room": {"name": "a", "creationTime": "soon"}}')
        assert hooked.told[0][1].started_at is None

    def test_one_that_is_too_large_by_what_it_says(self, hooked: Hooked) -> None:
        answer = hooked.post(b"x" * (MOST_BYTES + 1))
        assert (answer.status_code, answer.text) == (413, "a webhook has at most 1 MB\n")
        assert answer.headers["connection"] == "close"
        assert hooked.counted == ["too_large"]

    def test_one_that_is_too_large_and_does_not_say_so_is_not_read_to_its_end(self, hooked: Hooked) -> None:
        sent: list[int] = []

        async def body() -> AsyncIterator[bytes]:
            for number in range(1000):
                sent.append(number)
                yield b"x" * 100_000

        answer = hooked.post(body(), signature(b""))
        assert answer.status_code == 413
        assert len(sent) < 20

    def test_one_that_does_not_come(self, hooked: Hooked, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(webhook, "BODY_SECONDS", 0.05)

        async def body() -> AsyncIterator[bytes]:
            yield b"{"
            await asyncio.Event().wait()

        answer = hooked.post(body(), signature(b""))
        assert (answer.status_code, hooked.counted) == (408, ["slow"])

    def test_while_the_prober_is_away_livekit_is_to_try_again(self, hooked: Hooked) -> None:
        hooked.away = True
        answer = hooked.post(STARTED)
        assert (answer.status_code, hooked.counted) == (503, ["away"])
        hooked.away = False
        assert hooked.post(STARTED).status_code == 200

    def test_without_a_livekit_service_there_is_nothing_here(self) -> None:
        hooked = Hooked(parse(OTHER, "roomwatch.yaml", Path()))
        assert (hooked.post(STARTED).status_code, hooked.counted) == (404, ["unknown"])

    def test_the_log_holds_one_line_of_each_kind_a_minute(
        self, hooked: Hooked, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = [1000.0]
        monkeypatch.setattr(webhook.time, "monotonic", lambda: now[0])
        with capture_logs() as lines:
            for _ in range(50):
                hooked.post(STARTED, "")
            hooked.post(b"{")
            now[0] += 61
            hooked.post(STARTED, "")
        assert [(line["why"][:12], line["more_before"]) for line in lines] == [
            ("no signature", 0),
            ("expected the", 0),
            ("no signature", 49),
        ]
        assert SECRET not in repr(lines)
