"""No failure's text gives away what was sent or answered."""

import asyncio
import logging
import traceback

import aiohttp
from aiohttp import web
import pytest

from custom_components.fleet_telematics.providers.errors import ProviderError
from custom_components.fleet_telematics.providers.transport import (
    RequestQueue,
    Transport,
)

from .conftest import Serve, ServeRaw

SECRET = "hunter2"
QUICK = aiohttp.ClientTimeout(total=0.3)
STATUSES = [200, 302, 303, 400, 401, 403, 404, 405, 422, 429, 500, 503]


async def every_text(
    session: aiohttp.ClientSession, base: str, caplog: pytest.LogCaptureFixture
) -> str:
    """Send secrets in every way there is; return all that is told of the failures."""
    caplog.set_level(logging.DEBUG)
    told = []
    for method in ("GET", "POST"):
        for body in ({"json_body": {"password": SECRET}}, {"form": {"pass": SECRET}}):
            # A queue for each: one refusal would answer for the rest.
            transport = Transport(session, RequestQueue(), base, timeout=QUICK)
            with pytest.raises(ProviderError) as caught:
                await transport.request(
                    method,
                    f"/login?token={SECRET}",
                    params={"accessToken": SECRET},
                    headers={"Authorization": f"Bearer {SECRET}"},
                    **body,  # type: ignore[arg-type]
                )
            error = caught.value
            assert str(error).startswith(f"{method} /login: ")
            told += [str(error), repr(error), repr(error.args)]
            told += traceback.format_exception(error)
            # What hangs on to an error is kept, and logged, with it.
            assert error.__cause__ is None
            assert error.__context__ is None
    # The server's own log is the vendor's.
    told += [
        record.getMessage()
        for record in caplog.records
        if record.name != "aiohttp.access"
    ]
    return "\n".join(told)


@pytest.mark.parametrize("status", STATUSES)
async def test_an_answer_that_quotes_the_request(
    serve: Serve,
    session: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    """The vendor repeats our secrets wherever it can; our errors do not."""

    async def handler(request: web.Request) -> web.Response:
        return web.Response(
            status=status,
            reason=f"No {SECRET}",
            text=f'error: "{SECRET}"',
            headers={
                "Location": f"http://127.0.0.2/{SECRET}?{SECRET}",
                "X-Echo": SECRET,
            },
        )

    assert SECRET not in await every_text(session, await serve(handler), caplog)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        f"{SECRET}\r\n",
        f"HTTP/1.1 {SECRET}\r\n\r\n",
        f"HTTP/1.1 200 OK\r\n{SECRET}\r\n\r\n",
        f"HTTP/1.1 200 OK\r\nContent-Length: {SECRET}\r\n\r\n",
        f"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{SECRET}",
        f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 7\r\n\r\n{SECRET}",
    ],
)
async def test_a_conversation_that_breaks(
    session: aiohttp.ClientSession,
    serve_raw: ServeRaw,
    caplog: pytest.LogCaptureFixture,
    answer: str | None,
) -> None:
    """Nor do those of the network, whose own texts quote whole addresses."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await reader.read()
        else:
            writer.write(answer.encode())
            await writer.drain()

    assert SECRET not in await every_text(session, await serve_raw(talk), caplog)
