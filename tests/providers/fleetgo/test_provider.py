"""The FleetGO provider, for answers that no well-behaved server gives."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.fleet_telematics.providers.base import Feed
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    InvalidResponse,
    NotFound,
    Rejected,
)
from custom_components.fleet_telematics.providers.fleetgo import FleetGo
from custom_components.fleet_telematics.providers.models import Batch, Status, Vehicle

from .conftest import Connect
from .peer import ADMINISTRATIONS, FLEET, TRIPS, Peer

GROUP = "/equipment/getequipments"
EQUIPMENT = "/equipment/getequipment"


def _row(vehicle_id: object, **more: object) -> dict[str, object]:
    return {"Id": vehicle_id, **more}


async def test_fleet_is_read_in_one_request(peer: Peer, connect: Connect) -> None:
    """Group 0 is all of them, with a device or without."""
    peer.serve(FLEET, lambda seen: [_row(1), _row(2**33 + 1)])
    batch = await connect(peer.url).positions()
    assert (list(batch.vehicles), batch.complete) == (["1", "8589934593"], True)
    assert peer.seen[-1].query == {"groupId": "0", "hasDeviceOnly": "false"}


async def test_chosen_group_is_asked_for_alone(peer: Peer, connect: Connect) -> None:
    """The option replaces the fleet's request by the group's."""
    peer.serve(GROUP, lambda seen: [_row(1, Group={"Id": 12, "Name": "North"})])
    provider = connect(peer.url, {"group": "12"})
    assert list((await provider.positions()).vehicles) == ["1"]
    assert peer.seen[-1].query == {"groupId": "12", "hasDeviceOnly": "false"}
    assert peer.count(FLEET) == 0


async def test_groups_of_the_fleet_can_be_chosen(peer: Peer, connect: Connect) -> None:
    """Each group once, by its name; groups seen before are remembered."""
    fleets = iter(
        [
            [
                _row(1, Group={"Id": 12, "Name": "North"}),
                _row(2, Group={"Id": 12, "Name": "North"}),
                _row(3),
            ],
            [_row(1, Group={"Id": 13, "Name": "South"})],
        ]
    )
    peer.serve(FLEET, lambda seen: next(fleets))
    provider = connect(peer.url)
    assert provider.choices("group") == {}
    await provider.positions()
    await provider.positions()
    assert provider.choices("group") == {"12": "North", "13": "South"}
    assert provider.choices("colour") == {}


async def test_unreadable_element_costs_itself_and_the_completeness(
    peer: Peer, connect: Connect
) -> None:
    """No vehicle is taken for gone because of a row that may have been it."""
    peer.serve(FLEET, lambda seen: [_row(1), None, "n/a", _row(None), _row(2)])
    batch = await connect(peer.url).positions()
    assert (list(batch.vehicles), batch.complete) == (["1", "2"], False)


@pytest.mark.parametrize("answer", [None, "x", 7, {"Message": "busy"}, [None], [{}]])
async def test_answer_that_is_no_fleet_is_an_error(
    peer: Peer, connect: Connect, answer: object
) -> None:
    """A wrong shape is not an empty fleet."""
    peer.serve(FLEET, lambda seen: answer)
    with pytest.raises(InvalidResponse):
        await connect(peer.url).positions()


async def test_empty_fleet_is_a_complete_one(peer: Peer, connect: Connect) -> None:
    """Whether to believe it is not for the provider to say."""
    peer.serve(FLEET, lambda seen: [])
    assert await connect(peer.url).positions() == Batch(vehicles={}, complete=True)


async def test_one_vehicle_can_be_read(peer: Peer, connect: Connect) -> None:
    """The vendor is asked by id, and must answer with that vehicle."""
    peer.serve(EQUIPMENT, lambda seen: _row(7, Speed=30))
    provider = connect(peer.url)
    assert await provider.vehicle("7") == Vehicle(
        id="7", speed=30, moving=True, status=Status.MOVING
    )
    assert peer.seen[-1].query == {"equipmentId": "7"}
    with pytest.raises(InvalidResponse):
        await provider.vehicle("8")


async def test_last_trips_are_read_a_week_back(peer: Peer, connect: Connect) -> None:
    """One request a vehicle; one that did not drive is left out."""
    trip = {
        "From": {"DateTime": "2026-03-02T08:00:00"},
        "To": {"DateTime": "2026-03-02T08:15:00"},
        "Distance": 9.5,
    }
    peer.serve(TRIPS, lambda seen: [trip] if seen.query["equipmentId"] == "1" else None)
    batch = await connect(peer.url).last_trips(["1", "2"])
    assert not batch.complete
    assert list(batch.vehicles) == ["1"]
    assert batch.vehicles["1"].last_trip_distance == 9.5
    assert batch.vehicles["1"].last_trip_duration == 0.25
    assert peer.count(TRIPS) == 2
    query = peer.seen[-1].query
    assert query["extendedInfo"] == "false"
    start, end = (datetime.fromisoformat(query[key]) for key in ("from", "to"))
    assert end - start == timedelta(days=7)
    assert abs(end.replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(minutes=1)


async def test_trip_without_an_array_is_read(peer: Peer, connect: Connect) -> None:
    """The document shows one RideDTO as the answer."""
    peer.serve(TRIPS, lambda seen: {"To": {"Latitude": 52}, "Distance": 4})
    batch = await connect(peer.url).last_trips(["1"])
    assert batch.vehicles["1"].last_trip_distance == 4


async def test_vehicle_whose_trips_are_refused_does_not_cost_the_others(
    peer: Peer, connect: Connect
) -> None:
    """What is refused for every vehicle asked for is refused."""
    trip = {"To": {"Latitude": 52}, "Distance": 4}
    peer.serve(TRIPS, lambda seen: [trip])
    served = peer.answers[TRIPS]
    peer.refuse(TRIPS, 404)
    refused = peer.answers[TRIPS]
    peer.answers[TRIPS] = lambda seen: (
        refused(seen) if seen.query["equipmentId"] == "1" else served(seen)
    )
    provider = connect(peer.url)
    assert list((await provider.last_trips(["1", "2"])).vehicles) == ["2"]
    with pytest.raises(NotFound):
        await provider.last_trips(["1"])
    peer.refuse(TRIPS, 403)
    with pytest.raises(AccessDenied):
        await provider.last_trips(["1", "2"])


def test_feeds_go_easy_on_the_vendor(connect: Connect) -> None:
    """A fleet of fifty asks for trips less often than for positions."""
    feeds = connect("http://127.0.0.1:9").feeds
    assert set(feeds) == {Feed.DETAILS, Feed.TRIPS, Feed.FIGURES}
    assert feeds[Feed.DETAILS].vehicles_per_step is None
    trips = feeds[Feed.TRIPS]
    assert trips.vehicles_per_step is not None
    polls = timedelta(hours=1) / FleetGo.info.default_interval
    assert timedelta(hours=1) / trips.interval * trips.vehicles_per_step < polls


def test_form_asks_what_the_account_needs() -> None:
    """The username tells accounts apart; reauthentication asks for all but the url."""
    fields = {field.key: field for field in FleetGo.info.fields}
    assert list(fields) == [
        "client_id",
        "client_secret",
        "username",
        "password",
        "url",
    ]
    assert [key for key, field in fields.items() if field.identity] == ["username"]
    credentials = [key for key, field in fields.items() if field.credential]
    assert credentials == ["client_id", "client_secret", "username", "password"]
    assert all(fields[key].required for key in credentials)
    assert fields["url"].default == FleetGo.info.urls[0]


async def test_expert_may_ask_any_resource_below_the_base(
    peer: Peer, connect: Connect
) -> None:
    """With the account's login, the vendor's JSON as it is, and its own refusals."""
    peer.serve("/tpms/get", lambda seen: {"asked": dict(seen.query)})
    provider = connect(peer.url)
    assert await provider.call("Tpms/Get", {"equipmentId": "7"}) == {
        "asked": {"equipmentId": "7"}
    }
    with pytest.raises(NotFound):
        await provider.call("/Unknown", {})


@pytest.mark.parametrize(
    "path",
    [
        "/../other",
        "/%2e%2e/other",
        "/Avl/Subscribe",
        "/avl/subscribe/?a=1",
        "/Avl/%53ubscribe",
        "/Avl%2fSubscribe%3f",
        "/Avl/Subscribe#a",
    ],
)
async def test_expert_may_not_leave_the_base_or_wait_for_ever(
    peer: Peer, connect: Connect, path: str
) -> None:
    """An event stream would hold up every other request of the account."""
    provider = connect(peer.url)
    await provider.authenticate()
    sent = len(peer.seen)
    with pytest.raises(Rejected):
        await provider.call(path, {})
    assert len(peer.seen) == sent


async def test_other_groups_can_still_be_chosen(peer: Peer, connect: Connect) -> None:
    """Who reads one group looks at the whole fleet once, for the choice alone."""
    peer.serve(GROUP, lambda seen: [_row(1, Group={"Id": 12, "Name": "North"})])
    peer.serve(
        FLEET,
        lambda seen: [
            _row(1, Group={"Id": 12, "Name": "North"}),
            _row(2, Group={"Id": 13, "Name": "South"}),
        ],
    )
    peer.serve(ADMINISTRATIONS, lambda seen: [])
    provider = connect(peer.url, {"group": "12"})
    for _ in range(2):
        assert list((await provider.positions()).vehicles) == ["1"]
        await provider.details(["1"])
    assert provider.choices("group") == {"12": "North", "13": "South"}
    assert peer.count(FLEET) == 1


async def test_choice_that_cannot_be_read_costs_nothing_else(
    peer: Peer, connect: Connect
) -> None:
    """The group that is read is still known."""
    peer.serve(GROUP, lambda seen: [_row(1, Group={"Id": 12, "Name": "North"})])
    peer.refuse(FLEET, 500)
    peer.serve(ADMINISTRATIONS, lambda seen: [])
    provider = connect(peer.url, {"group": "12"})
    await provider.positions()
    await provider.details(["1"])
    assert provider.choices("group") == {"12": "North"}
