"""Movens's envelope: {"Result": "OK", "Data": ...} or {"Result": "ERR", ...}."""

from typing import Final

from .. import parse
from ..errors import Rejected

_LONGEST_REASON: Final = 200


def content(answer: object, what: str) -> object:
    """Return an answer's data, None where a positive one has none.

    An answer without an envelope is its own data. Raises Rejected, with the
    vendor's err_ word, for a negative one.
    """
    envelope = parse.folded(answer)
    if "result" not in envelope:
        return envelope.get("data", answer)
    if (parse.text(envelope["result"]) or "").upper() == "OK":
        return envelope.get("data")
    reason = parse.text(envelope.get("message"))
    raise Rejected(
        f"{what}: declined inside HTTP 200",
        status=200,
        reason=reason and reason[:_LONGEST_REASON],
    )
