"""The vehicles of the simulated world: makes, plates, drivers and homes."""

from dataclasses import dataclass
from math import prod
from random import Random

from .records import City, Driver, VehicleSpec

_LETTERS = "BDFGHJKLNPRSTVXZ"
_DIGITS = "0123456789"
_VIN_SYMBOLS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
_GROUPS = ("Distribution", "Service")

# Coprime to the number of plates of every pattern, so that no two are the same.
_PLATE_STRIDE = 7919


@dataclass(frozen=True, slots=True, kw_only=True)
class _Type:
    """A type of van, with its maker's code at the head of the VIN."""

    make: str
    model: str
    tank_capacity: float
    maker_code: str


_TYPES = (
    _Type(make="Ford", model="Transit", tank_capacity=95.0, maker_code="WF0"),
    _Type(make="Volkswagen", model="Crafter", tank_capacity=75.0, maker_code="WV1"),
    _Type(make="Renault", model="Master", tank_capacity=105.0, maker_code="VF1"),
    _Type(make="Fiat", model="Ducato", tank_capacity=90.0, maker_code="ZFA"),
    _Type(make="Mercedes-Benz", model="Sprinter", tank_capacity=93.0, maker_code="W1V"),
    _Type(make="Peugeot", model="Boxer", tank_capacity=90.0, maker_code="VF3"),
    _Type(make="Iveco", model="Daily", tank_capacity=100.0, maker_code="ZCF"),
)


def plate(pattern: str, number: int) -> str:
    """Return the plate with that number in the city's series."""
    symbols = {"?": _LETTERS, "#": _DIGITS}
    size = prod(len(symbols.get(sign, " ")) for sign in pattern)
    rest = number % size
    signs: list[str] = []
    for sign in reversed(pattern):
        choice = symbols.get(sign, sign)
        rest, position = divmod(rest, len(choice))
        signs.append(choice[position])
    return "".join(reversed(signs))


def vehicle(city: City, seed: int, index: int, home: str) -> VehicleSpec:
    """Return the vehicle with that index of the city's fleet."""
    rng = Random(f"vehicle {seed} {city.key} {index}")
    kind = _TYPES[(index + rng.randrange(2)) % len(_TYPES)]
    series = Random(f"plates {seed} {city.key}").randrange(100_000)
    middle = "".join(rng.choices(_VIN_SYMBOLS, k=8))
    return VehicleSpec(
        vehicle_id=city.first_vehicle_id + index,
        plate=plate(city.plate, series + index * _PLATE_STRIDE),
        vin=f"{kind.maker_code}{middle}{index:06}",
        make=kind.make,
        model=kind.model,
        year=rng.randint(2020, 2024),
        tank_capacity=kind.tank_capacity,
        driver=Driver(
            id=city.first_vehicle_id + 50_000 + index,
            first_name=rng.choice(city.first_names),
            last_name=rng.choice(city.last_names),
        ),
        home=city.roads.places[home],
        group=_GROUPS[index % len(_GROUPS)],
    )
