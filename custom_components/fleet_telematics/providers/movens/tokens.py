"""What can be learnt from Movens's tokens; the vendor alone checks them."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
import json
from typing import Final

from .. import parse

# A gateway's words for a token that is not there.
_NO_TOKENS: Final = frozenset({"bearer", "none", "null", "undefined"})


def bearer(value: object) -> str | None:
    """Return the token of an Authorization header, or one that stands alone."""
    words = (parse.text(value) or "").split()
    if len(words) == 2 and words[0].lower() == "bearer":
        del words[0]
    return words[0] if len(words) == 1 and words[0].lower() not in _NO_TOKENS else None


def claims(token: str) -> Mapping[str, object]:
    """Return the payload of a JWT, its keys in lower case; else an empty one."""
    try:
        payload = token.split(".")[1]
        return parse.folded(json.loads(urlsafe_b64decode(payload + "==")))
    except IndexError, ValueError, RecursionError:
        return {}


def lifetime(token: str) -> float | None:
    """Return for how many seconds more a JWT is valid; None where it does not tell."""
    expiry = parse.moment(claims(token).get("exp"))
    return None if expiry is None else (expiry - datetime.now(UTC)).total_seconds()
