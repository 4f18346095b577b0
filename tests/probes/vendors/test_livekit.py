"""What all that speaks with LiveKit shares: its package is loaded late, and its tokens are its own."""

from __future__ import annotations

import subprocess
import sys

import jwt
import pytest
from livekit.api import TokenVerifier

from probes.config.units import Secret
from probes.vendors.livekit import TOKEN_LIFE, Tokens
from tests.livekit import KEY, SECRET


@pytest.mark.parametrize("module", ["dashboard.cli", "dashboard.app", "probes.process"])
def test_livekits_package_is_not_loaded_before_it_is_needed(module: str) -> None:
    """It takes 50 ms and most who start never need it."""
    code = (
        f"import sys, {module}; print(sorted({{'jwt', 'google.protobuf', 'livekit.api'}} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


def token(secret: str = SECRET) -> str:
    tokens = Tokens(Secret(KEY), Secret(secret), {"room_list": True})
    return tokens.headers()["Authorization"].removeprefix("Bearer ")


def test_livekit_itself_reads_our_tokens() -> None:
    claims = TokenVerifier(KEY, SECRET).verify(token())
    assert claims.video is not None
    assert (claims.identity, claims.video.room_list, claims.video.hidden) == ("roomwatch-probe", True, True)
    assert not (claims.video.can_publish or claims.video.can_subscribe or claims.video.room_admin)


def test_they_do_not_last() -> None:
    claims = jwt.decode(token(), SECRET, algorithms=["HS256"])
    assert claims["exp"] - claims["nbf"] == TOKEN_LIFE


def test_a_short_secret_is_livekits_business_and_no_warning() -> None:
    assert token("secret")
