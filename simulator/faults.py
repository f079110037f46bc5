"""What goes wrong between a vendor and its clients, on demand."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
import json
import math
import socket
import struct
from typing import Final

from aiohttp import web

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
type Pause = Callable[[float], Awaitable[None]]

# The status under which a request that got no answer is recorded.
NO_ANSWER: Final = 444
HUGE_SIZE: Final = 33 * 1024 * 1024
_CHUNK: Final = b'{"padding": "' + b"x" * (64 * 1024) + b'"},\n'
_HTML: Final = (
    "<!DOCTYPE html><html><head><title>Please wait</title></head>"
    "<body><h1>The service is being maintained.</h1></body></html>"
)
# What takes the place of a value, in turn; the first that is of another type.
_WRONG: Final[tuple[object, ...]] = (None, "n/a", [], {"value": None}, True, -1, "")


class FaultKind(StrEnum):
    """What can go wrong."""

    LATENCY = "latency"
    HTTP_429 = "http_429"
    HTTP_500 = "http_500"
    HTTP_503 = "http_503"
    RESET = "reset"
    TRUNCATED_JSON = "truncated_json"
    HTML = "html"
    WRONG_TYPES = "wrong_types"
    EMPTY_LIST = "empty_list"
    HUGE = "huge"
    REDIRECT = "redirect"


@dataclass(slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, until it has happened `times` times.

    `path` is a part of the path, in any case; empty is every path. `delay` holds
    the answer back by so many seconds, and is all that LATENCY does.
    `retry_after` is sent as it is when it is a text, an HTTP date for instance.
    `target` is the base a REDIRECT leads to, `keep` names the keys whose values
    WRONG_TYPES leaves as they are.
    """

    kind: FaultKind
    path: str = ""
    times: int | None = None
    retry_after: float | str | None = None
    delay: float = 0.0
    target: str = "http://127.0.0.1:9"
    keep: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Take the kind as text, too."""
        self.kind = FaultKind(self.kind)

    def takes(self, path: str) -> bool:
        """Say whether this request is hit, and count it when it is."""
        if self.times == 0 or self.path.lower() not in path.lower():
            return False
        if self.times is not None:
            self.times -= 1
        return True


async def answer_with_faults(
    faults: list[Fault], request: web.Request, handler: Handler, pause: Pause
) -> web.StreamResponse:
    """Answer a request as the handler would, less what the faults spoil.

    Delays add up; of the other faults the first that matches decides.
    """
    for fault in tuple(faults):
        if fault.times == 0:
            faults.remove(fault)
        elif fault.takes(request.path):
            await pause(fault.delay)
            if fault.kind is not FaultKind.LATENCY:
                return await _spoil(fault, request, handler)
    return await handler(request)


async def _spoil(
    fault: Fault, request: web.Request, handler: Handler
) -> web.StreamResponse:
    match fault.kind:
        case FaultKind.HTTP_429:
            return _refusal(429, "Too many requests", fault.retry_after)
        case FaultKind.HTTP_500:
            return _refusal(500, "Internal server error", None)
        case FaultKind.HTTP_503:
            return _refusal(503, "Service unavailable", fault.retry_after)
        case FaultKind.RESET:
            return reset(request)
        case FaultKind.HTML:
            return web.Response(text=_HTML, content_type="text/html")
        case FaultKind.HUGE:
            return await _huge(request)
        case FaultKind.REDIRECT:
            location = fault.target.rstrip("/") + request.path_qs
            return web.Response(status=302, headers={"Location": location})
        case _:
            return _changed(fault, await handler(request))


def _refusal(
    status: int, message: str, retry_after: float | str | None
) -> web.Response:
    headers = {}
    if retry_after is not None:
        wish = retry_after if isinstance(retry_after, str) else math.ceil(retry_after)
        headers["Retry-After"] = str(wish)
    return web.json_response({"message": message}, status=status, headers=headers)


def reset(request: web.Request) -> web.Response:
    """Break the connection off: the client sees a TCP reset, not an end.

    What is returned never arrives; its status is for the record.
    """
    if (transport := request.transport) is not None:
        if (peer := transport.get_extra_info("socket")) is not None:
            linger_not = struct.pack("ii", 1, 0)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
        transport.abort()
    return web.Response(status=NO_ANSWER)


async def _huge(request: web.Request) -> web.StreamResponse:
    """Stream more than any client should take, a piece at a time."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    # A client that has had enough is the point of it.
    with suppress(ConnectionResetError):
        await response.write(b"[")
        for _ in range(HUGE_SIZE // len(_CHUNK) + 1):
            await response.write(_CHUNK)
        await response.write(b"{}]")
        await response.write_eof()
    return response


def _changed(fault: Fault, response: web.StreamResponse) -> web.StreamResponse:
    """Return a successful JSON answer spoilt; any other as it is."""
    if not isinstance(response, web.Response) or response.status >= 300:
        return response
    if not isinstance(response.body, bytes):
        return response
    body = response.body
    if fault.kind is FaultKind.TRUNCATED_JSON:
        changed = body[: len(body) // 2]
    elif fault.kind is FaultKind.EMPTY_LIST:
        changed = json.dumps(emptied(json.loads(body))).encode()
    else:
        kept = frozenset(key.lower() for key in fault.keep)
        changed = json.dumps(_Mangler(kept).mangled(json.loads(body))).encode()
    return web.Response(
        status=response.status, body=changed, content_type=response.content_type
    )


def emptied(answer: object) -> object:
    """Return an answer with every list in it empty: well-formed, and no vehicles."""
    if isinstance(answer, list):
        return []
    if isinstance(answer, Mapping):
        return {key: emptied(value) for key, value in answer.items()}
    return answer


class _Mangler:
    """Replaces values by ones of another type, the same way every time."""

    def __init__(self, keep: frozenset[str]) -> None:
        self._keep = keep
        self._count = 0

    def mangled(self, value: object) -> object:
        """Return a value with the same containers and wrong values in them."""
        if isinstance(value, Mapping):
            return {
                key: item if str(key).lower() in self._keep else self.mangled(item)
                for key, item in value.items()
            }
        if isinstance(value, list) and value:
            return [*(self.mangled(item) for item in value), None, "n/a"]
        self._count += 1
        start = self._count % len(_WRONG)
        return next(
            wrong
            for wrong in (*_WRONG[start:], *_WRONG[:start])
            if type(wrong) is not type(value)
        )
