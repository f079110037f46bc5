"""The one door to the network."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
import json
import math
import random
import re
import time
from typing import Final
from urllib.parse import unquote

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from . import parse
from .answers import Answers
from .errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
    MethodNotAllowed,
    NotFound,
    NotSent,
    ProviderError,
    RateLimited,
    Rejected,
    RequestTimeout,
    Unreachable,
)

MAXIMUM_SIZE: Final = 32 * 1024 * 1024
# Larger answers are not kept to be compared with the next.
MOST_KEPT: Final = 4 * 1024 * 1024
TIMEOUT: Final = aiohttp.ClientTimeout(total=120, sock_connect=10, sock_read=30)
_CHUNK: Final = 64 * 1024
_MOST_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
# These two repeat the request as it was, whatever its method.
_FAITHFUL_REDIRECTS: Final = frozenset({307, 308})
_FIRST_BACK_OFF: Final = 30.0
_LONGEST_BACK_OFF: Final = 15 * 60.0
# A vendor that asks for more is asked again once a day all the same.
_LONGEST_WAIT: Final = 24 * 60 * 60.0
# A request stands in line this long for a refusal to pass; else it is told to
# come back, so that nothing hangs for hours behind one Retry-After.
_PATIENCE: Final = 60.0
_HOUR: Final = 60 * 60.0
_LONGEST_REASON: Final = 200

type Parameters = Mapping[str, str | int | float | list[str]]


class RequestQueue:
    """One account's place in line: a request at a time, spaced as the vendor wants.

    It outlives the provider that uses it, so that a reload does not forget when
    the vendor was last asked.
    """

    def __init__(self, interval: float = 0.0) -> None:
        """Allow one request per `interval` seconds."""
        self.interval = interval
        self._turn = asyncio.Lock()
        self._answered_at = -math.inf
        self._held_until = 0.0
        self._refusals = 0
        self._sent: deque[float] = deque()

    @property
    def sent_last_hour(self) -> int:
        """How many requests went out in the last hour."""
        self._forget_old()
        return len(self._sent)

    @asynccontextmanager
    async def turn(self, *, exempt: bool = False) -> AsyncIterator[None]:
        """Wait for this request's turn, first come, first served.

        An exempt request is counted, and waits for nothing but a refusal. Raises
        RateLimited where a refusal holds the queue for long.
        """
        if exempt:
            await self._clear(spaced=False)
            self._count()
            yield
            return
        async with self._turn:
            await self._clear(spaced=True)
            self._count()
            try:
                yield
            finally:
                # From the end of the answer: the vendor saw the request before.
                self._answered_at = time.monotonic()

    def refused(self, retry_after: float | None) -> float:
        """Hold the queue after a 429 or 503; return for how many seconds.

        Without the vendor's own wish, or with one for no wait at all, the wait
        doubles from one refusal to the next, with jitter so that accounts do not
        come back in step.
        """
        self._refusals += 1
        if not retry_after:
            doubled = _FIRST_BACK_OFF * 2 ** min(self._refusals - 1, 10)
            retry_after = min(_LONGEST_BACK_OFF, doubled) * random.uniform(0.8, 1.0)
        wait = max(min(retry_after, _LONGEST_WAIT), self.interval)
        self._held_until = max(self._held_until, time.monotonic() + wait)
        return wait

    def accepted(self) -> None:
        """Forget earlier refusals."""
        self._refusals = 0

    @property
    def _free_at(self) -> float:
        """When the next request may go out, by the interval that holds now."""
        return self._answered_at + self.interval

    async def _clear(self, *, spaced: bool) -> None:
        """Sleep until the vendor may be asked; the wait may grow meanwhile."""
        while True:
            now = time.monotonic()
            held = self._held_until - now
            if held > _PATIENCE:
                raise RateLimited("the vendor asked for a pause", retry_after=held)
            wait = max(held, self._free_at - now) if spaced else held
            if wait <= 0:
                return
            await asyncio.sleep(wait)

    def _count(self) -> None:
        self._forget_old()
        self._sent.append(time.monotonic())

    def _forget_old(self) -> None:
        earliest = time.monotonic() - _HOUR
        while self._sent and self._sent[0] < earliest:
            self._sent.popleft()


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A successful answer: its JSON (None for an empty body) and its headers."""

    status: int
    data: object
    headers: CIMultiDictProxy[str]


class Transport:
    """Sends a vendor's requests and turns every failure into a typed error.

    A GET whose connection was closed before the answer began, as happens with
    one that was kept alive, is sent once more by aiohttp itself. Nothing else is
    repeated here: the next poll is the next try.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        queue: RequestQueue,
        base_url: str,
        *,
        loads: Callable[[bytes], object] = json.loads,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
    ) -> None:
        """Send everything below `base_url`, in the queue's order."""
        self._session = session
        self._queue = queue
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout
        self._loads = loads
        # A poll often brings much that was in the last one.
        self._answers = Answers(loads, MOST_KEPT)

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Parameters | None = None,
        headers: Mapping[str, str] | None = None,
        json_body: object = None,
        form: Mapping[str, str] | None = None,
        exempt: bool = False,
    ) -> Response:
        """Send one request below the base and return its JSON answer.

        `exempt` requests are outside the vendor's limit (some logins). A redirect
        is followed on the same origin, as a request of its own: nothing, and no
        token with it, goes to another host or from https to http.

        Raises AuthenticationFailed (401), AccessDenied (403), NotFound (404),
        MethodNotAllowed (405), RateLimited (429, 503 with Retry-After, or such an
        answer not long ago), Rejected (other 4xx, or a path that leads out of the
        base), Unreachable (no answer, 5xx), RequestTimeout, InvalidResponse.
        """
        what = f"{method} {path.partition('?')[0]}"
        url = self._below_base(path, what)
        for _ in range(_MOST_REDIRECTS + 1):
            async with self._queue.turn(exempt=exempt):
                response, body = await self._exchange(
                    what, method, url, params, headers, json_body, form
                )
                self._raise_for_refusal(response, what)
            if response.status not in _REDIRECTS:
                break
            url, params = _redirected(response, method, what), None
        else:
            raise InvalidResponse(f"{what}: redirected too often")
        self._raise_for_status(response, body, what)
        if not exempt:
            self._queue.accepted()
        return Response(
            status=response.status,
            data=_read_json(
                partial(self._answers.read, (method, path, str(params))),
                body,
                response.charset,
                what,
            ),
            headers=response.headers,
        )

    @asynccontextmanager
    async def stream(
        self,
        path: str,
        *,
        params: Parameters | None = None,
        headers: Mapping[str, str] | None = None,
        silence: float,
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        """GET an event stream below the base, and hand out its pieces as they come.

        It is one request of the account, and holds up no other: some vendors only
        begin to answer when there is something to tell. RequestTimeout is raised
        once nothing came for `silence` seconds; else as with `request`. What a
        refusal asks for holds for streams alone, and is left to the caller.
        """
        what = f"GET {path.partition('?')[0]}"
        url = self._below_base(path, what)
        for _ in range(_MOST_REDIRECTS + 1):
            async with self._queue.turn():
                pass
            response = await self._begin(what, url, params, headers, silence)
            try:
                if response.status in _REDIRECTS:
                    url, params = _redirected(response, "GET", what), None
                    continue
                if _is_refusal(response):
                    wish = _retry_after(response.headers) or 0.0
                    raise RateLimited(
                        f"{what}: HTTP {response.status}",
                        retry_after=min(wish, _LONGEST_WAIT),
                    )
                self._raise_for_status(response, b"", what)
                if response.content_type != "text/event-stream":
                    raise InvalidResponse(f"{what}: not an event stream")
                self._queue.accepted()
                yield _pieces(response, what)
                return
            finally:
                response.close()
        raise InvalidResponse(f"{what}: redirected too often")

    def _below_base(self, path: str, what: str) -> URL:
        """Return a path's address; servers may read encoded dots and slashes, too.

        Addresses drop tabs and line breaks: two dots may come of what had one between.
        """
        steps = path
        while (decoded := unquote(steps)) != steps:
            steps = decoded
        if not steps.isprintable() or {".", ".."} & set(re.split(r"[/\\]", steps)):
            raise NotSent(f"{what}: not sent", reason="it leads out of the base")
        return URL(f"{self._base_url}/{path.lstrip('/')}")

    async def _exchange(
        self,
        what: str,
        method: str,
        url: URL,
        params: Parameters | None,
        headers: Mapping[str, str] | None,
        json_body: object,
        form: Mapping[str, str] | None,
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        """Send once, and read the whole answer."""
        failure: ProviderError
        try:
            async with self._session.request(
                method,
                url,
                params=params,
                headers={"Accept": "application/json", **(headers or {})},
                json=json_body,
                data=form,
                timeout=self._timeout,
                # aiohttp would take custom headers, and with them tokens, anywhere.
                allow_redirects=False,
            ) as response:
                return response, await self._read(response, what)
        except (TimeoutError, aiohttp.ClientError) as err:
            failure = _failure(err, what)
        # Outside of the handlers, so that no cause hangs on to it: those quote
        # whole addresses and hold the request's headers.
        raise failure

    async def _begin(
        self,
        what: str,
        url: URL,
        params: Parameters | None,
        headers: Mapping[str, str] | None,
        silence: float,
    ) -> aiohttp.ClientResponse:
        """Ask for an event stream, and return once its answer begins."""
        failure: ProviderError
        try:
            return await self._session.get(
                url,
                params=params,
                headers={"Accept": "text/event-stream", **(headers or {})},
                timeout=aiohttp.ClientTimeout(
                    sock_connect=self._timeout.sock_connect, sock_read=silence
                ),
                allow_redirects=False,
            )
        except (TimeoutError, aiohttp.ClientError) as err:
            failure = _failure(err, what)
        raise failure

    @staticmethod
    async def _read(response: aiohttp.ClientResponse, what: str) -> bytes:
        """Read a body that is, decompressed, no longer than MAXIMUM_SIZE."""
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            body += chunk
            if len(body) > MAXIMUM_SIZE:
                raise InvalidResponse(f"{what}: more than {MAXIMUM_SIZE} bytes")
        return bytes(body)

    def _raise_for_refusal(self, response: aiohttp.ClientResponse, what: str) -> None:
        """Hold the queue, while still holding the turn, when the vendor says so."""
        if _is_refusal(response):
            wait = self._queue.refused(_retry_after(response.headers))
            raise RateLimited(f"{what}: HTTP {response.status}", retry_after=wait)

    def _raise_for_status(
        self, response: aiohttp.ClientResponse, body: bytes, what: str
    ) -> None:
        status = response.status
        message = f"{what}: HTTP {status}"
        if status < 300:
            return
        if status == 401:
            raise AuthenticationFailed(message)
        if status == 403:
            raise AccessDenied(message)
        if status >= 500:
            raise Unreachable(message, status=status)
        reason = self._reason(body, response.charset)
        if status == 404:
            raise NotFound(message, status=status, reason=reason)
        if status == 405:
            raise MethodNotAllowed(message, status=status, reason=reason)
        raise Rejected(message, status=status, reason=reason)

    def _reason(self, body: bytes, charset: str | None) -> str | None:
        """Return the vendor's word for a refusal, from the keys vendors use."""
        answer: Mapping[str, object] = {}
        with suppress(InvalidResponse):
            answer = parse.folded(_read_json(self._loads, body, charset, "reason"))
        reason = parse.first(
            parse.text(answer.get(key))
            # A sentence first: beside one, an error is a mere code.
            for key in ("message", "error", "error_description")
        )
        return reason and reason[:_LONGEST_REASON]


def _read_json(
    read: Callable[[bytes], object], body: bytes, charset: str | None, what: str
) -> object:
    """Read JSON, the second time with more patience than strict readers have.

    One NaN, broken character or half surrogate pair is one vehicle's fault
    and must not cost the fleet its answer.
    """
    if not body or body.isspace():
        return None
    # Every reader's errors are ValueErrors; too deep a nesting is not.
    with suppress(ValueError, RecursionError):
        return read(body)
    with suppress(ValueError, RecursionError):
        return json.loads(_decoded(body, charset))
    # Here no cause hangs on to it: those hold the whole body.
    raise InvalidResponse(f"{what}: not JSON")


def _failure(err: TimeoutError | aiohttp.ClientError, what: str) -> ProviderError:
    """Return what a failed conversation means, without its words."""
    if isinstance(err, TimeoutError):
        return RequestTimeout(f"{what}: no answer in time")
    return Unreachable(f"{what}: {type(err).__name__}")


async def _pieces(response: aiohttp.ClientResponse, what: str) -> AsyncIterator[bytes]:
    """Yield a body as it comes."""
    failure: ProviderError
    try:
        async for piece in response.content.iter_any():
            yield piece
    except (TimeoutError, aiohttp.ClientError) as err:
        failure = _failure(err, what)
    else:
        return
    raise failure


def _redirected(response: aiohttp.ClientResponse, method: str, what: str) -> URL:
    """Return where to ask again, on the same origin and without a login of its own."""
    if method in ("GET", "HEAD") or response.status in _FAITHFUL_REDIRECTS:
        with suppress(KeyError, ValueError):
            target = response.url.join(URL(response.headers["Location"]))
            if target.origin() == response.url.origin():
                return target.with_user(None)
    raise InvalidResponse(f"{what}: redirected away from the vendor")


def _decoded(body: bytes, charset: str | None) -> str:
    """Return a body's text: Unicode where it is valid, else as its header says."""
    for encoding in (json.detect_encoding(body), charset or "utf-8"):
        with suppress(ValueError, LookupError):
            return body.decode(encoding)
    return body.decode(errors="replace")


def _is_refusal(response: aiohttp.ClientResponse) -> bool:
    """Whether the vendor wants fewer requests."""
    return response.status == 429 or (
        response.status == 503 and _retry_after(response.headers) is not None
    )


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds a Retry-After header asks for (RFC 9110: seconds or a date).

    A date counts from the answer's own Date: the vendor's clock may be wrong, or
    ours.
    """
    value = headers.get("Retry-After")
    seconds = parse.number(value, low=0)
    if seconds is not None:
        return seconds
    until = parse.http_date(value)
    if until is None:
        return None
    now = parse.http_date(headers.get("Date")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())
