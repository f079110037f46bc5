"""Actions on vehicle categories, and the open door to the vendor's interface."""

from base64 import b64decode
from pathlib import Path
from typing import Any

from homeassistant.components.image import async_get_image
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fleet_telematics.const import DOMAIN
from simulator.faults import Fault, FaultKind
from simulator.fleetgo import FleetGoServer
from simulator.movens import MovensServer
from simulator.movens_categories import category_of, picture
from simulator.server import VendorServer

from .conftest import Clock
from .helpers import (
    async_enable_everything,
    async_poll,
    async_set_up,
    entity_id_of,
    entry_of,
)
from .vendors import vendors

PNG = b64decode(picture(1, 4))


@pytest.fixture
async def account(hass: HomeAssistant, movens_server: MovensServer) -> MockConfigEntry:
    """Return a loaded account."""
    entry = entry_of(movens_server)
    await async_set_up(hass, entry)
    return entry


async def act(
    hass: HomeAssistant, entry: MockConfigEntry, name: str, **fields: Any
) -> Any:
    """Run an action of an account; return its answer if it has one."""
    return await hass.services.async_call(
        DOMAIN,
        name,
        {"config_entry_id": entry.entry_id, **fields},
        blocking=True,
        return_response=name in ("get_categories", "call_api"),
    )


async def categories(
    hass: HomeAssistant, entry: MockConfigEntry
) -> dict[int, dict[str, Any]]:
    """Return the tree by number."""
    answer = await act(hass, entry, "get_categories")
    return {one["id"]: one for one in answer["categories"]}


async def test_the_tree_is_told(
    hass: HomeAssistant, movens_server: MovensServer, account: MockConfigEntry
) -> None:
    """Every category, with its place and its names."""
    found = await categories(hass, account)

    assert len(found) > 3
    for number, one in found.items():
        category = movens_server.categories.get(number)
        assert category is not None
        assert one["parent_id"] == category.parent
        assert one["labels"]
        assert all(label in category.labels for label in one["labels"].values())


async def test_one_category_tells_more(
    hass: HomeAssistant, movens_server: MovensServer, account: MockConfigEntry
) -> None:
    """Its make and model, and what is below it."""
    number = next(
        number
        for number in await categories(hass, account)
        if (one := movens_server.categories.get(number)) and one.manufacturer
    )
    answer = await act(hass, account, "get_categories", category_id=number)

    (one,) = [one for one in answer["categories"] if one["id"] == number]
    known = movens_server.categories.get(number)
    assert known is not None
    assert (one["manufacturer"], one["model"]) == (known.manufacturer, known.model)


async def test_the_leaves_are_told_alone(
    hass: HomeAssistant, account: MockConfigEntry
) -> None:
    """Those of the tree that no other one names as its parent."""
    tree = await categories(hass, account)
    answer = await act(hass, account, "get_categories", leaves_only=True)

    parents = {one["parent_id"] for one in tree.values()}
    leaves = {one["id"]: one["labels"] for one in answer["categories"]}
    assert leaves == {
        number: one["labels"] for number, one in tree.items() if number not in parents
    }
    with pytest.raises(ServiceValidationError) as raised:
        await act(hass, account, "get_categories", leaves_only=True, category_id=1)
    assert raised.value.translation_key == "leaves_of_all"
    one = await act(hass, account, "get_categories", category_id=1)
    assert one == await act(
        hass, account, "get_categories", leaves_only=False, category_id=1
    )


async def test_a_category_comes_changes_and_goes(
    hass: HomeAssistant, movens_server: MovensServer, account: MockConfigEntry
) -> None:
    """What is not given stays as it is at the vendor."""
    before = await categories(hass, account)
    await act(
        hass,
        account,
        "save_category",
        labels={"en": "Cargo bike", "it": "Bici cargo"},
        parent_id=1,
        seats=1,
    )
    after = await categories(hass, account)
    (number,) = after.keys() - before.keys()
    assert after[number]["labels"] == {"en": "Cargo bike", "it": "Bici cargo"}
    assert after[number]["parent_id"] == 1

    await act(hass, account, "save_category", category_id=number, model="Long")
    kept = movens_server.categories.get(number)
    assert kept is not None
    assert (kept.model, kept.seats, kept.parent) == ("Long", 1, 1)

    await act(hass, account, "delete_category", category_id=number)
    assert number not in await categories(hass, account)
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, account, "delete_category", category_id=number)
    assert raised.value.translation_key == "err_element_already_deleted"


async def test_the_vendors_refusals_are_translated(
    hass: HomeAssistant, movens_server: MovensServer, account: MockConfigEntry
) -> None:
    """Its own short words become sentences."""
    used = category_of(next(iter(movens_server.world.vehicles)))
    for name, fields, key in (
        ("delete_category", {"category_id": 987654}, "err_element_does_not_exist"),
        (
            "delete_category",
            {"category_id": used},
            "err_cannot_delete_category_has_vehicles",
        ),
        (
            "save_category",
            {"category_id": 987654, "labels": {"en": "Van"}},
            "err_invalid_element",
        ),
    ):
        with pytest.raises(HomeAssistantError) as raised:
            await act(hass, account, name, **fields)
        assert raised.value.translation_key == key
    with pytest.raises(ServiceValidationError) as raised_here:
        await act(hass, account, "save_category", model="Nameless")
    assert raised_here.value.translation_key == "no_label"


async def test_a_picture_is_set_from_an_allowed_file(
    hass: HomeAssistant,
    movens_server: MovensServer,
    account: MockConfigEntry,
    tmp_path: Path,
) -> None:
    """The picture and its small form; what is no picture is not sent."""
    good, bad = tmp_path / "van.png", tmp_path / "van.txt"
    good.write_bytes(PNG)
    bad.write_bytes(b"a van")
    sound = tmp_path / "van.wav"
    sound.write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt ")
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    number = next(iter(await categories(hass, account)))

    for thumbnail in (False, True):
        await act(
            hass,
            account,
            "set_category_image",
            category_id=number,
            file=str(good),
            thumbnail=thumbnail,
        )
    known = movens_server.categories.get(number)
    assert known is not None
    assert b64decode(known.image or "") == PNG
    assert b64decode(known.thumbnail or "") == PNG

    for file, key in (
        (bad, "file_no_image"),
        (sound, "file_no_image"),
        (tmp_path / "van\0.png", "file_not_allowed"),
        (tmp_path / "none.png", "file_not_read"),
        (tmp_path.parent / "van.png", "file_not_allowed"),
    ):
        with pytest.raises(ServiceValidationError) as raised:
            await act(
                hass, account, "set_category_image", category_id=number, file=str(file)
            )
        assert raised.value.translation_key == key


async def test_a_new_picture_is_shown_at_once(
    hass: HomeAssistant,
    movens_server: MovensServer,
    account: MockConfigEntry,
    tmp_path: Path,
    clock: Clock,
) -> None:
    """Though pictures are kept for a day."""
    await async_enable_everything(hass, account)
    vehicle = next(iter(movens_server.world.vehicles))
    entity_id = entity_id_of(
        hass, account, "image", movens_server.vendor_id(vehicle), "category"
    )
    assert entity_id is not None
    before = await async_get_image(hass, entity_id)
    shown = hass.states.get(entity_id)
    new = b64decode(picture(7, 9))
    (tmp_path / "new.png").write_bytes(new)
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    clock.advance(seconds=1)

    await act(
        hass,
        account,
        "set_category_image",
        category_id=category_of(vehicle),
        file=str(tmp_path / "new.png"),
    )
    await hass.async_block_till_done()

    assert hass.states.get(entity_id) != shown
    assert before.content != new
    assert (await async_get_image(hass, entity_id)).content == new


OPEN = {
    "fleetgo": ("/Equipment/GetAdministrations", {}),
    "ocean": ("mobility/v1/entities", {}),
    "fleetwork": ("/gps-tracking/users", {"page": "1"}),
    "movens": ("/api/vehicle-admin/v1/vehicle-categories/tree", {}),
    "trackgps": ("/api/carriers/company-vehicles", {}),
}


async def test_an_open_call_returns_the_vendors_json(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """With the account's login, in the account's queue."""
    entry = entry_of(server)
    await async_set_up(hass, entry)
    path, params = OPEN[server.key]

    answer = await act(hass, entry, "call_api", path=path, params=params)

    assert isinstance(answer, dict)
    assert answer
    assert any(path.lower().strip("/") in sent.path.lower() for sent in server.requests)
    await async_poll(hass)


# Paths of another host, or past the address, and what they are refused as.
ELSEWHERE = [
    ("http://127.0.0.1:9/secret", "invalid_path"),
    ("//127.0.0.1:9/secret", "invalid_path"),
    ("/fleet?token=1", "invalid_path"),
    ("/fleet#top", "invalid_path"),
    ("\\\\127.0.0.1:9\\secret", "invalid_path"),
    # What web addresses drop, so that two dots come of it.
    ("/.\t./admin", "invalid_path"),
    ("/.\n./.\r./admin", "invalid_path"),
    ("/fleet\r\nHost: elsewhere", "invalid_path"),
    ("/fleet%0d%0aHost:%20elsewhere", "invalid_path"),
    ("/fleet%00", "invalid_path"),
    ("/../admin", "not_sent"),
    ("/..%2fadmin", "not_sent"),
    ("/..%5cadmin", "not_sent"),
    ("/fleet/%2e%2e/%2e%2e/admin", "not_sent"),
    ("/%252e%252e/admin", "not_sent"),
    ("@127.0.0.1:9/secret", "rejected"),
    (":9/secret", "rejected"),
    ("/\uff0e\uff0e/\u2024\u2024/secret", "rejected"),
    ("/nothing/of/the/kind", "rejected"),
]


@vendors("fleetgo", "trackgps")
async def test_an_open_call_stays_below_the_base(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """There is no way to another host, nor past the address."""
    entry = entry_of(server)
    await async_set_up(hass, entry)

    for path, key in ELSEWHERE:
        with pytest.raises(HomeAssistantError) as raised:
            await act(hass, entry, "call_api", path=path)

        assert raised.value.translation_key in (key, f"{key}_reason"), path
        refused = isinstance(raised.value, ServiceValidationError)
        assert refused == (key != "rejected"), path
    assert not any("admin" in sent.path for sent in server.requests)


async def test_a_parameter_may_be_a_number_or_a_switch(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """As they are written in YAML; the vendor gets the words of the web."""
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)

    await act(
        hass,
        entry,
        "call_api",
        path="/Equipment/GetEquipments",
        params={"groupId": 0, "hasDeviceOnly": True},
    )

    sent = fleetgo_server.requests[-1]
    assert sent.query == {"groupId": "0", "hasDeviceOnly": "true"}


async def test_an_open_call_tells_of_an_outage(
    hass: HomeAssistant, movens_server: MovensServer, account: MockConfigEntry
) -> None:
    """As every other action does."""
    movens_server.faults.append(Fault(kind=FaultKind.HTTP_500))
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, account, "call_api", path=OPEN["movens"][0])
    assert raised.value.translation_key == "cannot_connect"
