"""The way tests and demos steer a simulated vendor, beside its own service."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
import json
from typing import TYPE_CHECKING, Final

from aiohttp import web

from .faults import Fault

if TYPE_CHECKING:
    from .server import VendorServer

CONTROL_PREFIX: Final = "/_control/"
_FAULT_FIELDS: Final = frozenset(field.name for field in fields(Fault))

type Command = Callable[[Mapping[str, object]], object]


class Control:
    """Answers below /_control/: JSON in, JSON out, never a fault or a limit.

    A vehicle is named by the vendor's id of it. `commands` maps (method, name)
    to what happens; vendors add their own.
    """

    def __init__(self, server: VendorServer) -> None:
        """Steer `server`."""
        self._server = server
        self.commands: dict[tuple[str, str], Command] = {
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "refuel"): self._refuel,
            ("POST", "steal"): self._steal,
            ("POST", "private"): self._private,
            ("POST", "online"): self._online,
            ("POST", "expire_tokens"): self._expire_tokens,
            ("POST", "credentials"): self._credentials,
            ("POST", "add_vehicle"): self._add_vehicle,
            ("POST", "remove_vehicle"): self._remove_vehicle,
            ("GET", "world"): self._world,
            ("GET", "requests"): self._requests,
        }

    async def answer(self, request: web.Request) -> web.Response:
        """Carry out one command; 400 with the reason when it makes no sense."""
        name = request.path.removeprefix(CONTROL_PREFIX).rstrip("/").lower()
        command = self.commands.get((request.method, name))
        if command is None:
            return web.json_response({"error": "no such command"}, status=404)
        try:
            answer = command(_object(await request.read()))
        except (KeyError, TypeError, ValueError) as err:
            return web.json_response({"error": str(err)}, status=400)
        return web.Response(
            text=json.dumps(answer, default=_plain), content_type="application/json"
        )

    def _vehicle(self, given: Mapping[str, object]) -> int:
        vehicle_id = self._server.vehicle_id(given["vehicle"])
        if vehicle_id is None:
            raise ValueError("no such vehicle")
        return vehicle_id

    def _add_fault(self, given: Mapping[str, object]) -> object:
        if unknown := given.keys() - _FAULT_FIELDS:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        # The values come from a person at a prompt: they are checked in use.
        fault = Fault(**{**given, "keep": tuple(_texts(given.get("keep", [])))})  # type: ignore[arg-type]
        self._server.faults.append(fault)
        return asdict(fault)

    def _clear_faults(self, given: Mapping[str, object]) -> object:
        self._server.faults.clear()
        return {}

    def _refuel(self, given: Mapping[str, object]) -> object:
        record = self._server.world.refuel(self._vehicle(given), _volume(given))
        return asdict(record)

    def _steal(self, given: Mapping[str, object]) -> object:
        record = self._server.world.steal(self._vehicle(given), _volume(given))
        return asdict(record)

    def _private(self, given: Mapping[str, object]) -> object:
        self._server.world.set_private(self._vehicle(given), bool(given["private"]))
        return {}

    def _online(self, given: Mapping[str, object]) -> object:
        self._server.world.set_online(self._vehicle(given), bool(given["online"]))
        return {}

    def _expire_tokens(self, given: Mapping[str, object]) -> object:
        self._server.expire_tokens()
        return {}

    def _credentials(self, given: Mapping[str, object]) -> object:
        if unknown := given.keys() - self._server.credentials.keys():
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        self._server.change_credentials(
            **{key: str(value) for key, value in given.items()}
        )
        return {}

    def _add_vehicle(self, given: Mapping[str, object]) -> object:
        spec = self._server.world.add_vehicle()
        return {"vehicle": self._server.vendor_id(spec.vehicle_id), **asdict(spec)}

    def _remove_vehicle(self, given: Mapping[str, object]) -> object:
        self._server.world.remove_vehicle(self._vehicle(given))
        return {}

    def _world(self, given: Mapping[str, object]) -> object:
        world = self._server.world
        return {
            "now": world.now(),
            "vehicles": [
                {
                    "vehicle": self._server.vendor_id(state.vehicle_id),
                    "plate": world.vehicles[state.vehicle_id].plate,
                    **asdict(state),
                }
                for state in world.states()
            ],
        }

    def _requests(self, given: Mapping[str, object]) -> object:
        return {"requests": [asdict(request) for request in self._server.requests]}


def _object(body: bytes) -> Mapping[str, object]:
    given = json.loads(body or b"{}")
    if not isinstance(given, dict):
        raise TypeError("a JSON object is expected")
    return given


def _volume(given: Mapping[str, object]) -> float | None:
    volume = given.get("volume")
    if volume is None or isinstance(volume, (int, float)):
        return volume
    raise ValueError("volume is a number of litres")


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, (list, tuple)) else []


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
