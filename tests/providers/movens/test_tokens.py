"""What a token tells without its signature."""

from base64 import b64encode

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.movens.tokens import (
    bearer,
    claims,
    lifetime,
)

from .peer import expiring, jwt


@pytest.mark.parametrize(
    "value", ["pasted", " pasted ", "Bearer pasted", "bearer  pasted\n"]
)
def test_token_is_told_with_or_without_its_scheme(value: str) -> None:
    """As it is copied from a browser."""
    assert bearer(value) == "pasted"


@pytest.mark.parametrize("value", [None, "", "Bearer", "Bearer null", "Basic x", True])
def test_header_may_hold_no_token(value: object) -> None:
    """Another scheme, or nothing behind it."""
    assert bearer(value) is None


def test_expiry_is_read_from_the_token() -> None:
    """In seconds from now; the signature is not looked at."""
    left = lifetime(expiring(3600))
    assert left is not None
    assert 3590 < left <= 3600
    for payload in ({}, {"exp": None}, {"exp": "soon"}, {"exp": 0}, {"exp": True}):
        assert lifetime(jwt(**payload)) is None


@given(st.text() | st.binary().map(lambda raw: f"a.{b64encode(raw).decode()}.c"))
def test_any_token_can_be_looked_at(token: str) -> None:
    """One that is no JWT claims nothing."""
    told = claims(token)
    assert all(isinstance(key, str) for key in told)
    assert lifetime(token) is None or "exp" in told


@given(st.dictionaries(st.text(), st.text() | st.integers(), max_size=4))
def test_claims_survive_the_token(payload: dict[str, object]) -> None:
    """Whatever the length of the payload, whose padding is cut off."""
    assert claims(jwt(**payload)) == {key.lower(): one for key, one in payload.items()}
