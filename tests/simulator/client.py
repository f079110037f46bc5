"""A plain HTTP client of a simulated vendor."""

from collections.abc import Mapping
import json
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp

from simulator.server import VendorServer


class Client:
    """Sends requests with a token, if there is one, and reads JSON answers.

    Paths hang on the vendor's base address, those of the control endpoint on its
    host; a whole address is taken as it is.
    """

    def __init__(self, server: VendorServer) -> None:
        """Talk to `server`."""
        self.server = server
        self.token: object = None
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))

    async def __aenter__(self) -> Self:
        """Return the client."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self.session.close()

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a request."""
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    def address(self, path: str) -> str:
        """Return the address of a path."""
        if path.startswith("http"):
            return path
        if path.startswith("/_control/"):
            split = urlsplit(self.server.url)
            return f"{split.scheme}://{split.netloc}{path}"
        return self.server.url + path

    # The JSON of tests is looked into freely: Any is what keeps them readable.

    async def send(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Return the status and the JSON of an answer."""
        async with self.session.request(
            method,
            self.address(path),
            headers=self.headers,
            allow_redirects=False,
            **more,
        ) as response:
            return response.status, json.loads(await response.read() or b"null")

    async def get(
        self, path: str, params: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Send a GET."""
        return await self.send("GET", path, params=params)

    async def post(self, path: str, body: object) -> tuple[int, Any]:
        """Send a POST with a JSON body."""
        return await self.send("POST", path, json=body)

    @staticmethod
    def loads(body: bytes) -> Any:
        """Read JSON."""
        return json.loads(body)

    @staticmethod
    def mapping(value: object) -> Mapping[str, Any]:
        """Return a JSON object as one."""
        assert isinstance(value, dict)
        return value
