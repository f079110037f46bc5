"""What every action is made of, and how it finds what it is about."""

from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, service
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType
import voluptuous as vol

from ..const import DOMAIN
from ..coordinator import FleetConfigEntry
from ..devices import vehicle_id_of
from ..failures import action_failure
from ..providers.errors import NotSent, ProviderError, Unsupported

ATTR_CONFIG_ENTRY_ID: Final = "config_entry_id"
ATTR_DEVICE_ID: Final = "device_id"
ATTR_START: Final = "start"
ATTR_END: Final = "end"

_YEARS: Final = range(2000, 2100)

ENTRY_FIELD: Final[dict[Any, Any]] = {vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string}
PERIOD_FIELDS: Final[dict[Any, Any]] = {
    vol.Required(ATTR_START): cv.datetime,
    vol.Required(ATTR_END): cv.datetime,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action: its fields, what it does, and whether it answers.

    `handle` raises ServiceValidationError for a wrong target or argument, and
    HomeAssistantError for a vendor's failure. `admin` actions are for
    administrators only.
    """

    name: str
    fields: Mapping[Any, Any]
    handle: Callable[[HomeAssistant, ServiceCall], Coroutine[Any, Any, JsonObjectType]]
    response: SupportsResponse = SupportsResponse.ONLY
    admin: bool = False

    @property
    def schema(self) -> vol.Schema:
        """What a call has to look like."""
        return vol.Schema(dict(self.fields))


def loaded_entry(hass: HomeAssistant, entry_id: str) -> FleetConfigEntry:
    """Return the loaded account a call names; ServiceValidationError otherwise."""
    entry: FleetConfigEntry = service.async_get_config_entry(hass, DOMAIN, entry_id)
    return entry


def vehicle_of(hass: HomeAssistant, device_id: str) -> tuple[FleetConfigEntry, str]:
    """Return the loaded account and the vehicle that a device stands for.

    Raises ServiceValidationError for another's device, for the fleet's own, and for
    a vehicle that the account does not have any more.
    """
    entry: FleetConfigEntry
    device, entry = service.async_get_device_and_config_entry(hass, DOMAIN, device_id)
    vehicle_id = vehicle_id_of(entry, device)
    if vehicle_id is None or vehicle_id not in entry.runtime_data.fleet.vehicles:
        raise invalid(
            "no_vehicle", device=device.name_by_user or device.name or device_id
        )
    return entry, vehicle_id


def open_period_of(call: ServiceCall) -> tuple[datetime | None, datetime | None]:
    """Return the period a call names, in UTC; naive times are Home Assistant's.

    Either end may be left open. Before the first vendor there was nothing to ask for:
    a template that comes to 0 must not let decades be read.
    """
    given: list[datetime | None] = [
        call.data.get(key) for key in (ATTR_START, ATTR_END)
    ]
    if any(moment is not None and moment.year not in _YEARS for moment in given):
        raise invalid("no_period", first=str(_YEARS[0]), last=str(_YEARS[-1]))
    start, end = (
        None if moment is None else dt_util.as_utc(moment) for moment in given
    )
    if start is not None and end is not None and start >= end:
        raise invalid("end_before_start")
    return start, end


def period_of(
    call: ServiceCall, *, longest: int | None = None
) -> tuple[datetime, datetime]:
    """Return the period of a call that has to name both of its ends.

    `longest` is how many days of the calendar it may have; those to come count for
    nothing, since nothing is asked of them.
    """
    start, end = open_period_of(call)
    assert start is not None
    assert end is not None
    if longest is not None:
        last = min(end, dt_util.utcnow())
        if _by_the_clock(last) - _by_the_clock(start) > timedelta(days=longest):
            raise invalid("period_too_long", days=str(longest))
    return start, end


def _by_the_clock(moment: datetime) -> datetime:
    """Return what the clock shows: a day is a day, also when it has 25 hours."""
    return dt_util.as_local(moment).replace(tzinfo=None)


def offered[T](entry: FleetConfigEntry, capability: type[T]) -> T:
    """Return the account's provider as something that offers a capability.

    Raises ServiceValidationError where its vendor does not.
    """
    provider: object = entry.runtime_data.provider
    if not isinstance(provider, capability):
        raise invalid("not_offered", vendor=entry.runtime_data.provider.info.name)
    return provider


def invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Return what a wrong target or argument raises."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )


@contextmanager
def told(entry: FleetConfigEntry) -> Iterator[None]:
    """Raise a vendor's failure so that the user reads it in their language.

    What a vendor does not offer is a wrong target, not a failure.
    """
    info = entry.runtime_data.provider.info
    try:
        yield
    except Unsupported as err:
        raise invalid("not_offered", vendor=info.name) from err
    except NotSent as err:
        raise invalid("not_sent", vendor=info.name, reason=str(err.reason)) from err
    except ProviderError as err:
        raise action_failure(err, info) from err
