"""Who may frame a public answer and whose scripts may read it, by `embed.origins`."""

from __future__ import annotations

import pytest

from dashboard.public.sharing import ALLOW_ORIGIN, CSP, Sharing
from probes.config.embed import Embed

OWN = {
    "Content-Type": "text/html",
    "Vary": "Accept-Encoding",
    CSP: "default-src 'none'; script-src 'sha256-x'",
}


def test_without_origins_nobody_frames_and_no_script_reads() -> None:
    sharing = Sharing([])
    headers = sharing.headers(OWN)
    assert headers[CSP] == "default-src 'none'; script-src 'sha256-x'; frame-ancestors 'none'"
    assert headers["Vary"] == "Accept-Encoding"
    for origin in ("https://status.example.org", "null", ""):
        assert not [
            name for name in (headers | sharing.more_for(origin)) if name.startswith("Access-Control")
        ]
        assert not [name for name in sharing.preflight(origin) if name.startswith("Access-Control")]


def test_what_has_no_policy_of_its_own_may_do_nothing() -> None:
    assert Sharing([]).headers({})[CSP] == (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    )


def test_a_page_may_be_stricter_about_frames_than_the_config() -> None:
    own = "default-src 'none'; frame-ancestors 'none'"
    assert Sharing(["*"]).headers({CSP: own})[CSP] == own


def test_every_answer_is_safe_and_sets_no_cookie() -> None:
    for origins in ([], ["*"], ["https://a.example"], ["https://a.example", "https://*.b.example"]):
        headers = Sharing(origins).headers(OWN)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Resource-Policy"] == "cross-origin", "pictures in other sites' pages"
        assert "camera=()" in headers["Permissions-Policy"]
        assert "Set-Cookie" not in headers
        assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize(
    ("origins", "told"), [(["*"], "*"), (["https://a.example:443"], "https://a.example")]
)
def test_any_origin_or_one_alone_is_the_same_answer_for_all(origins: list[str], told: str) -> None:
    sharing = Sharing(origins)
    assert sharing.headers(OWN)[ALLOW_ORIGIN] == told
    assert sharing.headers(OWN)["Vary"] == "Accept-Encoding"
    assert sharing.headers(OWN)[CSP].endswith(f"frame-ancestors {told}")
    for origin in ("", "https://a.example", "https://evil.example"):
        assert sharing.more_for(origin) == {}


def test_of_several_origins_only_those_listed_are_named_and_all_others_get_one_answer() -> None:
    sharing = Sharing(["https://a.example", "https://*.b.example", "http://c.example:8080"])
    headers = sharing.headers(OWN)
    assert headers["Vary"] == "Accept-Encoding, Origin"
    assert ALLOW_ORIGIN not in headers
    assert headers[CSP].endswith(
        "frame-ancestors https://a.example https://*.b.example http://c.example:8080"
    )
    for origin in (
        "https://a.example",
        "https://x.b.example",
        "https://x.y.b.example",
        "http://c.example:8080",
    ):
        assert sharing.more_for(origin)[ALLOW_ORIGIN] == origin
        asked = sharing.preflight(origin)
        assert (asked[ALLOW_ORIGIN], asked["Access-Control-Allow-Methods"]) == (origin, "GET, HEAD")
    for origin in (
        "",
        "null",
        "https://b.example",
        "https://a.example.evil",
        "http://a.example",
        "https://a.example:444",
        "https://evil-a.example",
        "https://evil/.b.example",
        "https://evil.example#.b.example",
        "https://-\n.b.example",
        f"https://{'x' * 300}.b.example",
    ):
        assert sharing.more_for(origin) == {}
        assert not [name for name in sharing.preflight(origin) if name.startswith("Access-Control")]


def test_what_the_config_takes_as_an_origin_is_safe_in_a_policy() -> None:
    for origin in (
        "https://a.example; script-src *",
        "https://a.example https://b.example",
        "'self'",
        "data:",
    ):
        with pytest.raises(ValueError, match="expected an origin, without a path, such as"):
            Embed.model_validate({"origins": [origin]})


def test_where_one_origin_is_listed_a_cache_may_ask_for_a_browser_without_naming_it() -> None:
    """All answers are alike then, so a cache leaves out who asks."""
    asked = Sharing(["https://a.example"]).preflight("")
    assert (asked[ALLOW_ORIGIN], asked["Access-Control-Allow-Headers"]) == (
        "https://a.example",
        "If-None-Match",
    )
