"""Where a vendor may send us, and what goes along."""

import asyncio
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
import ssl

import aiohttp
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
import pytest
from pytest_aiohttp.plugin import AiohttpServer

from custom_components.fleet_telematics.providers.errors import (
    InvalidResponse,
    ProviderError,
)
from custom_components.fleet_telematics.providers.transport import (
    RequestQueue,
    Transport,
)

from .conftest import Clock, Serve

TOKEN = {"Authorization": "Bearer secret", "X-AUTH-TOKEN": "secret"}


class Elsewhere:
    """Another host, that must never hear of us."""

    def __init__(self) -> None:
        """Nothing was heard."""
        self.heard: list[str] = []

    async def handle(self, request: web.Request) -> web.Response:
        """Note a request."""
        self.heard.append(request.path_qs)
        return web.json_response({"stolen": True})


async def refusal(transport: Transport, method: str = "GET") -> ProviderError:
    """Return what a request that is redirected raises."""
    with pytest.raises(ProviderError) as caught:
        await transport.request(method, "/old", headers=TOKEN, params={"key": "secret"})
    return caught.value


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/new?a=1", "new?a=1", "{base}/new?a=1"])
async def test_a_redirect_on_the_same_origin_is_followed(
    serve: Serve, session: aiohttp.ClientSession, status: int, location: str
) -> None:
    """The token goes along, the query is the vendor's."""
    base = ""
    seen: list[tuple[str, str | None]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((request.path_qs, request.headers.get("X-AUTH-TOKEN")))
        if request.path == "/old":
            where = location.replace("{base}", base)
            return web.Response(status=status, headers={"Location": where})
        return web.json_response([1])

    base = await serve(handler)
    queue = RequestQueue()
    transport = Transport(session, queue, base)
    response = await transport.request(
        "GET", "/old", headers=TOKEN, params={"key": "value"}
    )
    assert response.data == [1]
    assert seen == [("/old?key=value", "secret"), ("/new?a=1", "secret")]
    assert queue.sent_last_hour == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_another_host_is_not_followed(
    serve: Serve, session: aiohttp.ClientSession, status: int
) -> None:
    """The other host hears nothing at all, and no token with it."""
    elsewhere = Elsewhere()
    other = await serve(elsewhere.handle)

    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": f"{other}/old"})

    transport = Transport(session, RequestQueue(), await serve(handler))
    for method in ("GET", "POST"):
        error = await refusal(transport, method)
        assert type(error) is InvalidResponse
        assert str(error) == f"{method} /old: redirected away from the vendor"
    assert elsewhere.heard == []


async def test_a_redirect_from_https_to_http_is_not_followed(
    serve: Serve,
    session: aiohttp.ClientSession,
    aiohttp_server: AiohttpServer,
    tmp_path: Path,
) -> None:
    """A token that travels encrypted never travels in the clear."""
    elsewhere = Elsewhere()
    plain = await serve(elsewhere.handle)

    async def handler(request: web.Request) -> web.Response:
        if request.path == "/within":
            return web.json_response({"safe": request.scheme})
        where = "/within" if request.path == "/same" else f"{plain}/within"
        return web.Response(status=302, headers={"Location": where})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    server = await aiohttp_server(app, ssl=_certificate(tmp_path))
    connector = aiohttp.TCPConnector(ssl=False)
    async with aiohttp.ClientSession(connector=connector) as trusting:
        transport = Transport(trusting, RequestQueue(), str(server.make_url("")))
        assert (await transport.request("GET", "/same")).data == {"safe": "https"}
        assert type(await refusal(transport)) is InvalidResponse
    assert elsewhere.heard == []


@pytest.mark.parametrize("status", [301, 302, 303])
async def test_a_post_is_not_turned_into_a_get(
    serve: Serve, session: aiohttp.ClientSession, status: int
) -> None:
    """A login that is sent to a page for people is no answer."""
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(status=status, headers={"Location": "/page"})

    transport = Transport(session, RequestQueue(), await serve(handler))
    assert type(await refusal(transport, "POST")) is InvalidResponse
    assert seen == ["/old"]


@pytest.mark.parametrize("status", [307, 308])
async def test_a_post_is_repeated_where_the_vendor_says_so(
    serve: Serve, session: aiohttp.ClientSession, status: int
) -> None:
    """These two keep method and body."""

    async def handler(request: web.Request) -> web.Response:
        if request.path == "/old":
            return web.Response(status=status, headers={"Location": "/new"})
        return web.json_response([request.method, request.path, await request.json()])

    transport = Transport(session, RequestQueue(), await serve(handler))
    response = await transport.request("POST", "/old", json_body={"a": 1})
    assert response.data == ["POST", "/new", {"a": 1}]


@pytest.mark.parametrize(
    "location",
    [
        None,
        "http://",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "//",
        "mailto:somebody@example.com",
        "javascript:alert(1)",
        "ftp://127.0.0.1/x",
        "https:///x",
        "http://\udcff\udcfe/",
    ],
)
async def test_a_redirect_to_nowhere_is_an_invalid_response(
    serve: Serve, session: aiohttp.ClientSession, location: str | None
) -> None:
    """Noise for a place is a typed error."""

    async def handler(request: web.Request) -> web.Response:
        headers = {} if location is None else {"Location": location}
        return web.Response(status=302, headers=headers)

    transport = Transport(session, RequestQueue(), await serve(handler))
    assert type(await refusal(transport)) is InvalidResponse


async def test_redirects_in_a_circle_end(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    """Three are followed, the fourth is too many."""
    seen: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(status=302, headers={"Location": f"/{len(seen)}"})

    transport = Transport(session, RequestQueue(), await serve(handler))
    error = await refusal(transport)
    assert type(error) is InvalidResponse
    assert str(error) == "GET /old: redirected too often"
    assert seen == ["/old", "/1", "/2", "/3"]


async def test_a_redirect_brings_no_login_of_its_own(
    serve: Serve, session: aiohttp.ClientSession
) -> None:
    """A name and password in the new address are not sent instead of the token."""
    base = ""
    seen: list[str | None] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        if request.path == "/old":
            where = base.replace("http://", "http://eve:pass@") + "/new"
            return web.Response(status=302, headers={"Location": where})
        return web.json_response([])

    base = await serve(handler)
    transport = Transport(session, RequestQueue(), base)
    await transport.request("GET", "/old", headers=TOKEN)
    assert seen == ["Bearer secret", "Bearer secret"]


async def test_a_redirect_keeps_the_vendors_interval(
    serve: Serve, session: aiohttp.ClientSession, clock: Clock
) -> None:
    """Each step is a request of the account, in its turn."""
    arrived: list[float] = []

    async def handler(request: web.Request) -> web.Response:
        arrived.append(clock.now)
        if request.path == "/old":
            return web.Response(status=302, headers={"Location": "/new"})
        return web.json_response([])

    transport = Transport(session, RequestQueue(30), await serve(handler))
    async with asyncio.timeout(5):
        await transport.request("GET", "/old")
    assert arrived == [arrived[0], arrived[0] + 30]


def _certificate(directory: Path) -> ssl.SSLContext:
    """Return a server's TLS context with a certificate of its own making."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = directory / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
