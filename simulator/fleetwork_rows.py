"""Who Fleetwork tracks: drivers, vehicles and devices, and the points they sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from custom_components.fleet_telematics.providers.demo.records import (
    VehicleSpec,
    VehicleState,
)
from custom_components.fleet_telematics.providers.demo.world import World

LOST_AFTER: Final = timedelta(minutes=15)
# When the vehicles that somebody parked for good told of themselves.
EXTRA_TIME: Final = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)
_STEP: Final = timedelta(seconds=30)
_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """The vendor's three kinds of id; at least one is there."""

    user: str | None = None
    vehicle: str | None = None
    device: str | None = None

    @property
    def first(self) -> str:
        """The id that names the vehicle best."""
        return self.vehicle or self.device or self.user or ""

    def shares(self, other: Ids) -> bool:
        """Say whether one id is the same."""
        pairs = (
            (self.user, other.user),
            (self.vehicle, other.vehicle),
            (self.device, other.device),
        )
        return any(one is not None and one == another for one, another in pairs)

    def matches(self, wanted: Ids) -> bool:
        """Say whether every id that is wanted is the same."""
        return (
            wanted.user in (None, self.user)
            and wanted.vehicle in (None, self.vehicle)
            and wanted.device in (None, self.device)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A position as it was sent; `time` is true time."""

    ids: Ids
    time: datetime
    latitude: float
    longitude: float
    speed: float = 0.0
    heading: int = 0
    data: str | None = None
    metadata: Mapping[str, object] | None = None

    def status(self, now: datetime) -> int:
        """Return 0 for no signal, 1 for moving, 2 for standing."""
        return 0 if now - self.time > LOST_AFTER else self.motion

    @property
    def motion(self) -> int:
        """1 for moving, 2 for standing."""
        return 1 if self.speed > 0 else 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Somebody who is tracked; the name is a person's."""

    ids: Ids
    latest: Point
    name: str | None = None
    group: str | None = None
    vehicle_id: int | None = None


def ids_of(spec: VehicleSpec) -> Ids:
    """Return the ids that an account uses for a vehicle; they come in all kinds."""
    user = f"user-{spec.driver.id}"
    vehicle = f"vehicle-{spec.vehicle_id}"
    device = f"device-{spec.vehicle_id}"
    match spec.vehicle_id % 5:
        case 2:
            return Ids(vehicle=vehicle)
        case 3:
            return Ids(device=device)
        case 4:
            return Ids(user=user)
        case _:
            return Ids(user=user, vehicle=vehicle, device=device)


def _metadata(spec: VehicleSpec) -> Mapping[str, object] | None:
    """Return what a device or an app adds: a name under a key of its own, or nothing."""
    match spec.vehicle_id % 5:
        case 2:
            return {"vehicleName": spec.plate}
        case 3:
            return None
        case 4:
            return {"userName": spec.driver.name, "appVersion": "1.2.0"}
        case _:
            return {"name": spec.plate, "battery": 82}


def _point(spec: VehicleSpec, state: VehicleState) -> Point:
    return Point(
        ids=ids_of(spec),
        time=state.time,
        latitude=round(state.latitude, 6),
        longitude=round(state.longitude, 6),
        speed=round(state.speed, 1),
        heading=round(state.heading) % 360,
        metadata=_metadata(spec),
    )


class Tracked:
    """The account: the world's fleet, `extra` parked vehicles, and what was sent."""

    def __init__(self, world: World) -> None:
        """Track a world's fleet."""
        self._world = world
        self.extra = 0
        self.sent: list[Point] = []

    def rows(self) -> list[Row]:
        """Return everybody with the newest point of each."""
        rows = self._accounts()
        for point in self.sent:
            for index, row in enumerate(rows):
                if row.ids.shares(point.ids):
                    if point.time >= row.latest.time:
                        rows[index] = replace(row, latest=point)
                    break
            else:
                rows.append(Row(ids=point.ids, latest=point))
        return rows

    def people(self) -> list[Row]:
        """Return those of the fleet who have a user id."""
        return [row for row in self._accounts() if row.ids.user is not None]

    def latest(self, wanted: Ids) -> Point | None:
        """Return the newest point that carries an id."""
        points = [row.latest for row in self._accounts()]
        return max(
            (point for point in (*points, *self.sent) if point.ids.matches(wanted)),
            key=lambda point: point.time,
            default=None,
        )

    def history(self, wanted: Ids, start: datetime, end: datetime) -> list[Point]:
        """Return the points of a window that carry the ids, on a fixed grid of times.

        The grid is 30 s wide, and coarser for windows of more than a day.
        """
        step = _STEP * max(1, -(-(end - start) // _DAY))
        first = _EPOCH + -(-(start - _EPOCH) // step) * step
        points = [
            _point(spec, state)
            for spec in self._world.vehicles.values()
            if ids_of(spec).matches(wanted)
            for state in self._world.track(spec.vehicle_id, first, end, step)
        ]
        others = (*(row.latest for row in self._parked()), *self.sent)
        points += [
            point
            for point in others
            if point.ids.matches(wanted) and start <= point.time <= end
        ]
        return points

    def _accounts(self) -> list[Row]:
        return [*self._fleet(), *self._parked()]

    def _fleet(self) -> Iterator[Row]:
        for spec in self._world.vehicles.values():
            yield Row(
                ids=ids_of(spec),
                latest=_point(spec, self._world.state(spec.vehicle_id)),
                name=spec.driver.name,
                group=spec.group,
                vehicle_id=spec.vehicle_id,
            )

    def _parked(self) -> Iterator[Row]:
        homes = [spec.home for spec in self._world.vehicles.values()]
        for number in range(self.extra if homes else 0):
            latitude, longitude = homes[number % len(homes)]
            ids = Ids(
                user=f"user-extra-{number:05}",
                vehicle=f"vehicle-extra-{number:05}",
                device=f"device-extra-{number:05}",
            )
            yield Row(
                ids=ids,
                latest=Point(
                    ids=ids,
                    time=EXTRA_TIME,
                    latitude=round(latitude, 6),
                    longitude=round(longitude, 6),
                    metadata={"vehicleName": f"Parked {number:05}"},
                ),
                name=f"Driver {number:05}",
            )
