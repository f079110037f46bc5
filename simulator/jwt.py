"""JSON Web Tokens, signed with HS256."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
import hashlib
import hmac
import json


def encoded(claims: Mapping[str, object], secret: bytes) -> str:
    """Return a signed token."""
    head = _part(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = _part(json.dumps(claims).encode())
    return f"{head}.{body}.{_signature(f'{head}.{body}', secret)}"


def claims(token: str, secret: bytes) -> Mapping[str, object] | None:
    """Return what a token says; None unless it was signed with the secret."""
    signed, _, signature = token.rpartition(".")
    expected = _signature(signed, secret)
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        return None
    body = signed.rpartition(".")[2]
    found = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found if isinstance(found, dict) else None


def _signature(signed: str, secret: bytes) -> str:
    return _part(hmac.new(secret, signed.encode(), hashlib.sha256).digest())


def _part(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
