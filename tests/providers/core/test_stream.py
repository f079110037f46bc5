"""A stream that stays open is one request, and fails with the errors of any other."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import web
import pytest

from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
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

from .conftest import Serve, ServeRaw

EVENTS = {"Content-Type": "text/event-stream; charset=utf-8"}


def streaming(
    *pieces: bytes, wait: asyncio.Event | None = None
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return a handler that streams pieces, and stays open until the event."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=EVENTS)
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(0.01)
        if wait is not None:
            await wait.wait()
        return response

    return handler


async def collected(transport: Transport, path: str = "/live") -> bytes:
    """Return all that a stream says until it ends."""
    async with transport.stream(path, headers={"X-T": "1"}, silence=0.3) as pieces:
        return b"".join([piece async for piece in pieces])


async def test_pieces_come_until_the_end(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    """It asks for events, with what was to go along."""
    seen: list[web.Request] = []
    stream = streaming(b"data: 1\n\n", b"data: 2\n\n")

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.append(request)
        return await stream(request)

    queue = RequestQueue()
    transport = Transport(session, queue, f"{await serve(handler)}/base")
    async with transport.stream("/live", params={"a": "1"}, silence=1) as pieces:
        text = b"".join([piece async for piece in pieces])
    assert text == b"data: 1\n\ndata: 2\n\n"
    assert seen[0].path_qs == "/base/live?a=1"
    assert seen[0].headers["Accept"] == "text/event-stream"
    assert queue.sent_last_hour == 1


async def test_open_stream_holds_up_nobody(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    """Neither before its answer begins nor while it goes on."""
    release = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path == "/poll":
            return web.json_response([1])
        if request.path == "/late":
            await release.wait()
        return await streaming(b":\n", wait=release)(request)

    queue = RequestQueue()
    transport = Transport(session, queue, await serve(handler))
    async with asyncio.timeout(5):
        async with transport.stream("/live", silence=5) as pieces:
            async for piece in pieces:
                assert piece == b":\n"
                break
            assert (await transport.request("GET", "/poll")).data == [1]
        late = asyncio.create_task(collected(transport, "/late"))
        await asyncio.sleep(0.05)
        assert (await transport.request("GET", "/poll")).data == [1]
        release.set()
        assert await late == b":\n"
    assert queue.sent_last_hour == 4


async def test_silence_ends_it(serve: Serve, session: aiohttp.ClientSession) -> None:
    """Whether it was never answered or fell silent."""
    never = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path == "/late":
            await never.wait()
        return await streaming(b"data: 1\n\n", wait=never)(request)

    transport = Transport(session, RequestQueue(), await serve(handler))
    for path in ("/live", "/late"):
        with pytest.raises(RequestTimeout):
            await collected(transport, path)
    never.set()


async def test_long_life_is_no_timeout(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    """The time that an ordinary answer may take is not the stream's."""
    quick = aiohttp.ClientTimeout(total=0.2, sock_read=0.1)
    pieces = [b"data: 1\n\n"] * 40
    base = await serve(streaming(*pieces))
    transport = Transport(session, RequestQueue(), base, timeout=quick)
    assert await collected(transport) == b"".join(pieces)


async def test_broken_connection_is_an_outage(
    serve_raw: ServeRaw, session: aiohttp.ClientSession
) -> None:
    """In the middle of the answer, or before it, or with nobody there."""

    async def breaks(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
        writer.write(b"Transfer-Encoding: chunked\r\n\r\n3\r\n:\r\n\r\n")
        await writer.drain()

    async def hangs_up(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")

    for base in (
        await serve_raw(breaks),
        await serve_raw(hangs_up),
        "http://127.0.0.1:9",
    ):
        with pytest.raises(Unreachable):
            await collected(Transport(session, RequestQueue(), base))


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (401, {}, AuthenticationFailed),
        (403, {}, AccessDenied),
        (404, {}, NotFound),
        (400, {}, Rejected),
        (429, {"Retry-After": "7"}, RateLimited),
        (500, {}, Unreachable),
        (200, {"Content-Type": "text/html"}, InvalidResponse),
        (200, {"Content-Type": "application/json"}, InvalidResponse),
        (302, {"Location": "http://127.0.0.1:9/live"}, InvalidResponse),
        (302, {"Location": "/live"}, InvalidResponse),
    ],
)
async def test_every_refusal_has_its_error(
    serve: Serve,
    session: aiohttp.ClientSession,
    status: int,
    headers: dict[str, str],
    error: type[ProviderError],
) -> None:
    """The same as of any other request, and no secret hangs on to it."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers)

    queue = RequestQueue()
    transport = Transport(session, queue, await serve(handler))
    with pytest.raises(ProviderError) as caught:
        await collected(transport)
    assert type(caught.value) is error
    assert str(caught.value).startswith("GET /live: ")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    if error is RateLimited:
        assert isinstance(caught.value, RateLimited)
        assert caught.value.retry_after == pytest.approx(7, abs=0.5)


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {}, 0),
        (429, {"Retry-After": "3600"}, 3600),
        (503, {"Retry-After": "3600"}, 3600),
        (429, {"Retry-After": "1e9"}, 24 * 3600),
    ],
)
async def test_a_refusal_of_the_stream_is_not_the_polls(
    serve: Serve,
    session: aiohttp.ClientSession,
    status: int,
    headers: dict[str, str],
    wait: float,
) -> None:
    """One stream too many is no reason to go without the fleet for an hour."""

    async def handler(request: web.Request) -> web.Response:
        if request.path == "/poll":
            return web.json_response([1])
        return web.Response(status=status, headers=headers)

    transport = Transport(session, RequestQueue(), await serve(handler))
    with pytest.raises(RateLimited) as caught:
        await collected(transport)
    assert caught.value.retry_after == wait
    async with asyncio.timeout(5):
        assert (await transport.request("GET", "/poll")).data == [1]


async def test_redirect_on_the_same_origin_is_followed(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    """Each step is a request of its own."""

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path == "/live":
            return web.Response(status=307, headers={"Location": "/moved"})
        assert request.headers["X-T"] == "1"
        return await streaming(b"data: 1\n\n")(request)

    queue = RequestQueue()
    transport = Transport(session, queue, await serve(handler))
    assert await collected(transport) == b"data: 1\n\n"
    assert queue.sent_last_hour == 2


async def test_path_that_leads_out_of_the_base_is_not_opened(
    session: aiohttp.ClientSession,
) -> None:
    """As with any other request."""
    transport = Transport(session, RequestQueue(), "http://127.0.0.1:9/base")
    with pytest.raises(Rejected):
        await collected(transport, "/../live")


async def test_who_stops_listening_hangs_up(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    """The vendor sees the end of the connection, nothing is kept open for later."""
    gone = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=EVENTS)
        await response.prepare(request)
        try:
            while True:
                await response.write(b":\n")
                await asyncio.sleep(0.01)
        finally:
            gone.set()

    transport = Transport(session, RequestQueue(), await serve(handler))
    async with transport.stream("/live", silence=1) as pieces:
        async for _ in pieces:
            break
    async with asyncio.timeout(5):
        await gone.wait()
