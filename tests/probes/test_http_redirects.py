"""Redirects: off unless allowed, never more than five, and no secret goes to another host."""

from __future__ import annotations

import pytest

from probes.http import Answer, Limits
from probes.model import Outcome
from tests.probes.asking import fails, failure_of, opened, run
from tests.probes.raw_http import Exchange, Handler, answer, sends, sends_json, serving


def redirects(target: str, status: int = 302) -> Handler:
    return sends(answer(b"", status, {"Location": target}), keep=True)


class TestRedirects:
    FOLLOW = Limits(follow_redirects=True)

    def test_not_followed_unless_allowed(self) -> None:
        assert fails(redirects("http://elsewhere.example/a")) == (
            Outcome.PROTOCOL,
            "127.0.0.1:PORT redirects to elsewhere.example:80; "
            "set the url that answers, or allow it with follow_redirects",
        )

    def test_followed_where_allowed(self) -> None:
        async def main() -> None:
            async with (
                serving(sends_json({"a": 1})) as goal,
                serving(redirects(f"{goal.url}/rooms")) as server,
                opened() as http,
            ):
                got: Answer = await http.ask("GET", server.url, limits=self.FOLLOW)
                assert (got.body, got.where) == (b'{"a": 1}', f"127.0.0.1:{goal.port}")
                assert goal.requests[0].target == "/rooms"

        run(main())

    def test_no_address_with_a_user_is_followed(self) -> None:
        """It would be sent as a password that nobody wrote into the config."""

        async def main() -> None:
            async with serving(sends_json({})) as goal:
                target = goal.url.replace("://", "://ann:hunter2@")
                async with serving(redirects(target)) as server:
                    failure = await failure_of(server.url, self.FOLLOW)
                assert (failure.outcome, failure.detail) == (
                    Outcome.PROTOCOL,
                    f"127.0.0.1:{server.port} redirects to an address with a user name or a password; "
                    "set the url that answers",
                )
                assert goal.requests == []

        run(main())

    def test_a_loop_ends_after_five(self) -> None:
        async def main() -> None:
            async with serving(redirects("/again")) as server:
                failure = await failure_of(server.url, self.FOLLOW)
                assert failure.outcome is Outcome.PROTOCOL
                assert "redirected more than 5 times" in failure.detail
                assert len(server.requests) == 6

        run(main())

    def test_headers_stay_with_the_first_host(self) -> None:
        """Any header of the config may be a secret, not only Authorization."""

        async def main() -> None:
            async with (
                serving(sends_json({})) as goal,
                serving(redirects(f"{goal.url}/rooms")) as server,
                opened() as http,
            ):
                secrets = {"Authorization": "Bearer t", "X-Api-Key": "k", "Cookie": "c=1"}
                await http.ask("GET", server.url, headers=secrets, limits=self.FOLLOW)
                assert server.requests[0].headers["x-api-key"] == "k"
                assert not {"authorization", "x-api-key", "cookie"} & set(goal.requests[0].headers)

        run(main())

    def test_headers_go_along_on_the_same_host(self) -> None:
        async def main() -> None:
            async def once(exchange: Exchange) -> bool:
                moved = exchange.target == "/old"
                raw = answer(b"", 302, {"Location": "/new"}) if moved else answer(b"{}")
                exchange.writer.write(raw)
                return True

            async with serving(once) as server, opened() as http:
                await http.ask("GET", f"{server.url}/old", headers={"X-Key": "k"}, limits=self.FOLLOW)
                assert server.requests[1].headers["x-key"] == "k"

        run(main())

    def test_a_body_stays_with_the_first_host(self) -> None:
        async def main() -> None:
            async with (
                serving(sends_json({})) as goal,
                serving(redirects(f"{goal.url}/rooms", status=307)) as server,
            ):
                failure = await failure_of(server.url, self.FOLLOW, "POST", json={"secret": "s"})
                assert failure.outcome is Outcome.PROTOCOL
                assert goal.requests == []

        run(main())

    @pytest.mark.parametrize("target", ["file:///etc/passwd", "http://a:99999/"])
    def test_a_target_that_cannot_be_asked(self, target: str) -> None:
        outcome, detail = fails(redirects(target), self.FOLLOW)
        assert outcome is Outcome.PROTOCOL
        assert "an address that can" in detail

    def test_the_body_of_a_redirect_is_not_read(self) -> None:
        """httpx would read it whole and inflate it without a limit."""

        async def main() -> None:
            raw = answer(b"more to come", 302, {"Location": "/again"}, length=10**9)
            async with serving(sends(raw, keep=True)) as server:
                failure = await failure_of(server.url, self.FOLLOW)
                assert "redirected more than 5 times" in failure.detail

        run(main())
