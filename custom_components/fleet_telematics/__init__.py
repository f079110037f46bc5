"""Fleet Telematics: vehicles of fleet vendors in Home Assistant."""

from collections.abc import Mapping

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.typing import ConfigType

from .connect import async_create_provider, async_request_queue, async_vendor_session
from .const import CONF_EXPOSE_DRIVERS, CONF_PROVIDER, CONF_VEHICLES, DOMAIN, PLATFORMS
from .coordinator import (
    FiguresCoordinator,
    FleetConfigEntry,
    FleetData,
    PositionsCoordinator,
    StepCoordinator,
)
from .devices import Devices
from .fleet import Fleet
from .fuel.coordinator import FuelCoordinator
from .fuel.ledger import async_get_ledger, async_remove_ledger
from .fuel.watcher import FuelWatcher
from .issues import delete_issues
from .live import LiveListener, live_provider
from .outage import async_outage_log
from .providers import PROVIDERS
from .providers.base import Feed
from .providers.capabilities import PositionSink
from .push import async_remove_push, async_start_push
from .services import async_setup_services
from .statistics.importer import StatisticsImporter
from .statistics.memory import async_remove_memory
from .statistics.update import DailyUpdate

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions: they are there whether or not an account is loaded."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: FleetConfigEntry) -> bool:
    """Set up one vendor account."""
    kind = PROVIDERS.get(entry.data[CONF_PROVIDER])
    if kind is None:
        raise ConfigEntryError(
            translation_domain=DOMAIN,
            translation_key="unknown_provider",
            translation_placeholders={"provider": entry.data[CONF_PROVIDER]},
        )

    @callback
    def store(changes: Mapping[str, object]) -> None:
        hass.config_entries.async_update_entry(entry, data={**entry.data, **changes})

    provider = await async_create_provider(
        hass, async_vendor_session(hass), kind, entry.data, entry.options, store
    )
    expose_drivers = entry.options.get(CONF_EXPOSE_DRIVERS, False)
    if not expose_drivers:
        _remove_drivers(hass, entry)
    fleet = Fleet(
        include=entry.options.get(CONF_VEHICLES, ()), expose_drivers=expose_drivers
    )
    devices = Devices(hass, entry, kind.info, fleet)
    positions = PositionsCoordinator(hass, entry, provider, fleet, devices)
    plans = dict(provider.feeds)
    ledger = await async_get_ledger(hass, entry.entry_id)
    fuel: FuelCoordinator | FuelWatcher
    if (plan := plans.pop(Feed.FUEL, None)) is not None:
        fuel = FuelCoordinator(hass, entry, provider, fleet, plan, ledger)
    else:
        listens = live_provider(entry, provider) is not None
        interval = positions.live_interval if listens else positions.update_interval
        fuel = FuelWatcher(
            hass, entry, fleet, ledger, interval or kind.info.default_interval
        )
    data = FleetData(
        provider=provider,
        queue=async_request_queue(hass, kind, entry.data),
        fleet=fleet,
        devices=devices,
        positions=positions,
        fuel=fuel,
        statistics=StatisticsImporter(hass, entry),
    )
    if (plan := plans.pop(Feed.FIGURES, None)) is not None:
        data.figures = FiguresCoordinator(hass, entry, provider, fleet, plan)
    for feed, plan in plans.items():
        data.feeds[feed] = StepCoordinator(hass, entry, provider, fleet, feed, plan)

    if isinstance(provider, PositionSink):
        # Before the vendor is asked: what happens while it is down is told later.
        data.push = await async_start_push(hass, entry)
    await positions.async_config_entry_first_refresh()
    data.fuel.teller.async_show()
    entry.runtime_data = data
    await data.statistics.memory.async_load()
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    _start_feeds(hass, entry)
    _start_sending(hass, entry)
    _start_statistics(hass, entry)
    return True


def _start_feeds(hass: HomeAssistant, entry: FleetConfigEntry) -> None:
    """Read what is beside the poll without holding up the set-up."""
    data = entry.runtime_data
    if (figures := data.figures) is not None:
        entry.async_on_unload(
            figures.async_listen_figures(
                lambda: data.devices.describe_fleet(figures.figures.organisations)
            )
        )

    async def read_feeds() -> None:
        if figures is not None:
            await figures.async_refresh()
        for coordinator in data.feeds.values():
            await coordinator.async_refresh()

    entry.async_create_background_task(hass, read_feeds(), f"{DOMAIN} first reads")
    if (provider := live_provider(entry, data.provider)) is not None:
        entry.async_create_background_task(
            hass,
            LiveListener(provider, data.positions).async_listen(),
            f"{DOMAIN} live updates",
        )

    @callback
    def start_fuel(hass: HomeAssistant) -> None:
        entry.async_create_background_task(
            hass, data.fuel.async_start(), f"{DOMAIN} first fuel read"
        )

    # Automations listen once Home Assistant has started: before, events are lost.
    entry.async_on_unload(async_at_started(hass, start_fuel))


def _start_statistics(hass: HomeAssistant, entry: FleetConfigEntry) -> None:
    """Go on with an import that a restart interrupted, and update every day."""
    importer = entry.runtime_data.statistics
    update = DailyUpdate(hass, entry, importer)

    @callback
    def start(hass: HomeAssistant) -> None:
        importer.async_go_on()
        update.async_start()

    # The recorder writes once Home Assistant has started.
    entry.async_on_unload(async_at_started(hass, start))


def _start_sending(hass: HomeAssistant, entry: FleetConfigEntry) -> None:
    """Send what waits, at once when the vendor is back after an outage."""
    data = entry.runtime_data
    push, provider = data.push, data.provider
    if push is None or not isinstance(provider, PositionSink):
        return
    push.sender.async_start(
        provider,
        async_outage_log(hass, entry),
        lambda: data.positions.last_update_success,
    )

    @callback
    def polled() -> None:
        if data.positions.last_update_success:
            push.sender.async_retry()

    entry.async_on_unload(data.positions.async_add_listener(polled))


def _remove_drivers(hass: HomeAssistant, entry: FleetConfigEntry) -> None:
    """Take the drivers' names off once the user no longer wants them shown."""
    registry = er.async_get(hass)
    for known in er.async_entries_for_config_entry(registry, entry.entry_id):
        if known.translation_key == "driver":
            registry.async_remove(known.entity_id)


async def async_unload_entry(hass: HomeAssistant, entry: FleetConfigEntry) -> bool:
    """Unload an account."""
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded and (push := entry.runtime_data.push) is not None:
        await push.sender.async_stop()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: FleetConfigEntry) -> None:
    """Delete what an account left behind."""
    await async_remove_ledger(hass, entry.entry_id)
    await async_remove_push(hass, entry.entry_id)
    await async_remove_memory(hass, entry.entry_id)
    # What ends only now may still tell of one.
    delete_issues(hass, entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: FleetConfigEntry, device: dr.AnyDeviceEntry
) -> bool:
    """Let the user delete the device of a vehicle that the vendor no longer lists."""
    # Of an account that is not loaded nobody knows whose vehicle is still there.
    return entry.state is ConfigEntryState.LOADED and entry.runtime_data.devices.remove(
        device
    )
