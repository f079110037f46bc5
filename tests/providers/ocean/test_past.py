"""What Ocean tells of the past, from answers that no well-behaved server gives."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from aiohttp import web
from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
    NotFound,
    ProviderError,
    RateLimited,
    Unreachable,
    Unsupported,
)
from custom_components.fleet_telematics.providers.models import (
    Coordinates,
    Position,
    VendorEvent,
)
from custom_components.fleet_telematics.providers.ocean import (
    Ocean,
    trips as ocean_trips,
)
from custom_components.fleet_telematics.providers.ocean.events import (
    chosen_codes,
    events,
)
from custom_components.fleet_telematics.providers.ocean.surroundings import (
    nearby,
    straight,
)
from custom_components.fleet_telematics.providers.ocean.tracks import positions

from .conftest import Connect
from .peer import EVENTS, NEAREST, POSITIONS, SEARCH, SHEET, VEHICLES, Peer, Seen

DAY = timedelta(days=1)
# Yesterday at noon.
NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - DAY
HERE = Coordinates(latitude=48.85, longitude=2.35)


class Time:
    """The time of day, moved by a test."""

    def __init__(self) -> None:
        """Start at noon."""
        self.now = NOW

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """The time by which trips are over and looks are due."""
    time = Time()
    monkeypatch.setattr(ocean_trips, "_now", time)
    return time


def show(peer: Peer, state: str = "STOPPED", *keys: str, **more: object) -> None:
    """Serve a fleet in one state, of vehicle 7 unless others are named."""
    peer.serve(
        POSITIONS,
        {
            "vehicles": [
                {"id": key, "immat": f"AA-{key}", "position": {"etat": state}, **more}
                for key in keys or ("7",)
            ]
        },
    )


def row(start: datetime, minutes: float = 30, states: str = "start stop") -> Any:
    """Return a row of a day sheet."""
    first, last = states.split()
    return {
        "id": round(start.timestamp()),
        "type": "T",
        "distanceMeter": 1000 * minutes,
        "dureeMs": 60_000 * minutes,
        "posDeb": {"date": start.isoformat(), "etat": first},
        "posFin": {
            "date": (start + timedelta(minutes=minutes)).isoformat(),
            "etat": last,
        },
    }


def write(peer: Peer, *rows: Any) -> None:
    """Serve day sheets, each with the rows that begin on its day."""

    def answer(seen: Seen) -> web.Response:
        day = datetime.strptime(seen.query["date"], "%d/%m/%Y").date()
        return web.json_response(
            {
                "fjRows": [
                    one
                    for one in rows
                    if datetime.fromisoformat(one["posDeb"]["date"]).date() == day
                ]
            }
        )

    peer.answers[SHEET] = answer


# Day sheets.


@pytest.mark.parametrize("empty", [None, {}, [], {"fjRows": None}, {"fjRows": []}])
async def test_a_day_may_have_no_trips(
    peer: Peer, connect: Connect, empty: object
) -> None:
    """However that is said."""
    peer.serve(SHEET, empty)
    assert await connect().trips(["7"], NOW - DAY, NOW) == ()


@pytest.mark.parametrize("answer", ["x", 7, {"oceanStatus": "KO"}, {"fjRows": {}}])
async def test_what_is_no_sheet_is_not_a_day_without_trips(
    peer: Peer, connect: Connect, answer: object
) -> None:
    """It is not what the vendor's page describes."""
    peer.serve(SHEET, answer)
    with pytest.raises(InvalidResponse):
        await connect().trips(["7"], NOW - DAY, NOW)


async def test_sheets_are_asked_for_by_vehicle_and_day(
    peer: Peer, connect: Connect, time: Time
) -> None:
    """The vendor's form of a date, and days on either side of the window."""
    write(peer)
    start = NOW - 2 * DAY
    await connect(customer_id=9).trips(["7"], start, start + timedelta(hours=6))
    asked = [seen.query for seen in peer.seen if seen.path == SHEET]
    days = [start - timedelta(hours=12), start + timedelta(hours=18)]
    assert [one["date"] for one in asked] == [f"{day:%d/%m/%Y}" for day in days]
    assert {one["vehId"] for one in asked} == {"7"}
    assert {one["customerId"] for one in asked} == {"9"}


# Last trips.


async def looks(provider: Ocean, peer: Peer, *keys: str) -> int:
    """Poll, read last trips and return how many sheets that took."""
    before = peer.count(SHEET)
    await provider.positions()
    await provider.last_trips(keys or ("7",))
    return peer.count(SHEET) - before


async def test_a_vehicle_is_looked_at_when_it_has_stopped(
    peer: Peer, connect: Connect, time: Time
) -> None:
    """Twice, in case the sheet is late; under way now and then, standing hardly."""
    provider = connect()
    write(peer, row(NOW - timedelta(hours=2)))
    show(peer)
    assert await looks(provider, peer) == 1

    show(peer, "TRAVELING")
    taken = []
    for _ in range(6):
        time.now += timedelta(minutes=5)
        taken.append(await looks(provider, peer))
    assert taken == [0, 0, 0, 0, 0, 1]

    show(peer, "STOPPED")
    ended = row(NOW + timedelta(minutes=5), 26)
    taken = []
    for number in range(6):
        time.now += timedelta(minutes=5)
        if number == 1:
            write(peer, row(NOW - timedelta(hours=2)), ended)
        taken.append(await looks(provider, peer))
    assert taken == [1, 1, 0, 0, 0, 0]
    vehicle = (await provider.last_trips(["7"])).vehicles["7"]
    assert vehicle.last_trip_distance == 26


async def test_a_vehicle_that_is_elsewhere_has_driven(
    peer: Peer, connect: Connect, time: Time
) -> None:
    """Also when no poll saw it under way."""
    provider = connect()
    write(peer, row(NOW - timedelta(hours=2)))

    def place(latitude: float) -> dict[str, object]:
        return {"etat": "STOPPED", "latitudeY": latitude, "longitudeX": 2.3}

    taken = []
    for latitude in (48.8, 48.8001, 48.9):
        show(peer, position=place(latitude))
        taken.append(await looks(provider, peer))
        time.now += timedelta(minutes=10)
    assert taken == [1, 0, 1]


async def test_a_long_rest_is_searched_once(
    peer: Peer, connect: Connect, time: Time
) -> None:
    """A week back at first; later looks go back to the last one only."""
    provider = connect()
    write(peer, row(NOW - 5 * DAY))
    show(peer)
    assert await looks(provider, peer) == 6
    assert (await provider.last_trips(["7"])).vehicles["7"].last_trip_distance == 30
    time.now += timedelta(hours=6)
    assert await looks(provider, peer) <= 2
    assert (await provider.last_trips(["7"])).vehicles["7"].last_trip_distance == 30

    # Of one that never drove nothing is known, and it is not searched anew either.
    provider = connect()
    write(peer)
    assert await looks(provider, peer) == 8
    assert (await provider.last_trips(["7"])).vehicles == {}
    time.now += timedelta(hours=6)
    assert await looks(provider, peer) <= 2


async def test_a_last_trip_over_midnight_is_told_whole(
    peer: Peer, connect: Connect, time: Time
) -> None:
    """Its beginning is on the sheet before."""
    midnight = NOW.replace(hour=0)
    write(
        peer,
        row(midnight - timedelta(minutes=40), 40, "start traveling"),
        row(midnight, 20, "traveling stop"),
    )
    show(peer)
    provider = connect()
    assert await looks(provider, peer) == 2
    vehicle = (await provider.last_trips(["7"])).vehicles["7"]
    assert vehicle.last_trip_duration == 1
    assert vehicle.last_trip_distance == 60
    assert vehicle.last_trip_start == midnight - timedelta(minutes=40)


async def test_a_large_fleet_takes_turns(
    peer: Peer, connect: Connect, time: Time
) -> None:
    """So many sheets a step; who waited longest comes first."""
    provider = connect()
    keys = [str(number) for number in range(1, 51)]
    write(peer, row(NOW - timedelta(hours=2)))
    show(peer, "STOPPED", *keys)
    taken = [await looks(provider, peer, *keys) for _ in range(4)]
    assert taken == [20, 20, 10, 0]
    assert len((await provider.last_trips(keys)).vehicles) == 50
    asked = [seen.query["vehId"] for seen in peer.seen if seen.path == SHEET]
    assert sorted(asked, key=int) == keys


async def test_a_vehicle_that_is_denied_costs_itself(
    peer: Peer, connect: Connect, time: Time
) -> None:
    """And is not asked for at every step; where all are, the feed is not offered."""
    provider = connect()
    show(peer, "STOPPED", "7", "8")
    write(peer, row(NOW - timedelta(hours=2)))
    answer = peer.answers[SHEET]

    def deny(seen: Seen) -> web.Response:
        return web.Response(status=404) if seen.query["vehId"] == "8" else answer(seen)

    peer.answers[SHEET] = deny
    await provider.positions()
    assert (await provider.last_trips(["7", "8"])).vehicles.keys() == {"7"}
    assert peer.count(SHEET) == 2
    await provider.last_trips(["7", "8"])
    assert peer.count(SHEET) == 2

    # Nor is it a reason to stop where nothing else is due.
    time.now += timedelta(hours=6)
    assert (await provider.last_trips(["8"])).vehicles == {}
    assert peer.count(SHEET) == 3

    for status, error in ((403, AccessDenied), (404, NotFound)):
        peer.refuse(SHEET, status)
        with pytest.raises(error):
            await connect().last_trips(["7", "8"])


async def test_a_sheet_that_cannot_be_read_costs_its_vehicle(
    peer: Peer, connect: Connect, time: Time
) -> None:
    """Whether it is nonsense or an error; what is about all vehicles is raised."""
    provider = connect()
    show(peer, "STOPPED", "6", "7", "8")
    write(peer, row(NOW - timedelta(hours=2)))
    answer = peer.answers[SHEET]

    def stumble(seen: Seen) -> web.Response:
        if seen.query["vehId"] == "6":
            return web.json_response({"fjRows": "?"})
        if seen.query["vehId"] == "8":
            return web.Response(status=500)
        return answer(seen)

    peer.answers[SHEET] = stumble
    await provider.positions()
    keys = ["6", "7", "8"]
    assert (await provider.last_trips(keys)).vehicles.keys() == {"7"}
    assert peer.count(SHEET) == 3
    # The vendor may be down: the one that failed is tried again before long.
    time.now += timedelta(minutes=5)
    assert (await provider.last_trips(keys)).vehicles.keys() == {"7"}
    assert peer.count(SHEET) == 3
    time.now += timedelta(minutes=25)
    assert (await provider.last_trips(keys)).vehicles.keys() == {"7"}
    assert peer.count(SHEET) == 4
    time.now += timedelta(minutes=30)
    peer.answers[SHEET] = answer
    assert (await provider.last_trips(keys)).vehicles.keys() == {"7", "8"}

    time.now += timedelta(hours=6)
    peer.serve(SHEET, {"fjRows": "?"})
    with pytest.raises(InvalidResponse):
        await provider.last_trips(keys)
    peer.refuse(SHEET, 500)
    with pytest.raises(Unreachable):
        await connect().last_trips(keys)
    peer.serve(SHEET, "?")
    with pytest.raises(InvalidResponse):
        await connect().last_trips(["6"])


async def test_an_outage_delays_nobody(
    peer: Peer, connect: Connect, time: Time
) -> None:
    """Once it is over, all are read as if nothing had been."""
    provider = connect()
    keys = ["6", "7", "8"]
    show(peer, "STOPPED", *keys)
    await provider.positions()
    peer.refuse(SHEET, 500)
    for _ in range(4):
        with pytest.raises(Unreachable):
            await provider.last_trips(keys)
    write(peer, row(NOW - timedelta(hours=2)))
    assert (await provider.last_trips(keys)).vehicles.keys() == set(keys)


@pytest.mark.parametrize(
    ("status", "error"), [(429, RateLimited), (401, AuthenticationFailed)]
)
async def test_what_is_no_vehicles_fault_is_always_raised(
    peer: Peer,
    connect: Connect,
    time: Time,
    status: int,
    error: type[ProviderError],
) -> None:
    """The vendor wants a pause, or other credentials; what was read is kept."""
    write(peer, row(NOW - timedelta(hours=2)))
    answer = peer.answers[SHEET]

    def refuse(seen: Seen) -> web.Response:
        if seen.query["vehId"] != "7":
            return answer(seen)
        return web.Response(status=status, headers={"Retry-After": "1"})

    peer.answers[SHEET] = refuse
    provider = connect()
    with pytest.raises(error):
        await provider.last_trips(["6", "7"])
    assert (await provider.last_trips(["6"])).vehicles.keys() == {"6"}


async def test_one_that_always_fails_does_not_keep_the_others_waiting(
    peer: Peer, connect: Connect, time: Time
) -> None:
    """Even where it comes first."""
    provider = connect()
    write(peer, row(NOW - timedelta(hours=2)))
    answer = peer.answers[SHEET]
    peer.answers[SHEET] = lambda seen: (
        web.Response(status=500) if seen.query["vehId"] == "6" else answer(seen)
    )
    with pytest.raises(Unreachable):
        await provider.last_trips(["6", "7"])
    assert (await provider.last_trips(["6", "7"])).vehicles.keys() == {"7"}


async def test_events_do_without_sheets_that_are_denied(
    peer: Peer, connect: Connect, time: Time
) -> None:
    """They are a right of their own."""
    provider = connect({"event_codes": "5"})
    peer.refuse(SHEET, 403)
    event = {"vehicleEngin": {"id": 7}, "date": NOW.isoformat()}
    peer.serve(EVENTS, {"a": event})
    batch = await provider.last_trips(["7", "8"])
    assert batch.vehicles.keys() == {"7"}
    assert batch.vehicles["7"].vendor_event == VendorEvent(code="5", time=NOW)


async def test_events_do_without_records_that_are_denied(
    peer: Peer, connect: Connect, time: Time
) -> None:
    """Such an account knows of nobody who may be private, and asks no more."""
    provider = connect({"event_codes": "5"})
    peer.refuse(SHEET, 403)
    peer.refuse(VEHICLES, 403)
    event = {"vehicleEngin": {"id": 7}, "date": NOW.isoformat(), "address": "Rue 7"}
    peer.serve(EVENTS, {"a": event})
    for _ in range(3):
        told = (await provider.last_trips(["7"])).vehicles["7"].vendor_event
        assert told is not None
        assert told.address == "Rue 7"
    assert peer.count(VEHICLES) == 1


async def test_vehicles_that_left_are_forgotten(
    peer: Peer, connect: Connect, time: Time
) -> None:
    """Once they come back they are looked at anew."""
    provider = connect()
    write(peer, row(NOW - timedelta(hours=2)))
    show(peer)
    assert await looks(provider, peer) == 1
    show(peer, "STOPPED", "8")
    await provider.positions()
    assert (await provider.last_trips([])).vehicles == {}
    show(peer)
    assert await looks(provider, peer) == 1


# Tracks.

POINT = {
    "timestamp": round(NOW.timestamp() * 1000),
    "latitudeY": "48.8",
    "longitudeX": "2.3",
    "vitesseKmh": "50,5",
    "cap": 90,
    "etat": "TRAVELING",
}


def found(points: Sequence[object], vehicle_id: object = 7, plate: str = "AA-7") -> Any:
    """Return a row of positions/search."""
    return {
        "vehicle": {"idVehicule": vehicle_id, "immatriculation": plate},
        "positions": points,
    }


def test_a_point_is_read_whole() -> None:
    """Ocean tells neither height nor odometer of it."""
    assert positions([found([POINT])], "7", "AA-7") == [
        Position(
            time=NOW,
            location=Coordinates(latitude=48.8, longitude=2.3),
            speed=50.5,
            heading=90,
            engine=True,
        )
    ]


@pytest.mark.parametrize("latitude", [85, 0, None, "x"])
def test_a_placeholder_is_no_point_on_earth(latitude: object) -> None:
    """The speed may be right all the same."""
    point = {**POINT, "latitudeY": latitude, "longitudeX": 0}
    (position,) = positions([found([point])], "7", "AA-7")
    assert (position.location, position.speed) == (None, 50.5)


def test_a_private_point_says_no_more_than_that() -> None:
    """In case that the vendor tells it although it was asked not to."""
    assert positions([found([{**POINT, "etat": "PRIVACY"}])], "7", "AA-7") == [
        Position(time=NOW, private=True)
    ]


def test_of_two_vehicles_with_a_plate_the_id_decides() -> None:
    """A plate moves on; where no id is told it has to do."""
    rows = [found([POINT, POINT], 8), found([POINT])]
    assert len(positions(rows, "7", "AA-7")) == 1
    assert len(positions([found([POINT], None)], "7", "AA-7")) == 1
    assert positions([found([POINT], None, "BB-8")], "7", "AA-7") == []


def test_a_plate_does_not_tell_where_another_of_the_fleet_was() -> None:
    """An id that is nobody's may be of another kind: there the plate has to do."""
    rows = [found([POINT], 8)]
    assert positions(rows, "7", "AA-7", fleet={"7", "8"}) == []
    assert len(positions(rows, "7", "AA-7", fleet={"7"})) == 1


async def test_a_track_is_cut_into_days(peer: Peer, connect: Connect) -> None:
    """Without holes; what is told twice or outside of the window is told once."""
    provider = connect(customer_id=9)
    show(peer)
    early = {**POINT, "timestamp": round((NOW - 9 * DAY).timestamp() * 1000)}
    peer.serve(SEARCH, {"positionsVehicles": [found([POINT, early, {"etat": "A"}])]})
    end = NOW + timedelta(hours=1)
    track = await provider.track("7", end - 3.5 * DAY, end)
    assert [one.time for one in track] == [NOW]
    asked = [seen.query for seen in peer.seen if seen.path == SEARCH]
    assert len(asked) == 4
    windows = [
        (
            datetime.fromisoformat(one["startDate"]),
            datetime.fromisoformat(one["endDate"]),
        )
        for one in asked
    ]
    assert (windows[0][0], windows[-1][1]) == (end - 3.5 * DAY, end)
    assert all(one[1] == other[0] for one, other in pairwise(windows))
    assert all(last - first <= DAY for first, last in windows)
    assert {one["immatriculation"] for one in asked} == {"AA-7"}
    assert {one["customerId"] for one in asked} == {"9"}

    peer.seen.clear()
    await provider.track("7", end - 2 * DAY, end)
    assert peer.count(SEARCH) == 2


async def test_only_the_accounts_vehicles_with_a_plate_have_tracks(
    peer: Peer, connect: Connect
) -> None:
    """The search knows nothing else of them."""
    show(peer, immat=" ")
    provider = connect()
    with pytest.raises(Unsupported):
        await provider.track("7", NOW - DAY, NOW)
    with pytest.raises(AccessDenied):
        await provider.track("8", NOW - DAY, NOW)
    assert peer.count(SEARCH) == 0
    assert peer.count(POSITIONS) == 1


# The nearest.


def near(key: object, latitude: object = 48.86, **more: object) -> Any:
    """Return a row of nearestVehicles, 1.1 km north unless told otherwise."""
    return {
        "address": {"latitude": latitude, "longitude": 2.35},
        "etatMobile": "TRAVELING",
        "vehicle": {"id": key},
        **more,
    }


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (1500, 1.5),
        (1.5, 1.5),
        ("1500.0", 1.5),
        (900, 0.9),
        (0.9, 0.9),
        (0, 0),
        (None, 1.11),
        (-1, 1.11),
    ],
)
def test_a_distance_is_metres_or_kilometres(told: object, expected: float) -> None:
    """Whichever is nearer to the straight line; without one that line is it."""
    (one,) = nearby([near(7, distance=told)], HERE)
    assert one.distance == pytest.approx(expected, abs=0.01)


def test_without_a_place_a_distance_is_metres() -> None:
    """As it was asked for; without both nobody knows."""
    (one,) = nearby([near(7, latitude=85, distance=1500)], HERE)
    assert (one.distance, one.location) == (1.5, None)
    assert nearby([near(7, latitude=None)], HERE) == []


def test_private_vehicles_are_not_near() -> None:
    """Nor are those that may be private and whose state nobody knows."""
    maybe = {"id": 7, "privacyEnabled": True}
    assert nearby([near(7, etatMobile="PRIVACY")], HERE) == []
    assert nearby([near(7, etatMobile="UNDEFINED", vehicle=maybe)], HERE) == []
    assert len(nearby([near(7, vehicle=maybe)], HERE)) == 1


async def test_the_nearest_are_asked_for_in_metres(
    peer: Peer, connect: Connect
) -> None:
    """By road the ten that the vendor tells at most, whatever the limit."""
    show(peer, "STOPPED", "7", "8", "9")
    peer.serve(NEAREST, [near(8, distance=2000), near(7), near(1), near(9, 48.87)])
    provider = connect()
    vehicles = await provider.nearest(HERE, radius=2.1, limit=5, by_road=False)
    assert [one.vehicle_id for one in vehicles] == ["7", "8"]
    vehicles = await provider.nearest(HERE, radius=2.1, limit=1, by_road=True)
    assert [one.vehicle_id for one in vehicles] == ["7"]
    straight_on, by_road = [seen for seen in peer.seen if seen.path == NEAREST]
    assert straight_on.method == "POST"
    assert straight_on.body == {"computeMode": "VOL_OISEAU", "radiusUnit": "M"}
    assert dict(straight_on.query) == {
        "latitude": "48.85",
        "longitude": "2.35",
        "radius": "2100",
    }
    assert by_road.body == {"computeMode": "PAR_ROUTE", "radiusUnit": "M"}
    assert by_road.query["resultsLimit"] == "10"


# Events.

EVENT: dict[str, Any] = {
    "address": {
        "address": "1 Rue de Rivoli",
        "postCode": "75001",
        "town": "Paris",
        "latitude": 48.85,
        "longitude": 2.35,
    },
    "date": "2025-07-14T13:30:05.000Z",
    "heure": "2025-07-14T13:30:05.000Z",
    "detailEvenementLightDTO": {"code": "1001"},
    "evenementLibelle": "Choc",
    "eventState": "PUNCTUAL",
    "id": "e1",
    "vehicleEngin": {"id": 7, "privacyEnabled": False},
}
READ = VendorEvent(
    code="1001",
    time=datetime(2025, 7, 14, 13, 30, 5, tzinfo=UTC),
    label="Choc",
    address="1 Rue de Rivoli, 75001 Paris",
)


def read(row: object, *codes: str) -> dict[str, VendorEvent]:
    """Read an answer of one event."""
    return events({"key": row}, codes or ("1001", "1002"), NOW)


def test_an_event_is_read_whole() -> None:
    """By the id of its vehicle, whatever the key; else the key is the id."""
    assert read(EVENT) == {"7": READ}
    assert events([EVENT], ("1001", "1002"), NOW) == {"7": READ}
    row = {key: value for key, value in EVENT.items() if key != "vehicleEngin"}
    assert events({"12": row}, ("1001", "1002"), NOW) == {"12": READ}


@pytest.mark.parametrize(
    "place",
    [
        {"codeEvenement": 1001},
        {"detailEvenementLightDTO": {"code": 1001.0}},
        {"typeEvenementODirectDTO": {"typeEvenementOdirectDTO": {"numeroEve": 1001}}},
        {"typeEvenementODirectDTO": {"typeEvenementOdirectDTO": {"code": "1001"}}},
        {"typeEvenementODirectDTO": {"id": 1001}},
        {"typeEvenement": "1001"},
    ],
)
def test_the_code_is_the_number_that_was_asked_for(place: dict[str, Any]) -> None:
    """Wherever it stands; an event of none of the codes is nobody's."""
    row = {**EVENT, "detailEvenementLightDTO": {"code": "other"}, **place}
    assert read(row)["7"].code == "1001"
    assert read(row, "5", "6") == {}
    # Whoever asks for one code is answered by it.
    assert read(row, "5")["7"].code == "5"


def test_of_two_events_the_newer_counts() -> None:
    """Whatever the order."""
    older = {**EVENT, "date": "2025-07-14T13:00:00.000Z", "heure": None}
    for rows in ([EVENT, older], [older, EVENT]):
        assert events(rows, ("1001",), NOW) == {"7": READ}


@pytest.mark.parametrize("time", [None, "soon", (NOW + DAY).isoformat()])
def test_an_event_needs_a_time_that_was(time: object) -> None:
    """One that is ahead would be the newest for long; else its beginning serves."""
    row = {**EVENT, "date": time, "heure": None}
    assert read(row) == {}
    assert read({**row, "dateDebut": EVENT["date"]}) == {"7": READ}


def test_a_vehicle_that_may_be_private_has_no_address() -> None:
    """An event does not say whether it was."""
    row = {**EVENT, "vehicleEngin": {"id": 7, "privacyEnabled": True}}
    assert read(row)["7"].address is None


async def test_an_older_answer_takes_nothing_back(
    peer: Peer, connect: Connect, time: Time
) -> None:
    """And a broken one neither."""
    write(peer)
    provider = connect({"event_codes": "1001"})
    older = {**EVENT, "date": "2025-07-14T13:00:00.000Z", "heure": None}
    for answer in ({"7": EVENT}, {"7": older}, "x", {}, None):
        peer.serve(EVENTS, answer)
        batch = await provider.last_trips(["7"])
        assert batch.vehicles["7"].vendor_event == READ
    seen = peer.last(EVENTS)
    for name in ("codeEvenements", "codeEvenements[]"):
        assert seen.query.getall(name) == ["1001"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (None, ()),
        (" ", ()),
        ("1", ("1",)),
        ("1, 2;3 4,,1", ("1", "2", "3", "4")),
        (1001, ("1001",)),
    ],
)
def test_codes_are_typed_in_any_way(typed: object, expected: tuple[str, ...]) -> None:
    """Separated by what comes to mind."""
    assert chosen_codes(typed) == expected


# Whatever comes.

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text()
    | st.sampled_from(["TRAVELING", "PRIVACY", "1001", NOW.isoformat(), 48.8, 7]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


def like(example: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return objects with some of an example's keys, of any values."""
    return st.fixed_dictionaries(
        {},
        optional={
            key: (like(value) if isinstance(value, dict) else st.just(value)) | ANYTHING
            for key, value in example.items()
        },
    )


@given(st.lists(like(POINT) | ANYTHING), ANYTHING, ANYTHING)
def test_whatever_a_track_holds_is_read(
    points: list[object], vehicle_id: object, plate: object
) -> None:
    """Nothing raises; a private point has no place."""
    rows = [found(points, vehicle_id), found(points), plate]
    for one in positions(rows, "7", "AA-7"):
        assert one.time.tzinfo is not None
        assert not (one.private and one.location)
        assert one.speed is None or 0 <= one.speed <= 400


@given(st.lists(like(near(7, distance=1, duration=1, eta="x")) | ANYTHING))
def test_whatever_is_near_is_read(rows: list[object]) -> None:
    """Nothing raises, and the nearest come first."""
    distances = [one.distance for one in nearby(rows, HERE)]
    assert distances == sorted(distances)
    assert all(one >= 0 for one in distances)


@given(
    st.floats(min_value=-90, max_value=90),
    st.floats(min_value=-180, max_value=180),
)
def test_a_straight_line_is_half_the_earth_at_most(north: float, east: float) -> None:
    """In either direction the same."""
    there = Coordinates(latitude=north, longitude=east)
    assert 0 <= straight(HERE, there) <= 20_016
    assert straight(HERE, there) == pytest.approx(straight(there, HERE), abs=1e-6)


@given(st.dictionaries(st.text(), like(EVENT) | ANYTHING) | ANYTHING)
def test_whatever_events_hold_is_read(data: object) -> None:
    """Nothing raises, and only chosen codes come."""
    for event in events(data, ("1001", "1002"), NOW).values():
        assert event.code in ("1001", "1002")
        assert event.time <= NOW + timedelta(minutes=10)
