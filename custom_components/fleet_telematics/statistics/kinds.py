"""The statistics that a vehicle may have: their ids, names and units."""

from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Final

from homeassistant.components.recorder.models import (
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.const import UnitOfLength, UnitOfVolume
from homeassistant.util import slugify
from homeassistant.util.unit_conversion import DistanceConverter, VolumeConverter

from ..const import DOMAIN

# The recorder keeps 255 characters of an id.
_LONGEST: Final = 200


class Kind(StrEnum):
    """What a statistic sums up; the values end the statistics' ids."""

    DISTANCE = "distance"
    FUEL_USED = "fuel_used"
    REFUELLED = "refuelled"
    COST = "cost"


# Each unit with its class. A cost's is a currency, told with each trip.
_UNITS: Final[Mapping[Kind, tuple[str | None, str | None]]] = {
    Kind.DISTANCE: (DistanceConverter.UNIT_CLASS, UnitOfLength.KILOMETERS),
    Kind.FUEL_USED: (VolumeConverter.UNIT_CLASS, UnitOfVolume.LITERS),
    Kind.REFUELLED: (VolumeConverter.UNIT_CLASS, UnitOfVolume.LITERS),
}


def statistic_id(account_id: str, vehicle_id: str, kind: Kind) -> str:
    """Return the id of a statistic, stable and unique for account and vehicle.

    `account_id` is the config entry's unique id. An id has few characters to choose
    from: where that loses something, a digest of the whole makes up for it.
    """
    vehicle = f"{account_id}_{vehicle_id}"
    slug = slugify(vehicle)
    if slug != vehicle or len(slug) > _LONGEST:
        digest = sha256(vehicle.encode()).hexdigest()[:8]
        slug = f"{slug[:_LONGEST].rstrip('_')}_{digest}"
    return f"{DOMAIN}:{slug}_{kind}"


def metadata(
    statistic: str, kind: Kind, name: str, currency: str | None
) -> StatisticMetaData:
    """Return what the recorder knows of a statistic; a cost is in `currency`."""
    unit_class, unit = _UNITS.get(kind, (None, currency))
    return StatisticMetaData(
        mean_type=StatisticMeanType.NONE,
        has_sum=True,
        name=name,
        source=DOMAIN,
        statistic_id=statistic,
        unit_class=unit_class,
        unit_of_measurement=unit,
    )
