"""What tests that are the same for all vendors have to know of each."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

import pytest

from simulator.server import VendorServer


def _username(server: VendorServer) -> str:
    return server.credentials["username"].casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """The facts of one vendor.

    `account` is the account's id, `identity` the field that tells accounts apart
    and `secret` the one that is refused. `poll` is a part of the path that lists
    the vehicles, `ids` are the keys there without which it is no list. `described`
    are what a device tells of: plate, make, model, vin. `hidden`
    are the sensors that a private vehicle does not show; None where the vendor
    has no private mode.
    """

    account: Callable[[VendorServer], str] = _username
    identity: str = "username"
    secret: str = "password"
    poll: str
    ids: tuple[str, ...]
    described: tuple[str, ...] = ()
    hidden: tuple[str, ...] | None = None


VENDORS = {
    "fleetgo": Vendor(
        poll="GetFleet",
        ids=("Id",),
        described=("plate", "make", "model"),
        hidden=("speed", "address"),
    ),
    "ocean": Vendor(
        poll="vehiclePositions",
        ids=("id",),
        described=("plate", "make", "model", "vin"),
        hidden=("address",),
    ),
    "fleetwork": Vendor(
        account=lambda server: sha256(
            server.credentials["api_key"].encode()
        ).hexdigest()[:16],
        identity="api_key",
        secret="api_key",
        poll="gps-tracking/users",
        ids=("vehicleId", "deviceId", "userId", "totalCount", "totalPages"),
    ),
    "movens": Vendor(
        account=lambda server: f"127.0.0.1:{server.port}/{_username(server)}",
        poll="list-descendants-vehicles",
        ids=("ID", "Result"),
        described=("plate", "vin"),
    ),
    "trackgps": Vendor(
        poll="company-vehicles",
        ids=("vehicleId", "isSuccess"),
        described=("plate", "make", "model", "vin"),
        hidden=("speed", "address"),
    ),
}
WITH_PRIVATE_MODE = tuple(
    key for key, vendor in VENDORS.items() if vendor.hidden is not None
)


def vendors(*keys: str) -> pytest.MarkDecorator:
    """Return what lets a test's `server` be these vendors alone."""
    return pytest.mark.parametrize("server", keys, indirect=True)


def fact(server: VendorServer) -> Vendor:
    """Return the facts of a server's vendor."""
    return VENDORS[server.key]


class _Numbered(Protocol):
    def vendor_id(self, vehicle_id: int) -> int | str:
        """Return the vendor's id of one of the world's vehicles."""


def vehicle_of(server: _Numbered, vehicle_id: int) -> str:
    """Return our id of one of the world's vehicles.

    Fleetwork's trackers and people have ids that customers choose, so that ours
    say which of both it is.
    """
    found = str(server.vendor_id(vehicle_id))
    kind = found.partition("-")[0]
    return f"{kind}:{found}" if kind in ("device", "user") else found
