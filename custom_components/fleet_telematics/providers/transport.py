"""The one door to the network."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
import json
import random
import time
from typing import Final

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from . import parse
from .errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    Rejected,
    RequestTimeout,
    Unreachable,
)

MAXIMUM_SIZE: Final = 32 * 1024 * 1024
_TIMEOUT: Final = aiohttp.ClientTimeout(total=120, sock_connect=10, sock_read=30)
_CHUNK: Final = 64 * 1024
_MOST_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_FIRST_BACK_OFF: Final = 30.0
_LONGEST_BACK_OFF: Final = 15 * 60.0
# A vendor that asks for more is asked again once a day all the same.
_LONGEST_WAIT: Final = 24 * 60 * 60.0
_HOUR: Final = 60 * 60.0

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
        self._free_at = 0.0
        self._refusals = 0
        self._sent: deque[float] = deque()

    @property
    def sent_last_hour(self) -> int:
        """How many requests went out in the last hour."""
        earliest = time.monotonic() - _HOUR
        while self._sent and self._sent[0] < earliest:
            self._sent.popleft()
        return len(self._sent)

    @asynccontextmanager
    async def turn(self, *, exempt: bool = False) -> AsyncIterator[None]:
        """Wait for this request's turn; an exempt one is counted but never waits."""
        if exempt:
            self._sent.append(time.monotonic())
            yield
            return
        async with self._turn:
            # Again after each sleep: the wait may have grown meanwhile.
            while (wait := self._free_at - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            self._sent.append(time.monotonic())
            try:
                yield
            finally:
                # From the end of the answer: the vendor saw the request before.
                self._free_at = max(self._free_at, time.monotonic() + self.interval)

    def refused(self, retry_after: float | None) -> float:
        """Hold the queue after a 429 or 503; return for how many seconds.

        Without the vendor's own wish the wait doubles from one refusal to the
        next, with jitter so that accounts do not come back in step.
        """
        self._refusals += 1
        if retry_after is None:
            back_off = min(
                _LONGEST_BACK_OFF, _FIRST_BACK_OFF * 2 ** min(self._refusals - 1, 10)
            )
            retry_after = back_off * random.uniform(0.8, 1.2)
        wait = max(min(retry_after, _LONGEST_WAIT), self.interval)
        self._free_at = max(self._free_at, time.monotonic() + wait)
        return wait

    def accepted(self) -> None:
        """Forget earlier refusals."""
        self._refusals = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A successful answer: its JSON (None for an empty body) and its headers."""

    status: int
    data: object
    headers: CIMultiDictProxy[str]


class Transport:
    """Sends a vendor's requests and turns every failure into a typed error."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        queue: RequestQueue,
        base_url: str,
        *,
        loads: Callable[[bytes], object] = json.loads,
    ) -> None:
        """Send everything below `base_url`, in the queue's order."""
        self._session = session
        self._queue = queue
        self._base_url = base_url.rstrip("/")
        self._loads = loads

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

        `exempt` requests are outside the vendor's limit (some logins).

        Raises AuthenticationFailed (401), AccessDenied (403), NotFound (404),
        MethodNotAllowed (405), RateLimited (429, 503 with Retry-After), Rejected
        (other 4xx), Unreachable (no answer, 5xx), RequestTimeout, InvalidResponse.
        """
        what = f"{method} {path}"
        async with self._queue.turn(exempt=exempt):
            try:
                response, body = await self._exchange(
                    method, path, params, headers, json_body, form
                )
            # The causes are dropped: some of their texts quote whole addresses.
            except TimeoutError:
                raise RequestTimeout(f"{what}: no answer in time") from None
            except aiohttp.ClientError as err:
                raise Unreachable(f"{what}: {type(err).__name__}") from None
            self._raise_for_refusal(response, what)
        self._raise_for_status(response.status, body, what)
        self._queue.accepted()
        return Response(
            status=response.status,
            data=self._read_json(body, what),
            headers=response.headers,
        )

    async def _exchange(
        self,
        method: str,
        path: str,
        params: Parameters | None,
        headers: Mapping[str, str] | None,
        json_body: object,
        form: Mapping[str, str] | None,
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        """Send and read, following redirects on the same origin only.

        aiohttp would take custom headers, and with them tokens, to any host.
        """
        url = URL(self._base_url + path)
        origin = url.origin()
        for _ in range(_MOST_REDIRECTS + 1):
            async with self._session.request(
                method,
                url,
                params=params,
                headers={"Accept": "application/json", **(headers or {})},
                json=json_body,
                data=form,
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as response:
                if response.status not in _REDIRECTS:
                    return response, await self._read(response, f"{method} {path}")
                target = url.join(URL(response.headers.get("Location", "")))
            if target.origin() != origin or method not in ("GET", "HEAD"):
                break
            url, params = target, None
        raise InvalidResponse(f"{method} {path}: redirected away from the vendor")

    @staticmethod
    async def _read(response: aiohttp.ClientResponse, what: str) -> bytes:
        """Read a body of at most MAXIMUM_SIZE, whatever its header claims."""
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            body += chunk
            if len(body) > MAXIMUM_SIZE:
                raise InvalidResponse(f"{what}: more than {MAXIMUM_SIZE} bytes")
        return bytes(body)

    def _raise_for_refusal(self, response: aiohttp.ClientResponse, what: str) -> None:
        """Hold the queue, while still holding the turn, when the vendor says so."""
        wish = _retry_after(response.headers.get("Retry-After"))
        if response.status == 429 or (response.status == 503 and wish is not None):
            wait = self._queue.refused(wish)
            raise RateLimited(f"{what}: HTTP {response.status}", retry_after=wait)

    def _raise_for_status(self, status: int, body: bytes, what: str) -> None:
        message = f"{what}: HTTP {status}"
        if status < 300:
            return
        if status == 401:
            raise AuthenticationFailed(message)
        if status == 403:
            raise AccessDenied(message)
        if status >= 500:
            raise Unreachable(message)
        reason = self._reason(body)
        if status == 404:
            raise NotFound(message, status=status, reason=reason)
        if status == 405:
            raise MethodNotAllowed(message, status=status, reason=reason)
        raise Rejected(message, status=status, reason=reason)

    def _reason(self, body: bytes) -> str | None:
        """Return the vendor's word for a refusal, from the keys vendors use."""
        try:
            answer = parse.folded(self._loads(body))
        except ValueError:
            return None
        return parse.first(
            parse.text(answer.get(key))
            for key in ("error", "message", "error_description")
        )

    def _read_json(self, body: bytes, what: str) -> object:
        if not body.strip():
            return None
        try:
            return self._loads(body)
        # orjson's and json's errors are both ValueErrors; too deep a nesting is not.
        except ValueError, RecursionError:
            raise InvalidResponse(f"{what}: not JSON") from None


def _retry_after(value: str | None) -> float | None:
    """Return the seconds a Retry-After header asks for (RFC 9110: seconds or a date)."""
    if value is None:
        return None
    if (seconds := parse.number(value, low=0)) is not None:
        return seconds
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
