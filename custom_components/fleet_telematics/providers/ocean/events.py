"""Ocean's latest events, by codes of the customer's. Nothing here raises on them.

Source: the vendor's page on GET evenement/lastEvent, an object of one event a key.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
import re
from typing import Final

from .. import parse
from ..errors import ProviderError
from ..models import VendorEvent
from . import mapping
from .api import OceanApi

_SEPARATORS: Final = re.compile(r"[\s,;]+")
# A time that is farther ahead is not believed: nothing would be newer for long.
_FUTURE: Final = timedelta(minutes=10)


def chosen_codes(value: object) -> tuple[str, ...]:
    """Read the codes that the user entered, separated by commas or blanks."""
    found = map(parse.identifier, _SEPARATORS.split(parse.text(value) or ""))
    return tuple(dict.fromkeys(one for one in found if one is not None))


class Events:
    """The newest chosen event of each vehicle."""

    def __init__(self, api: OceanApi, codes: Sequence[str]) -> None:
        """Ask this account for these codes."""
        self.codes = tuple(codes)
        self._api = api
        self._known: dict[str, VendorEvent] = {}

    async def read(self) -> Mapping[str, VendorEvent]:
        """Return the events by vehicle id, the last ones known if they are not told.

        Like speeds they are an extra, whose failure is not the feed's.
        """
        try:
            data = await self._api.last_events(self.codes)
        except ProviderError:
            return self._known
        for key, event in events(data, self.codes, datetime.now(UTC)).items():
            known = self._known.get(key)
            if known is None or event.time > known.time:
                self._known[key] = event
        return self._known


def events(data: object, codes: Sequence[str], now: datetime) -> dict[str, VendorEvent]:
    """Read the newest event of each vehicle, by vehicle id."""
    found: dict[str, VendorEvent] = {}
    for key, row in _rows(data):
        about = parse.mapping(row.get("vehicleEngin"))
        vehicle_id = (
            parse.identifier(about.get("id"))
            or parse.identifier(row.get("idVehicule"))
            or key
        )
        code = _code(row, codes)
        time = _time(row, now)
        if vehicle_id is None or code is None or time is None:
            continue
        event = VendorEvent(
            code=code,
            time=time,
            label=parse.text(row.get("evenementLibelle")),
            # An event has no state: a vehicle that may be private stays hidden.
            address=None
            if parse.flag(about.get("privacyEnabled"))
            else mapping.written_address(row.get("address")),
        )
        if vehicle_id not in found or event.time > found[vehicle_id].time:
            found[vehicle_id] = event
    return found


def _rows(data: object) -> Iterator[tuple[str | None, Mapping[str, object]]]:
    """Return each event with its key; a list has none."""
    for key, value in parse.mapping(data).items():
        yield parse.identifier(key), parse.mapping(value)
    for row in parse.records(data):
        yield None, row


def _code(row: Mapping[str, object], codes: Sequence[str]) -> str | None:
    """Return which of the chosen codes an event has.

    The page has several numbers and does not say which of them is the code; the
    one that was asked for is. Of a single code every event is.
    """
    direct = parse.mapping(row.get("typeEvenementODirectDTO"))
    told = (
        row.get("codeEvenement"),
        parse.mapping(row.get("detailEvenementLightDTO")).get("code"),
        *(
            parse.mapping(direct.get("typeEvenementOdirectDTO")).get(key)
            for key in ("numeroEve", "code")
        ),
        direct.get("id"),
        row.get("typeEvenement"),
    )
    found = parse.first(one for one in map(parse.identifier, told) if one in codes)
    return codes[0] if found is None and len(codes) == 1 else found


def _time(row: Mapping[str, object], now: datetime) -> datetime | None:
    """Return when an event was."""
    times = (mapping.reported(row), parse.moment(row.get("dateDebut")))
    return parse.first(
        time for time in times if time is not None and time <= now + _FUTURE
    )
