"""Every answer that a vendor can give, from real servers on this machine."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
import gzip
from itertools import pairwise
import json
import math
import socket

import aiohttp
from aiohttp import web
import orjson
import pytest

from custom_components.fleet_telematics.providers import transport as door
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
    MethodNotAllowed,
    NotFound,
    ProviderError,
    RateLimited,
    Rejected,
    RequestTimeout,
    Unreachable,
)
from custom_components.fleet_telematics.providers.transport import (
    RequestQueue,
    Transport,
)

from .conftest import Clock, Serve, ServeRaw

QUICK = aiohttp.ClientTimeout(total=2, sock_connect=0.1, sock_read=0.1)
READERS = pytest.mark.parametrize("loads", [json.loads, orjson.loads])


async def answer(
    serve: Serve, session: aiohttp.ClientSession, **response: object
) -> Transport:
    """Return a transport to a vendor that always gives this answer."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(**response)  # type: ignore[arg-type]

    return Transport(session, RequestQueue(), await serve(handler))


async def failure(request: object) -> ProviderError:
    """Return what a request raises."""
    with pytest.raises(ProviderError) as caught:
        await request  # type: ignore[misc]
    return caught.value


# What is sent.


async def test_a_request_arrives_as_it_was_meant(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    """Method, path below the base, parameters, headers and body are the caller's."""
    seen: list[tuple[str, str, str | None, str | None, str]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(
            (
                request.method,
                request.path_qs,
                request.headers.get("Accept"),
                request.headers.get("X-AUTH-TOKEN"),
                await request.text(),
            )
        )
        return web.json_response({"ok": True}, headers={"X-More": "yes"})

    base = await serve(handler)
    transport = Transport(session, RequestQueue(), f"{base}/rest/")
    response = await transport.request(
        "GET", "/vehicles", params={"id": ["a", "b"]}, headers={"X-AUTH-TOKEN": "t"}
    )
    await transport.request("POST", "refills", json_body={"carrierId": 1})
    await transport.request("POST", "/login", form={"username": "ö", "password": "&"})
    assert response.status == 200
    assert response.data == {"ok": True}
    assert response.headers["x-more"] == "yes"
    assert seen == [
        ("GET", "/rest/vehicles?id=a&id=b", "application/json", "t", ""),
        ("POST", "/rest/refills", "application/json", None, '{"carrierId": 1}'),
        (
            "POST",
            "/rest/login",
            "application/json",
            None,
            "username=%C3%B6&password=%26",
        ),
    ]


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "/fleet/../../secret",
        "fleet/%2e%2e/secret",
        "fleet/%252e%252e/secret",
        "..%2fsecret",
        "fleet%5c..%5csecret",
        "./secret",
        ".\t./secret",
        "fleet/.%0A./.%0d./secret",
    ],
)
async def test_a_path_cannot_leave_the_base(
    serve: Serve, session: aiohttp.ClientSession, path: str
) -> None:
    """However its dots are written, nothing is sent."""
    sent: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        sent.append(request.path)
        return web.json_response({})

    transport = Transport(session, RequestQueue(), f"{await serve(handler)}/base")
    assert isinstance(await failure(transport.request("GET", path)), Rejected)
    assert sent == []
    await transport.request("GET", "fleet..x/y")
    assert sent == ["/base/fleet..x/y"]


@pytest.mark.parametrize("path", ["@127.0.0.2/", "//127.0.0.2/", ".127.0.0.2/"])
async def test_a_path_cannot_name_another_host(
    serve: Serve, session: aiohttp.ClientSession, path: str
) -> None:
    """Whatever a path begins with, the request stays below the base."""
    transport = await answer(serve, session, text="1")
    assert (await transport.request("GET", path)).data == 1


# What comes back.


@READERS
@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b'{"a": [1, "x", null]}', "application/json", {"a": [1, "x", None]}),
        (b"[]", "text/html", []),
        (b" true\n", "application/octet-stream", True),
        (b"", "application/json", None),
        (b" \r\n ", "text/plain", None),
        # The last of two keys counts.
        (b'{"a": 1, "a": 2}', "application/json", {"a": 2}),
        # What the characters are written in.
        ("\ufeff[1]".encode(), "application/json", [1]),
        ('"Đường"'.encode(), "application/json; charset=utf-8", "Đường"),
        ('"Đường"'.encode(), "application/json; charset=iso-8859-1", "Đường"),
        ('"Müller"'.encode("latin-1"), "text/plain; charset=ISO-8859-1", "Müller"),
        ('"Iași"'.encode("iso-8859-16"), "text/plain; charset=iso-8859-16", "Iași"),
        ('"Müller"'.encode("utf-16"), "application/json; charset=utf-16", "Müller"),
        ('"Müller"'.encode("utf-16"), "application/json", "Müller"),
        (b'["M\xfcller", 1]', "application/json; charset=klingon", ["M\ufffdller", 1]),
        (b'["M\xfcller", 1]', "application/json", ["M\ufffdller", 1]),
        (b'["cut \\ud83d"]', "application/json", ["cut \ud83d"]),
    ],
)
async def test_json_is_read_however_it_is_written(
    serve: Serve,
    session: aiohttp.ClientSession,
    loads: Callable[[bytes], object],
    body: bytes,
    content_type: str,
    expected: object,
) -> None:
    """Content types lie, and old servers do not write UTF-8."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Type": content_type})

    transport = Transport(session, RequestQueue(), await serve(handler), loads=loads)
    assert (await transport.request("GET", "/x")).data == expected


@READERS
async def test_a_number_that_is_none_does_not_cost_the_fleet(
    serve: Serve, session: aiohttp.ClientSession, loads: Callable[[bytes], object]
) -> None:
    """NaN and Infinity, which JSON does not know, come through as numbers."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=b'[{"fuel": NaN}, {"fuel": -Infinity}, {"fuel": 7}]')

    transport = Transport(session, RequestQueue(), await serve(handler), loads=loads)
    rows = (await transport.request("GET", "/x")).data
    assert isinstance(rows, list)
    assert math.isnan(rows[0]["fuel"])
    assert rows[1:] == [{"fuel": -math.inf}, {"fuel": 7}]


@READERS
@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Bad gateway</body></html>",
        b'{"vehicles": [{"id": 1}, {"i',
        b"callback([1])",
        b"[1] [2]",
        b"\x00",
        b"[" * 500_000,
        b'{"a":' * 200_000,
        b"[" + b"9" * 5000 + b"]",
    ],
    ids=["html", "truncated", "jsonp", "two", "binary", "deep", "deep objects", "long"],
)
async def test_what_is_not_json_is_an_invalid_response(
    serve: Serve,
    session: aiohttp.ClientSession,
    loads: Callable[[bytes], object],
    body: bytes,
) -> None:
    """HTML, half an answer, nesting without end: a typed error without the body."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    transport = Transport(session, RequestQueue(), await serve(handler), loads=loads)
    error = await failure(transport.request("GET", "/x"))
    assert type(error) is InvalidResponse
    assert str(error) == "GET /x: not JSON"
    assert error.__context__ is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (304, Rejected),
        (400, Rejected),
        (401, AuthenticationFailed),
        (403, AccessDenied),
        (404, NotFound),
        (405, MethodNotAllowed),
        (409, Rejected),
        (422, Rejected),
        (429, RateLimited),
        (500, Unreachable),
        (501, Unreachable),
        (502, Unreachable),
        (503, Unreachable),
        (599, Unreachable),
    ],
)
async def test_every_status_has_its_error(
    serve: Serve,
    session: aiohttp.ClientSession,
    status: int,
    kind: type[ProviderError],
) -> None:
    """A status that is no success raises the error that stands for it."""
    transport = await answer(serve, session, status=status)
    error = await failure(transport.request("GET", "/x"))
    assert type(error) is kind
    assert str(error) == f"GET /x: HTTP {status}"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206])
async def test_every_success_is_one(
    serve: Serve, session: aiohttp.ClientSession, status: int
) -> None:
    """Ocean logs in with 200 or 201; no content is None."""
    transport = await answer(serve, session, status=status)
    response = await transport.request("GET", "/x")
    assert (response.status, response.data) == (status, None)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"error": "invalid_grant", "error_description": "x"}', "invalid_grant"),
        (b'{"Message": " Wrong date ", "code": 3}', "Wrong date"),
        (b'{"error": null, "message": "here"}', "here"),
        (b'{"error": "BAD_REQUEST", "message": "from: no date"}', "from: no date"),
        (b'{"error_description": "MFA needed"}', "MFA needed"),
        ('{"message": "Accès refusé"}'.encode("latin-1"), "Acc\ufffds refus\ufffd"),
        (b'{"error": {"code": 1}}', None),
        (b'"text"', None),
        (b"<html>", None),
        pytest.param(b"[" * 500_000, None, id="deep"),
        (b"", None),
        pytest.param(
            json.dumps({"message": "x" * 5000}).encode(), "x" * 200, id="long"
        ),
    ],
)
async def test_a_rejection_keeps_the_vendors_word(
    serve: Serve, session: aiohttp.ClientSession, body: bytes, reason: str | None
) -> None:
    """The reason is the vendor's, short, and never part of the message."""
    transport = await answer(serve, session, status=400, body=body)
    error = await failure(transport.request("GET", "/x"))
    assert isinstance(error, Rejected)
    assert (error.status, error.reason) == (400, reason)
    assert str(error) == "GET /x: HTTP 400"


# How large it may be.


@pytest.mark.parametrize("extra", [0, 1])
async def test_the_limit_is_exact(
    serve: Serve,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    extra: int,
) -> None:
    """An answer of just the limit is read, one byte more is refused."""
    monkeypatch.setattr(door, "MAXIMUM_SIZE", 1000)
    body = b'"' + b"x" * (998 + extra) + b'"'
    transport = await answer(serve, session, body=body)
    if extra:
        error = await failure(transport.request("GET", "/x"))
        assert type(error) is InvalidResponse
        assert str(error) == "GET /x: more than 1000 bytes"
    else:
        assert (await transport.request("GET", "/x")).data == "x" * 998


async def test_the_limit_counts_what_was_unpacked(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    """A bomb of 64 KB that unpacks to 64 MB is an invalid response."""
    bomb = gzip.compress(b" " * (64 * 1024 * 1024), compresslevel=1)
    assert len(bomb) < 1024 * 1024
    transport = await answer(
        serve, session, body=bomb, headers={"Content-Encoding": "gzip"}
    )
    error = await failure(transport.request("GET", "/x"))
    assert type(error) is InvalidResponse
    assert str(error) == "GET /x: more than 33554432 bytes"


async def test_an_answer_without_end_is_cut_off(
    serve: Serve, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream is not read for longer than the limit."""
    monkeypatch.setattr(door, "MAXIMUM_SIZE", 1024 * 1024)

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)

    transport = Transport(session, RequestQueue(), await serve(handler))
    async with asyncio.timeout(5):
        error = await failure(transport.request("GET", "/x"))
    assert type(error) is InvalidResponse


async def test_a_packed_answer_is_unpacked(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    """Compression is the usual case and costs the caller nothing."""
    transport = await answer(
        serve,
        session,
        body=gzip.compress(b'{"a": 1}'),
        headers={"Content-Encoding": "gzip"},
    )
    assert (await transport.request("GET", "/x")).data == {"a": 1}


@pytest.mark.parametrize("extra", [0, 1])
async def test_a_large_answer_is_not_kept(
    serve: Serve,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    extra: int,
) -> None:
    """What comes once more is not read once more, but not at the price of memory."""
    monkeypatch.setattr(door, "MOST_KEPT", 1000)
    bodies = [b'"small"', b'"' + b"x" * (998 + extra) + b'"']
    read: list[bytes] = []

    def loads(body: bytes) -> object:
        read.append(body)
        return json.loads(body)

    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=bodies[request.path == "/large"])

    transport = Transport(session, RequestQueue(), await serve(handler), loads=loads)
    for path in (*("/small",) * 3, *("/large",) * 3):
        await transport.request("GET", path)
    # The first time nobody knows that it is asked again.
    assert read.count(bodies[0]) == 2
    assert read.count(bodies[1]) == 2 + extra


# What the network does.


async def test_nobody_there(session: aiohttp.ClientSession) -> None:
    """A refused connection is an outage."""
    # Bound but not listening: nobody else gets the port meanwhile.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        transport = Transport(session, RequestQueue(), f"http://127.0.0.1:{port}")
        error = await failure(transport.request("GET", "/x"))
    assert type(error) is Unreachable
    assert error.__context__ is None


@pytest.mark.parametrize(
    "body",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1, 2",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1, 2",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n[]",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"",
    ],
    ids=["short", "half", "chunks", "gzip", "length", "other", "closed"],
)
async def test_a_broken_conversation_is_an_outage(
    session: aiohttp.ClientSession, serve_raw: ServeRaw, body: bytes
) -> None:
    """A cut or garbled answer is no answer."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(body)
        await writer.drain()

    transport = Transport(session, RequestQueue(), await serve_raw(talk))
    error = await failure(transport.request("GET", "/x"))
    assert type(error) is Unreachable
    assert str(error).startswith("GET /x: ")
    assert error.__context__ is None


@pytest.mark.parametrize(("method", "received"), [("GET", 3), ("POST", 2)])
async def test_a_connection_that_was_closed_while_idle(
    session: aiohttp.ClientSession, serve_raw: ServeRaw, method: str, received: int
) -> None:
    """A GET on it is sent again, unseen; a POST may have been acted upon, so it fails."""
    requests: list[int] = []
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        requests.append(connections)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        await writer.drain()
        # The second request on a connection meets its end.
        await reader.readuntil(b"\r\n\r\n")
        requests.append(connections)

    transport = Transport(session, RequestQueue(), await serve_raw(talk))
    await transport.request("GET", "/x")
    if method == "GET":
        assert (await transport.request("GET", "/x")).data == []
    else:
        assert type(await failure(transport.request("POST", "/x"))) is Unreachable
    assert requests == [1, 1, 2][:received]


async def test_a_vendor_that_never_answers(
    session: aiohttp.ClientSession, serve_raw: ServeRaw
) -> None:
    """Silence ends in a timeout, and the next request has its turn."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    transport = Transport(session, RequestQueue(), await serve_raw(talk), timeout=QUICK)
    for _ in range(2):
        async with asyncio.timeout(1):
            error = await failure(transport.request("GET", "/x"))
        assert type(error) is RequestTimeout
        assert str(error) == "GET /x: no answer in time"
        assert error.__context__ is None


async def test_a_vendor_that_stops_in_the_middle(
    session: aiohttp.ClientSession, serve_raw: ServeRaw
) -> None:
    """The read timeout also counts between two parts of an answer."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1, 2")
        await reader.read()

    transport = Transport(session, RequestQueue(), await serve_raw(talk), timeout=QUICK)
    async with asyncio.timeout(1):
        error = await failure(transport.request("GET", "/x"))
    assert type(error) is RequestTimeout


async def test_a_vendor_that_drips(
    session: aiohttp.ClientSession, serve_raw: ServeRaw
) -> None:
    """A byte now and then does not keep a request alive for ever."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    transport = Transport(
        session,
        RequestQueue(),
        await serve_raw(talk),
        timeout=aiohttp.ClientTimeout(total=0.3, sock_read=10),
    )
    async with asyncio.timeout(5):
        error = await failure(transport.request("GET", "/x"))
    assert type(error) is RequestTimeout


async def test_a_connection_that_is_never_made(
    session: aiohttp.ClientSession, serve_raw: ServeRaw
) -> None:
    """Connecting has a timeout of its own; the TLS handshake belongs to it."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    base = (await serve_raw(talk)).replace("http:", "https:")
    transport = Transport(
        session,
        RequestQueue(),
        base,
        timeout=aiohttp.ClientTimeout(sock_connect=0.1, sock_read=10),
    )
    async with asyncio.timeout(5):
        error = await failure(transport.request("GET", "/x"))
    assert type(error) is RequestTimeout


# When the vendor wants fewer requests.


# Stands for the date in ten minutes, when the test runs.
TEN_MINUTES = "in ten minutes"
# A vendor whose clock is years behind.
SKEWED = datetime(2020, 1, 1, tzinfo=UTC)


def http_date(clock: datetime, seconds: float = 0) -> str:
    """Return the HTTP date so many seconds after a clock's time."""
    return format_datetime(clock + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({"Retry-After": "17"}, 17, 17),
        ({"Retry-After": " 0.5 "}, 0.5, 0.5),
        ({"Retry-After": TEN_MINUTES}, 590, 600),
        ({"Retry-After": http_date(SKEWED, 90), "Date": http_date(SKEWED)}, 90, 90),
        ({"Retry-After": TEN_MINUTES, "Date": "noon"}, 590, 600),
        ({"Retry-After": "99999999999"}, 86400, 86400),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, 86400, 86400),
        # For no wait at all: our own back-off.
        ({"Retry-After": "0"}, 24, 30),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 24, 30),
    ],
)
async def test_retry_after_is_obeyed(
    serve: Serve,
    session: aiohttp.ClientSession,
    status: int,
    headers: dict[str, str],
    low: float,
    high: float,
) -> None:
    """Seconds or a date, by the vendor's own clock; never above a day."""
    if headers["Retry-After"] == TEN_MINUTES:
        headers = {**headers, "Retry-After": http_date(datetime.now(UTC), 600)}
    transport = await answer(serve, session, status=status, headers=headers)
    error = await failure(transport.request("GET", "/x"))
    assert type(error) is RateLimited
    assert low <= error.retry_after <= high


@pytest.mark.parametrize(
    "wish", [None, "", "soon", "-5", "nan", "1e999", "Wed, 99 Oct 2015 07:28:00 GMT"]
)
async def test_without_a_wish_that_can_be_read_the_back_off_counts(
    serve: Serve, session: aiohttp.ClientSession, wish: str | None
) -> None:
    """A 429 with noise is a 429 without the header."""
    headers = {} if wish is None else {"Retry-After": wish}
    transport = await answer(serve, session, status=429, headers=headers)
    error = await failure(transport.request("GET", "/x"))
    assert type(error) is RateLimited
    assert 24 <= error.retry_after <= 30


async def test_the_back_off_doubles_until_an_answer_comes(
    serve: Serve, session: aiohttp.ClientSession, clock: Clock
) -> None:
    """Each 429 doubles the wait; a success starts over, an exempt one does not."""
    status = 429

    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=200 if request.path == "/login" else status)

    transport = Transport(session, RequestQueue(), await serve(handler))

    async def refused() -> float:
        error = await failure(transport.request("GET", "/x"))
        assert isinstance(error, RateLimited)
        clock.now += error.retry_after
        return error.retry_after

    assert 24 <= await refused() <= 30
    assert 48 <= await refused() <= 60
    await transport.request("POST", "/login", exempt=True)
    assert 96 <= await refused() <= 120
    status = 200
    await transport.request("GET", "/x")
    status = 429
    assert 24 <= await refused() <= 30


async def test_a_refusal_holds_everybody_of_the_account(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    """Two transports of one account share a queue: a 429 of one holds the other."""
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(status=429, headers={"Retry-After": "3600"})

    base = await serve(handler)
    queue = RequestQueue()
    first, second = (Transport(session, queue, base) for _ in range(2))
    outcomes = await asyncio.gather(
        first.request("GET", "/a"),
        second.request("GET", "/b"),
        first.request("GET", "/c"),
        return_exceptions=True,
    )
    error = await failure(second.request("POST", "/login", exempt=True))
    assert [type(outcome) for outcome in outcomes] == [RateLimited] * 3
    assert isinstance(error, RateLimited)
    assert 3590 < error.retry_after <= 3600
    assert seen == ["/a"]
    assert queue.sent_last_hour == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, AuthenticationFailed), (403, AccessDenied), (500, Unreachable)],
)
async def test_retry_after_on_another_status_holds_nothing(
    serve: Serve, session: aiohttp.ClientSession, status: int, kind: type[ProviderError]
) -> None:
    """A 401 with Retry-After is a 401: the token is renewed without a wait."""
    transport = await answer(
        serve, session, status=status, headers={"Retry-After": "3600"}
    )
    for _ in range(2):
        async with asyncio.timeout(1):
            assert type(await failure(transport.request("GET", "/x"))) is kind


async def test_two_transports_of_an_account_take_turns(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    """The server never sees two requests of an account at once, and all in order."""
    seen: list[str] = []
    active = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal active
        active += 1
        assert active == 1
        seen.append(request.path)
        await asyncio.sleep(0.01)
        active -= 1
        return web.json_response([])

    base = await serve(handler)
    queue = RequestQueue()
    transports = [Transport(session, queue, base) for _ in range(2)]
    await asyncio.gather(*(transports[n % 2].request("GET", f"/{n}") for n in range(8)))
    assert seen == [f"/{n}" for n in range(8)]
    assert queue.sent_last_hour == 8


async def test_the_vendor_sees_the_interval(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    """Requests arrive no closer together than the vendor allows."""
    arrived: list[float] = []
    loop = asyncio.get_running_loop()

    async def handler(request: web.Request) -> web.Response:
        arrived.append(loop.time())
        return web.Response(status=500 if len(arrived) == 2 else 200)

    transport = Transport(session, RequestQueue(0.1), await serve(handler))
    await asyncio.gather(
        *(transport.request("GET", "/x") for _ in range(4)), return_exceptions=True
    )
    gaps = [later - sooner for sooner, later in pairwise(arrived)]
    assert len(gaps) == 3
    assert min(gaps) >= 0.1


async def test_a_cancelled_request_makes_way(
    session: aiohttp.ClientSession, serve_raw: ServeRaw
) -> None:
    """Who gives up while the vendor is silent does not block the line."""
    silent = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET /hang"):
            silent.set()
            await reader.read()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n7")
        await writer.drain()

    transport = Transport(session, RequestQueue(), await serve_raw(talk))
    hanging = asyncio.create_task(transport.request("GET", "/hang"))
    waiting = asyncio.create_task(transport.request("GET", "/next"))
    await silent.wait()
    hanging.cancel()
    async with asyncio.timeout(2):
        assert (await waiting).data == 7
    assert hanging.cancelled()
