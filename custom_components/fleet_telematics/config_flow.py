"""Connects accounts: one table of providers drives every form."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, override

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_SCAN_INTERVAL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import selector
import voluptuous as vol

from .connect import async_find_account
from .const import (
    CONF_EXPOSE_DRIVERS,
    CONF_FORWARD_TRACKERS,
    CONF_PROVIDER,
    CONF_REFILL_THRESHOLD,
    CONF_THEFT_THRESHOLD,
    CONF_UPDATE_STATISTICS,
    CONF_VEHICLES,
    DEFAULT_REFILL_THRESHOLD,
    DEFAULT_THEFT_THRESHOLD,
    DOMAIN,
    LOGGER,
)
from .coordinator import FleetConfigEntry
from .devices import async_expect_fewer
from .failures import error_key
from .forms import async_read_fields, choice_options, field_schema
from .providers import PROVIDERS
from .providers.base import Account, Field, FieldKind, Provider
from .providers.capabilities import PositionSink, TripHistory
from .providers.errors import ProviderError
from .push.forwarder import current_ids, stable_ids
from .push.sighting import TRACKERS, trackers_of_sinks

_LONGEST_INTERVAL: Final = 24 * 60 * 60


class FleetTelematicsConfigFlow(ConfigFlow, domain=DOMAIN):
    """Adds an account, asks again for its credentials, or changes its settings."""

    VERSION = 1

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> FleetOptionsFlow:
        """Return the options flow."""
        return FleetOptionsFlow()

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which vendor it is."""
        return self.async_show_menu(step_id="user", menu_options=list(PROVIDERS))

    async def async_step_account(
        self, key: str, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Ask for an account of the chosen vendor."""
        provider = PROVIDERS[key]
        errors: dict[str, str] = {}
        if user_input is not None:
            data, errors = await async_read_fields(provider.info.fields, user_input)
            if not errors:
                found = await self._async_connect(provider, data, errors)
                if found is not None:
                    account, data = found
                    await self.async_set_unique_id(f"{key}_{account.id}")
                    self._abort_if_unique_id_configured()
                    return self.async_create_entry(
                        title=_title(provider.info.name, account.title),
                        data={CONF_PROVIDER: key, **data},
                    )
        schema = vol.Schema(field_schema(provider.info, provider.info.fields))
        return self.async_show_form(
            step_id=key,
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors,
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Start over with the credentials that the vendor refused."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the credentials again."""
        entry = self._get_reauth_entry()
        fields = [
            one
            for one in PROVIDERS[entry.data[CONF_PROVIDER]].info.fields
            if one.credential
        ]
        return await self._async_change("reauth_confirm", entry, fields, user_input)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for everything again; blank passwords stay as they are."""
        entry = self._get_reconfigure_entry()
        fields = PROVIDERS[entry.data[CONF_PROVIDER]].info.fields
        return await self._async_change("reconfigure", entry, fields, user_input)

    async def _async_change(
        self,
        step_id: str,
        entry: ConfigEntry,
        fields: Iterable[Field],
        user_input: dict[str, Any] | None,
    ) -> ConfigFlowResult:
        """Change an entry's data; its account stays the same."""
        provider = PROVIDERS[entry.data[CONF_PROVIDER]]
        fields = tuple(fields)
        errors: dict[str, str] = {}
        if user_input is not None:
            changes, errors = await async_read_fields(fields, user_input)
            kept = {
                key: value
                for key, value in entry.data.items()
                if key != CONF_PROVIDER
                and key not in _cleared(fields, changes)
                and key not in _replaced(fields, changes, entry.data)
            }
            if not errors:
                found = await self._async_connect(provider, {**kept, **changes}, errors)
                if found is not None:
                    account, data = found
                    if account.comparable:
                        await self.async_set_unique_id(
                            f"{provider.info.key}_{account.id}"
                        )
                        self._abort_if_unique_id_mismatch(reason="wrong_account")
                    return self.async_update_reload_and_abort(
                        entry, data={CONF_PROVIDER: provider.info.key, **data}
                    )
        shown = {
            one.key: entry.data[one.key]
            for one in fields
            if one.key in entry.data and one.kind is not FieldKind.PASSWORD
        }
        schema = vol.Schema(
            field_schema(
                provider.info, fields, secrets_kept=self.source != SOURCE_REAUTH
            )
        )
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                schema, user_input or shown
            ),
            errors=errors,
            description_placeholders={"account": entry.title},
        )

    async def _async_connect(
        self,
        provider: type[Provider],
        data: Mapping[str, Any],
        errors: dict[str, str],
    ) -> tuple[Account, dict[str, Any]] | None:
        """Return the account and its data, or None with the error noted."""
        try:
            return await async_find_account(self.hass, provider, data)
        except ProviderError as err:
            LOGGER.debug("%s does not accept the account: %s", provider.info.name, err)
            errors["base"] = error_key(err)
        except Exception:  # noqa: BLE001 - the user gets an answer whatever happens
            LOGGER.exception("Unexpected error while connecting %s", provider.info.name)
            errors["base"] = "unknown"
        return None


def _title(vendor: str, account: str) -> str:
    """Return an entry's title; a vendor may not tell whose account it is."""
    return vendor if account in ("", vendor) else f"{vendor} {account}"


def _cleared(fields: Iterable[Field], changes: Mapping[str, Any]) -> set[str]:
    """Return the fields the user emptied; an empty password means "keep it"."""
    return {
        one.key
        for one in fields
        if one.key not in changes and one.kind is not FieldKind.PASSWORD
    }


def _replaced(
    fields: Iterable[Field], changes: Mapping[str, Any], stored: Mapping[str, Any]
) -> set[str]:
    """Return the fields whose stored value would answer for what was typed anew."""
    return {
        one.key
        for one in fields
        if any(
            changes.get(key, stored.get(key)) != stored.get(key)
            for key in one.instead_of
        )
    }


type _Step = Callable[
    [FleetTelematicsConfigFlow, dict[str, Any] | None], Awaitable[ConfigFlowResult]
]


def _account_step(key: str) -> _Step:
    """Return the step that the menu leads to for one provider."""

    async def step(
        self: FleetTelematicsConfigFlow, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        return await self.async_step_account(key, user_input)

    return step


for _key in PROVIDERS:
    setattr(FleetTelematicsConfigFlow, f"async_step_{_key}", _account_step(_key))


class FleetOptionsFlow(OptionsFlowWithReload):
    """Changes how an account is read and what is shown of it."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show all options; they depend on what the account knows of its fleet."""
        entry: FleetConfigEntry = self.config_entry
        info = PROVIDERS[entry.data[CONF_PROVIDER]].info
        errors: dict[str, str] = {}
        if user_input is not None:
            special, errors = await async_read_fields(info.options, user_input)
            options = {
                **{
                    key: value
                    for key, value in user_input.items()
                    if key not in {one.key for one in info.options}
                },
                **special,
            }
            for key in (
                CONF_SCAN_INTERVAL,
                CONF_REFILL_THRESHOLD,
                CONF_THEFT_THRESHOLD,
            ):
                options[key] = int(options[key])
            shortest = info.shortest_interval(options)
            if options[CONF_SCAN_INTERVAL] < shortest:
                errors[CONF_SCAN_INTERVAL] = "interval_too_short"
            # The form leaves them out, but not under the registry's own ids.
            chosen = current_ids(self.hass, options.get(CONF_FORWARD_TRACKERS, ()))
            refused = set(trackers_of_sinks(self.hass)).intersection(chosen)
            if refused:
                errors[CONF_FORWARD_TRACKERS] = "own_tracker"
            if not errors:
                if any(
                    options.get(one.key) != entry.options.get(one.key)
                    for one in info.options
                    if one.kind is FieldKind.CHOICE
                ):
                    async_expect_fewer(self.hass, entry)
                if CONF_FORWARD_TRACKERS in options:
                    options[CONF_FORWARD_TRACKERS] = stable_ids(
                        self.hass, options[CONF_FORWARD_TRACKERS]
                    )
                return self.async_create_entry(data=options)
        shortest = info.shortest_interval(user_input or entry.options)
        shown = dict(user_input or entry.options)
        if CONF_FORWARD_TRACKERS in shown:
            refused = set(trackers_of_sinks(self.hass))
            shown[CONF_FORWARD_TRACKERS] = [
                one
                for one in current_ids(self.hass, shown[CONF_FORWARD_TRACKERS])
                if one not in refused
            ]
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(self._schema(), shown),
            errors=errors,
            description_placeholders={"shortest": f"{shortest:g}"},
        )

    def _schema(self) -> vol.Schema:
        entry: FleetConfigEntry = self.config_entry
        provider = PROVIDERS[entry.data[CONF_PROVIDER]]
        info = provider.info
        vehicles: dict[str, str] = {
            one: one for one in entry.options.get(CONF_VEHICLES, ())
        }
        choices: dict[str, Mapping[str, str]] = {}
        # A fleet that is not loaded right now still has options.
        if (data := getattr(entry, "runtime_data", None)) is not None:
            vehicles |= data.fleet.names
            choices = {one.key: data.provider.choices(one.key) for one in info.options}
        percent = selector.NumberSelector(
            selector.NumberSelectorConfig(
                min=1, max=100, step=1, unit_of_measurement="%"
            )
        )
        return vol.Schema(
            {
                vol.Required(
                    CONF_SCAN_INTERVAL,
                    default=int(info.default_interval.total_seconds()),
                ): selector.NumberSelector(
                    selector.NumberSelectorConfig(
                        min=1,
                        max=_LONGEST_INTERVAL,
                        step=1,
                        mode=selector.NumberSelectorMode.BOX,
                        unit_of_measurement="s",
                    )
                ),
                vol.Optional(CONF_VEHICLES, default=[]): selector.SelectSelector(
                    selector.SelectSelectorConfig(
                        options=choice_options(vehicles), multiple=True
                    )
                ),
                vol.Required(
                    CONF_REFILL_THRESHOLD, default=DEFAULT_REFILL_THRESHOLD
                ): percent,
                vol.Required(
                    CONF_THEFT_THRESHOLD, default=DEFAULT_THEFT_THRESHOLD
                ): percent,
                vol.Required(
                    CONF_EXPOSE_DRIVERS, default=False
                ): selector.BooleanSelector(),
                **_statistics_schema(provider),
                **_forwarding_schema(self.hass, provider),
                **field_schema(info, info.options, choices=choices),
            }
        )


def _statistics_schema(
    provider: type[Provider],
) -> dict[vol.Marker, selector.Selector[Any]]:
    """Return the option of vendors whose past can become statistics."""
    if not issubclass(provider, TripHistory) or not provider.whole_history:
        return {}
    return {
        vol.Required(CONF_UPDATE_STATISTICS, default=False): selector.BooleanSelector()
    }


def _forwarding_schema(
    hass: HomeAssistant, provider: type[Provider]
) -> dict[vol.Marker, selector.Selector[Any]]:
    """Return the option of vendors that take positions; not those that they tell."""
    if not issubclass(provider, PositionSink):
        return {}
    return {
        vol.Optional(CONF_FORWARD_TRACKERS, default=[]): selector.EntitySelector(
            selector.EntitySelectorConfig(
                filter=[{"domain": list(TRACKERS)}],
                exclude_entities=sorted(trackers_of_sinks(hass)),
                multiple=True,
            )
        )
    }
