"""Accounts are connected, asked again and changed through the flow."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.fleet_telematics.const import CONF_PROVIDER, DOMAIN
from custom_components.fleet_telematics.providers import PROVIDERS
from simulator.faults import Fault, FaultKind
from simulator.fleetgo import FleetGoServer
from simulator.movens import MovensServer
from simulator.ocean import BASES as OCEAN_BASES, OceanServer
from simulator.server import VendorServer
from simulator.trackgps import TrackGpsServer

from .helpers import (
    async_add,
    async_add_through_flow,
    async_poll,
    async_set_up,
    async_submit,
    entity_id_of,
    entry_of,
    form_of,
    state_of,
)
from .vendors import VENDORS, fact, vendors

# Fleetwork does not tell whose a key is.
COMPARABLE = sorted(VENDORS.keys() - {"fleetwork"})


def credentials_of(server: VendorServer, **changes: Any) -> dict[str, Any]:
    """Return what a user types when the credentials are asked for again."""
    known = {**server.credentials, **changes}
    return {
        one.key: known[one.key]
        for one in PROVIDERS[server.key].info.fields
        if one.credential and one.key in known
    }


def state_now(entry: MockConfigEntry) -> ConfigEntryState:
    """Return an entry's state, which may have changed since it was last seen."""
    state: ConfigEntryState = entry.state
    return state


async def test_the_menu_offers_every_provider(hass: HomeAssistant) -> None:
    """The first question is which vendor it is."""
    menu = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert menu["type"] is FlowResultType.MENU
    assert menu["step_id"] == "user"
    assert menu["menu_options"] == [
        "fleetgo",
        "ocean",
        "fleetwork",
        "movens",
        "trackgps",
        "demo",
    ]


async def test_an_account_is_connected(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """Menu, form, done: the entry holds what was typed and belongs to the account."""
    entry = await async_add_through_flow(hass, server)
    assert entry.unique_id == f"{server.key}_{fact(server).account(server)}"
    assert entry.data[CONF_PROVIDER] == server.key
    assert entry.data.items() >= form_of(server).items()
    assert PROVIDERS[server.key].info.name in entry.title
    assert server.credentials.get("username", "") in entry.title
    assert len(entry.runtime_data.fleet.vehicles) == len(server.world.vehicles)


async def test_the_same_account_cannot_be_added_twice(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """Also when it was pasted with the end of its line."""
    await async_add_through_flow(hass, server)
    identity = fact(server).identity
    pasted = {identity: f"{server.credentials[identity]}\n"}
    again = await async_submit(hass, server.key, form_of(server, **pasted))
    assert again["type"] is FlowResultType.ABORT
    assert again["reason"] == "already_configured"


async def test_wrong_credentials_are_tried_once(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """One request, one clear error; afterwards the right ones work."""
    wrong = {fact(server).secret: "wrong"}
    result = await async_submit(hass, server.key, form_of(server, **wrong))
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": "invalid_auth"}
    assert len(server.requests) == 1

    done = await hass.config_entries.flow.async_configure(
        result["flow_id"], form_of(server)
    )
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_a_second_factor_is_named(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """An account with MFA is told so."""
    fleetgo_server.mfa = True
    result = await async_submit(hass, fleetgo_server.key, form_of(fleetgo_server))
    assert result["errors"] == {"base": "mfa_required"}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind=FaultKind.HTML), "invalid_response"),
        (Fault(kind=FaultKind.TRUNCATED_JSON), "invalid_response"),
        (Fault(kind=FaultKind.HUGE), "invalid_response"),
        (Fault(kind=FaultKind.REDIRECT), "invalid_response"),
        (Fault(kind=FaultKind.HTTP_429, retry_after=30), "rate_limited"),
        (Fault(kind=FaultKind.HTTP_429), "rate_limited"),
        (Fault(kind=FaultKind.HTTP_503), "cannot_connect"),
        (Fault(kind=FaultKind.HTTP_500), "cannot_connect"),
        (Fault(kind=FaultKind.RESET), "cannot_connect"),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Fault) else value,
)
async def test_every_failure_of_a_vendor_has_its_own_error(
    hass: HomeAssistant, server: VendorServer, fault: Fault, error: str
) -> None:
    """Whatever answers instead of the vendor, the user learns what it was."""
    server.faults.append(fault)
    result = await async_submit(hass, server.key, form_of(server))
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": error}


@vendors("fleetgo", "ocean", "trackgps")
async def test_a_login_in_another_shape_is_no_login(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """An answer without a token is not the vendor's."""
    server.faults.append(Fault(kind=FaultKind.WRONG_TYPES))
    result = await async_submit(hass, server.key, form_of(server))
    assert result["errors"] == {"base": "invalid_response"}


@vendors("fleetgo", "ocean", "fleetwork", "trackgps")
async def test_an_address_that_is_nothing_of_the_vendors(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """Whatever does not know the first path is not the vendor's interface."""
    typed = form_of(server, url=f"http://127.0.0.1:{server.port}/nothing/here")
    result = await async_submit(hass, server.key, typed)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": "invalid_response"}


async def test_a_vendor_that_does_not_answer_is_a_timeout(
    hass: HomeAssistant,
    server: VendorServer,
    impatient: Callable[[float], None],
) -> None:
    """Waiting has an end."""
    impatient(0.2)
    server.faults.append(Fault(kind=FaultKind.LATENCY, delay=5))
    result = await async_submit(hass, server.key, form_of(server))
    assert result["errors"] == {"base": "timeout"}


async def test_an_address_where_nobody_listens(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """A refused connection is not the user's password."""
    result = await async_submit(
        hass, server.key, form_of(server, url="http://127.0.0.1:9")
    )
    assert result["errors"] == {"base": "cannot_connect"}


@pytest.mark.parametrize(
    "url",
    [
        "not an address",
        "ftp://127.0.0.1",
        "http://api.example.com",
        "http://8.8.8.8",
        "https://user:secret@api.example.com",
        "https://api.example.com/?key=1",
        "https://",
        "http://127.0.0.1:99999",
        "http://0.0.0.0",
    ],
)
async def test_an_address_that_cannot_be(
    hass: HomeAssistant, fleetgo_server: FleetGoServer, url: str
) -> None:
    """Nothing is sent to it: passwords only travel encrypted, or at home."""
    result = await async_submit(
        hass, fleetgo_server.key, form_of(fleetgo_server, url=url)
    )
    assert result["errors"] == {"url": "invalid_url"}
    assert not fleetgo_server.requests


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "../../etc/passwd", "/etc", "\0"])
async def test_a_time_zone_that_does_not_exist(
    hass: HomeAssistant, trackgps_server: TrackGpsServer, zone: str
) -> None:
    """The vendor's times mean nothing without it."""
    result = await async_submit(
        hass, trackgps_server.key, form_of(trackgps_server, time_zone=zone)
    )
    assert result["errors"] == {"base": "invalid_time_zone"}
    assert not trackgps_server.requests


@vendors("fleetgo", "ocean", "fleetwork")
async def test_the_other_known_base_is_tried(
    hass: HomeAssistant, server: VendorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first base is not the API, the second is, and is kept."""
    kind = PROVIDERS[server.key]
    elsewhere = f"http://127.0.0.1:{server.port}/nothing-here"
    monkeypatch.setattr(
        kind, "info", kind.info.__replace__(urls=(elsewhere, server.url))
    )
    entry = await async_add_through_flow(hass, server, url=elsewhere)
    assert entry.data["url"] == server.url
    assert entry.runtime_data.fleet.vehicles


@pytest.mark.parametrize("base", OCEAN_BASES)
async def test_ocean_lives_at_either_of_its_bases(
    hass: HomeAssistant,
    ocean_server: OceanServer,
    monkeypatch: pytest.MonkeyPatch,
    base: str,
) -> None:
    """Whoever leaves the address as it is gets the base that is there."""
    kind = PROVIDERS["ocean"]
    root = f"http://127.0.0.1:{ocean_server.port}"
    urls = tuple(f"{root}{one}" for one in OCEAN_BASES)
    monkeypatch.setattr(kind, "info", kind.info.__replace__(urls=urls))
    ocean_server.bases = {base}
    entry = await async_add_through_flow(hass, ocean_server, url=urls[0])
    assert entry.data["url"] == f"{root}{base}"
    assert len(entry.runtime_data.fleet.vehicles) == len(ocean_server.world.vehicles)


async def test_one_of_oceans_customers_is_an_account_of_its_own(
    hass: HomeAssistant, ocean_server: OceanServer
) -> None:
    """A user of several customers chooses one by its number."""
    ocean_server.multi_client = True
    customer = ocean_server.customer_id
    entry = await async_add_through_flow(hass, ocean_server, customer_id=customer)
    account = fact(ocean_server).account(ocean_server)
    assert entry.unique_id == f"ocean_{account}_{customer}"
    assert entry.data["customer_id"] == customer
    assert entry.runtime_data.fleet.vehicles


async def test_a_movens_token_is_enough(
    hass: HomeAssistant, movens_server: MovensServer
) -> None:
    """It is pasted as it is, and belongs to the account that a login finds."""
    token = movens_server.issue_token()
    typed = {"url": movens_server.url, "access_token": f"Bearer {token}\n"}
    entry = await async_add(hass, "movens", typed)
    account = fact(movens_server).account(movens_server)
    assert entry.unique_id == f"movens_{account}"
    assert len(entry.runtime_data.fleet.vehicles) == len(movens_server.world.vehicles)
    assert not any(movens_server.is_login(one.path) for one in movens_server.requests)

    again = await async_submit(hass, "movens", form_of(movens_server))
    assert again["reason"] == "already_configured"


async def test_a_movens_token_that_is_replaced_at_once_is_the_one_that_is_kept(
    hass: HomeAssistant, movens_server: MovensServer
) -> None:
    """The first answer may bring the token's successor and end the token."""
    movens_server.rotate_within = movens_server.token_lifetime
    movens_server.revoke_rotated = True
    pasted = movens_server.issue_token()
    typed = {"url": movens_server.url, "access_token": pasted}
    entry = await async_add(hass, "movens", typed)
    assert not movens_server.token_is_valid(pasted)
    assert movens_server.token_is_valid(entry.data["access_token"])


async def test_movens_needs_a_token_or_a_login(
    hass: HomeAssistant, movens_server: MovensServer
) -> None:
    """With neither nothing is sent."""
    result = await async_submit(hass, "movens", {"url": movens_server.url})
    assert result["errors"] == {"base": "invalid_auth"}
    assert not movens_server.requests


async def test_the_demo_asks_for_nothing_but_its_size(hass: HomeAssistant) -> None:
    """There is one demo fleet; no network is needed to have it."""
    entry = await async_add(hass, "demo", {"vehicles": 3})
    assert entry.unique_id == "demo_demo"
    assert len(entry.runtime_data.fleet.vehicles) == 3
    again = await async_submit(hass, "demo", {"vehicles": 4})
    assert again["reason"] == "already_configured"


async def test_the_demo_can_grow(hass: HomeAssistant) -> None:
    """Its vehicles stay the same, and more join them."""
    entry = await async_add(hass, "demo", {"vehicles": 2})
    few = set(entry.runtime_data.fleet.vehicles)
    form = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], {"vehicles": 4}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert result["reason"] == "reconfigure_successful"
    assert few < set(entry.runtime_data.fleet.vehicles)
    assert len(entry.runtime_data.fleet.vehicles) == 4


async def test_wrong_credentials_are_not_tried_at_the_other_base(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The base that knows the account and refuses it is the right one."""
    kind = PROVIDERS["fleetgo"]
    root = f"http://127.0.0.1:{fleetgo_server.port}"
    monkeypatch.setattr(
        kind, "info", kind.info.__replace__(urls=(fleetgo_server.url, root))
    )
    result = await async_submit(
        hass, fleetgo_server.key, form_of(fleetgo_server, password="wrong")
    )
    assert result["errors"] == {"base": "invalid_auth"}
    assert len(fleetgo_server.requests) == 1


async def test_an_unexpected_error_is_answered(
    hass: HomeAssistant,
    fleetgo_server: FleetGoServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A bug of ours costs a try, not the dialog."""

    async def broken(self: object) -> None:
        raise KeyError("bug")

    monkeypatch.setattr(PROVIDERS["fleetgo"], "authenticate", broken)
    result = await async_submit(hass, fleetgo_server.key, form_of(fleetgo_server))
    assert result["errors"] == {"base": "unknown"}
    assert "Unexpected error while connecting FleetGO" in caplog.text
    caplog.clear()


async def test_refused_credentials_ask_the_user_and_new_ones_help(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """Devices, entities and the account's id stay as they are."""
    entry = entry_of(server)
    await async_set_up(hass, entry)
    account = entry.unique_id
    before = {one.entity_id for one in er.async_get(hass).entities.values()}
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)

    secret = fact(server).secret
    server.change_credentials(**{secret: "a-new-one"})
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["step_id"] == "reauth_confirm"

    # Still wrong: the form comes back with the error.
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], credentials_of(server, **{secret: "wrong"})
    )
    assert result["errors"] == {"base": "invalid_auth"}
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], credentials_of(server)
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert state_now(entry) is ConfigEntryState.LOADED
    assert entry.unique_id == account
    assert entry.data[secret] == "a-new-one"
    assert entry.data["url"] == server.url
    assert {one.entity_id for one in er.async_get(hass).entities.values()} >= before
    assert (
        dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id) == devices
    )


async def test_a_new_movens_token_ends_the_question_for_one(
    hass: HomeAssistant, movens_server: MovensServer
) -> None:
    """Where the vendor renewed nothing in time, a fresh token is pasted."""
    typed = {
        "url": movens_server.url,
        "access_token": movens_server.issue_token(),
    }
    entry = await async_add(hass, "movens", typed)
    movens_server.expire_tokens()
    await entry.runtime_data.positions.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)
    (flow,) = hass.config_entries.flow.async_progress()
    fresh = movens_server.issue_token()
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"access_token": fresh}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert result["reason"] == "reauth_successful"
    assert entry.data["access_token"] == fresh
    assert entry.state is ConfigEntryState.LOADED


async def test_running_into_refused_credentials_asks_once(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """In running operation, too, and no login is repeated behind the user's back."""
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    fleetgo_server.change_credentials(password="new-password")
    seen = len(fleetgo_server.requests)
    await entry.runtime_data.positions.async_refresh()
    await entry.runtime_data.positions.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)
    logins = [
        one
        for one in list(fleetgo_server.requests)[seen:]
        if one.path.lower().endswith("/session/login")
    ]
    assert len(logins) == 1
    assert len(hass.config_entries.flow.async_progress()) == 1


async def test_refused_credentials_are_sent_by_one_feed_alone(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """While the user is asked for new ones nothing is sent with those at hand."""
    entry = entry_of(server)
    await async_set_up(hass, entry)
    server.change_credentials(**{fact(server).secret: "a-new-one"})
    await entry.runtime_data.positions.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)
    seen = len(server.requests)
    for hours in range(1, 30):
        await async_poll(hass, timedelta(hours=hours))
    assert [one.path for one in list(server.requests)[seen:]] == []
    assert len(hass.config_entries.flow.async_progress()) == 1


@vendors(*COMPARABLE)
async def test_credentials_of_another_account_are_refused_at_reauth(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """An entry keeps its account."""
    entry = entry_of(server)
    object.__setattr__(entry, "unique_id", f"{server.key}_somebody_else")
    entry.add_to_hass(hass)
    flow = await entry.start_reauth_flow(hass)
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], credentials_of(server)
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "wrong_account"


async def test_reconfiguring_keeps_the_password_unless_a_new_one_is_given(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """The stored secret is neither shown nor lost."""
    entry = entry_of(server)
    await async_set_up(hass, entry)
    form = await entry.start_reconfigure_flow(hass)
    assert form["step_id"] == "reconfigure"
    shown = {
        str(key): (key.description or {}).get("suggested_value")
        for key in form["data_schema"].schema
    }
    secret = fact(server).secret
    assert shown[secret] is None
    assert shown["url"] == server.url

    typed = form_of(server)
    del typed[secret]
    typed["url"] = f"{server.url}/"
    result = await hass.config_entries.flow.async_configure(form["flow_id"], typed)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert result["reason"] == "reconfigure_successful"
    assert entry.data[secret] == server.credentials[secret]
    assert entry.data["url"] == server.url
    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize("change", ["username", "password", "login_path"])
async def test_a_stored_movens_token_does_not_vouch_for_a_new_login(
    hass: HomeAssistant, movens_server: MovensServer, change: str
) -> None:
    """What was typed is tried, although the token of before still works."""
    token = movens_server.issue_token()
    entry = entry_of(movens_server, access_token=token)
    await async_set_up(hass, entry)
    form = await entry.start_reconfigure_flow(hass)
    typed = {**form_of(movens_server), change: "/wrong"}
    result = await hass.config_entries.flow.async_configure(form["flow_id"], typed)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": "invalid_auth"}
    assert entry.data["access_token"] == token

    movens_server.change_credentials(password="a-new-one")
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], form_of(movens_server)
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["password"] == "a-new-one"
    assert "access_token" not in entry.data
    assert entry.state is ConfigEntryState.LOADED


async def test_reconfiguring_keeps_a_movens_token_that_nothing_replaces(
    hass: HomeAssistant, movens_server: MovensServer
) -> None:
    """The same login beside it, and no password typed."""
    token = movens_server.issue_token()
    entry = entry_of(movens_server, access_token=token)
    await async_set_up(hass, entry)
    form = await entry.start_reconfigure_flow(hass)
    typed = form_of(movens_server)
    del typed["password"]
    result = await hass.config_entries.flow.async_configure(form["flow_id"], typed)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["access_token"] == token
    assert not any(movens_server.is_login(one.path) for one in movens_server.requests)


@vendors(*COMPARABLE)
async def test_reconfiguring_to_another_account_is_refused(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """Another account is another entry."""
    entry = entry_of(server)
    object.__setattr__(entry, "unique_id", f"{server.key}_somebody_else")
    entry.add_to_hass(hass)
    form = await entry.start_reconfigure_flow(hass)
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], form_of(server)
    )
    assert result["reason"] == "wrong_account"


async def test_reconfiguring_with_a_bad_address_shows_it(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """What was typed stays in the form."""
    entry = entry_of(fleetgo_server)
    entry.add_to_hass(hass)
    form = await entry.start_reconfigure_flow(hass)
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], form_of(fleetgo_server, url="http://example.com")
    )
    assert result["errors"] == {"url": "invalid_url"}


async def test_options_are_kept_and_the_account_reloaded(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """A chosen vehicle leaves the others' devices out."""
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    form = await hass.config_entries.options.async_init(entry.entry_id)
    assert form["step_id"] == "init"
    chosen = next(iter(entry.runtime_data.fleet.vehicles))
    result = await hass.config_entries.options.async_configure(
        form["flow_id"],
        {
            "scan_interval": 45,
            "vehicles": [chosen],
            "refill_threshold": 10,
            "theft_threshold": 12,
            "expose_drivers": True,
        },
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options["scan_interval"] == 45
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.positions.update_interval.total_seconds() == 45
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert len(devices) == 2
    assert state_of(hass, entry, "sensor", chosen, "driver").state


async def test_hiding_drivers_again_removes_their_names(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """What was shown once does not stay behind."""
    entry = entry_of(fleetgo_server, {"expose_drivers": True})
    await async_set_up(hass, entry)
    registry = er.async_get(hass)

    def drivers() -> list[str]:
        return [
            one.entity_id
            for one in er.async_entries_for_config_entry(registry, entry.entry_id)
            if one.translation_key == "driver"
        ]

    assert drivers()
    hass.config_entries.async_update_entry(entry, options={"expose_drivers": False})
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not drivers()


async def test_an_interval_below_the_vendors_is_refused(
    hass: HomeAssistant, server: VendorServer
) -> None:
    """The error names what the vendor allows."""
    entry = entry_of(server)
    entry.add_to_hass(hass)
    form = await hass.config_entries.options.async_init(entry.entry_id)
    shortest = f"{PROVIDERS[server.key].info.shortest_interval({}):g}"
    options = {
        "scan_interval": int(shortest) - 1,
        "refill_threshold": 8,
        "theft_threshold": 8,
        "expose_drivers": False,
    }
    result = await hass.config_entries.options.async_configure(form["flow_id"], options)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"scan_interval": "interval_too_short"}
    assert result["description_placeholders"] == {"shortest": shortest}


async def test_oceans_speeds_are_an_option(
    hass: HomeAssistant, ocean_server: OceanServer
) -> None:
    """Chosen in the dialog, each vehicle has a speed after the reload."""
    entry = entry_of(ocean_server)
    await async_set_up(hass, entry)
    moving = next(
        vehicle.id
        for vehicle in entry.runtime_data.fleet.vehicles.values()
        if vehicle.moving
    )
    assert entity_id_of(hass, entry, "sensor", moving, "speed") is None
    form = await hass.config_entries.options.async_init(entry.entry_id)
    result = await hass.config_entries.options.async_configure(
        form["flow_id"],
        {
            "scan_interval": 60,
            "refill_threshold": 8,
            "theft_threshold": 8,
            "expose_drivers": False,
            "speed": True,
            "speed_interval": 120,
        },
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    await async_poll(hass)
    assert float(state_of(hass, entry, "sensor", moving, "speed").state) > 0


async def test_a_raised_limit_allows_shorter_intervals(
    hass: HomeAssistant, trackgps_server: TrackGpsServer
) -> None:
    """TrackGPS's support can raise an account's limit."""
    entry = entry_of(trackgps_server)
    entry.add_to_hass(hass)
    form = await hass.config_entries.options.async_init(entry.entry_id)
    result = await hass.config_entries.options.async_configure(
        form["flow_id"],
        {
            "scan_interval": 5,
            "refill_threshold": 8,
            "theft_threshold": 8,
            "expose_drivers": False,
            "request_interval": 5,
        },
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options["request_interval"] == 5


async def test_a_request_interval_of_zero_is_refused(
    hass: HomeAssistant, trackgps_server: TrackGpsServer
) -> None:
    """At least one second lies between two requests."""
    entry = entry_of(trackgps_server)
    entry.add_to_hass(hass)
    form = await hass.config_entries.options.async_init(entry.entry_id)
    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(
            form["flow_id"],
            {
                "scan_interval": 60,
                "refill_threshold": 8,
                "theft_threshold": 8,
                "expose_drivers": False,
                "request_interval": 0,
            },
        )


async def test_a_group_narrows_the_fleet(
    hass: HomeAssistant, fleetgo_server: FleetGoServer
) -> None:
    """The groups that the fleet shows can be chosen, and the poll asks for one."""
    entry = entry_of(fleetgo_server)
    await async_set_up(hass, entry)
    form = await hass.config_entries.options.async_init(entry.entry_id)
    schema = form["data_schema"]
    assert schema is not None
    (selector,) = (value for key, value in schema.schema.items() if key == "group")
    group = selector.config["options"][0]["value"]
    await hass.config_entries.options.async_configure(
        form["flow_id"],
        {
            "scan_interval": 60,
            "refill_threshold": 8,
            "theft_threshold": 8,
            "expose_drivers": False,
            "group": group,
        },
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    asked = [
        one.query.get("groupId")
        for one in fleetgo_server.requests
        if one.path.lower().endswith("/getequipments")
    ]
    assert asked == [group]
