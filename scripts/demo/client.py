"""A user of Home Assistant: what the browser does, without one."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import aiohttp

from .errors import DemoError

DOMAIN = "fleet_telematics"
FLOW = "/api/config/config_entries/flow"
OPTIONS_FLOW = "/api/config/config_entries/options/flow"


class Socket:
    """An authenticated connection to Home Assistant's websocket API."""

    def __init__(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        """Wrap an authenticated connection."""
        self._connection = connection
        self._number = 0
        self.events: list[dict[str, Any]] = []

    async def call(self, command: str, **fields: Any) -> Any:
        """Send a command and return its result; events meanwhile are kept."""
        self._number += 1
        message = {"id": self._number, "type": command, **fields}
        await self._connection.send_json(message)
        while True:
            answer = await self._connection.receive_json(timeout=10)
            if answer["type"] == "event":
                self.events.append(answer["event"])
            elif answer["id"] == self._number:
                break
        if not answer["success"]:
            raise DemoError(f"{command} failed: {answer['error']['message']}")
        return answer["result"]

    async def listen(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the events that come, until the connection ends."""
        while self.events:
            yield self.events.pop(0)
        async for message in self._connection:
            if message.type is aiohttp.WSMsgType.TEXT:
                answer = message.json()
                if answer["type"] == "event":
                    yield answer["event"]


class Client:
    """Home Assistant as its REST and websocket APIs show it."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        """Address a Home Assistant that may not answer yet."""
        self._session = session
        self._url = url
        self._token = ""

    async def answers(self) -> bool | None:
        """Return true once the API is there."""
        try:
            async with self._session.get(f"{self._url}/api/onboarding") as response:
                return response.status == HTTPStatus.OK or None
        except aiohttp.ClientConnectionError:
            return None

    async def request(self, method: str, path: str, **options: Any) -> Any:
        """Return the JSON answer to a request."""
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        async with self._session.request(
            method, self._url + path, headers=headers, **options
        ) as response:
            if not response.ok:
                raise DemoError(
                    f"{method} {path} answered {response.status}: "
                    f"{await response.text()}"
                )
            return await response.json()

    async def get(self, path: str) -> Any:
        """Return what the API has at a path."""
        return await self.request("GET", path)

    async def post(self, path: str, data: Mapping[str, Any]) -> Any:
        """Send something to the API."""
        return await self.request("POST", path, json=data)

    async def onboard(self, *, name: str, user: str, password: str) -> None:
        """Create the owner and finish the onboarding."""
        answer = await self.post(
            "/api/onboarding/users",
            {
                "client_id": self._client_id,
                "name": name,
                "username": user,
                "password": password,
                "language": "en",
            },
        )
        await self._exchange(answer["auth_code"])
        await self.post("/api/onboarding/analytics", {})
        await self.post(
            "/api/onboarding/integration",
            {"client_id": self._client_id, "redirect_uri": self._client_id},
        )

    async def log_in(self, user: str, password: str) -> None:
        """Get an access token the way the login page does."""
        flow = await self.post(
            "/auth/login_flow",
            {
                "client_id": self._client_id,
                "handler": ["homeassistant", None],
                "redirect_uri": self._client_id,
            },
        )
        answer = await self.post(
            f"/auth/login_flow/{flow['flow_id']}",
            {"client_id": self._client_id, "username": user, "password": password},
        )
        if answer["type"] != "create_entry":
            raise DemoError(f"The login was refused: {answer.get('errors')}")
        await self._exchange(answer["result"])

    async def running(self) -> bool | None:
        """Return true once Home Assistant has finished starting."""
        return (await self.get("/api/core/state"))["state"] == "RUNNING" or None

    async def add_entry(self, provider: str, credentials: Mapping[str, Any]) -> str:
        """Set up a provider through the config flow and return the entry's id."""
        menu = await self.post(FLOW, {"handler": DOMAIN})
        form = await self.post(f"{FLOW}/{menu['flow_id']}", {"next_step_id": provider})
        result = await self.post(f"{FLOW}/{form['flow_id']}", credentials)
        if result["type"] != "create_entry":
            raise DemoError(
                f"Setting up {provider} ended in {result['type']}: "
                f"{result.get('errors') or result.get('reason')}"
            )
        entry_id: str = result["result"]["entry_id"]
        return entry_id

    async def set_options(self, entry_id: str, changes: Mapping[str, Any]) -> None:
        """Change some options of an entry through its options flow."""
        form = await self.post(OPTIONS_FLOW, {"handler": entry_id})
        result = await self.post(
            f"{OPTIONS_FLOW}/{form['flow_id']}", form_values(form) | dict(changes)
        )
        if result["type"] != "create_entry":
            raise DemoError(f"The options were refused: {result.get('errors')}")

    async def entities(self, name: str) -> list[dict[str, Any]]:
        """Return the enabled registry entities of the named provider's account."""
        entries = await self.get(f"/api/config/config_entries/entry?domain={DOMAIN}")
        ids = {one["entry_id"] for one in entries if one["title"].startswith(name)}
        async with self.socket() as socket:
            entities = await socket.call("config/entity_registry/list")
        return [
            entity
            for entity in entities
            if entity["config_entry_id"] in ids and entity["disabled_by"] is None
        ]

    async def states(self, domain: str = "") -> dict[str, dict[str, Any]]:
        """Return all states of a domain by entity id."""
        states = await self.get("/api/states")
        return {
            state["entity_id"]: state
            for state in states
            if state["entity_id"].startswith(domain)
        }

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[Socket]:
        """Open a connection to the websocket API."""
        async with self._session.ws_connect(f"{self._url}/api/websocket") as connection:
            await connection.receive_json(timeout=10)
            await connection.send_json({"type": "auth", "access_token": self._token})
            answer = await connection.receive_json(timeout=10)
            if answer["type"] != "auth_ok":
                raise DemoError(f"The websocket API refused the token: {answer}")
            yield Socket(connection)

    @property
    def _client_id(self) -> str:
        """Return what identifies an application to Home Assistant: its address."""
        return f"{self._url}/"

    async def _exchange(self, code: str) -> None:
        """Trade an authorisation code for an access token."""
        answer = await self.request(
            "POST",
            "/auth/token",
            data={
                "client_id": self._client_id,
                "grant_type": "authorization_code",
                "code": code,
            },
        )
        self._token = answer["access_token"]


def form_values(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that a form is filled with when it opens."""
    values: dict[str, Any] = {}
    for field in form["data_schema"]:
        suggested = (field.get("description") or {}).get("suggested_value")
        if suggested is not None:
            values[field["name"]] = suggested
        elif field.get("default") is not None:
            values[field["name"]] = field["default"]
    return values
