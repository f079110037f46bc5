"""Builds providers for accounts, and finds the base that works."""

from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from aiohttp import ClientSession, DummyCookieJar
from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.json import json_loads
from yarl import URL

from .const import CONF_PROVIDER, DOMAIN
from .providers.base import Account, Connection, FieldKind, Provider
from .providers.errors import (
    AuthenticationFailed,
    InvalidResponse,
    MethodNotAllowed,
    NotFound,
    ProviderError,
    Rejected,
    Unreachable,
)
from .providers.transport import RequestQueue

_QUEUES: HassKey[dict[tuple[str, ...], RequestQueue]] = HassKey(f"{DOMAIN}_queues")


_LOCAL_NETWORKS = tuple(
    ip_network(one)
    for one in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
    )
)


class InvalidUrl(Exception):
    """The address cannot be a vendor's base."""


def normalised_url(text: str) -> str:
    """Return a base without a trailing slash.

    Raises InvalidUrl unless it is https, or http to a loopback or private
    address: passwords travel over it.
    """
    try:
        url = URL(text.strip())
        port = url.port
    except ValueError:
        raise InvalidUrl from None
    if (
        url.scheme not in ("http", "https")
        or not url.host
        or port is None
        or url.user is not None
        or url.password is not None
        or url.query_string
        or url.fragment
        or (url.scheme == "http" and not _is_local(url.host))
    ):
        raise InvalidUrl
    return str(url).rstrip("/")


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(
        address in network
        for network in _LOCAL_NETWORKS
        if network.version == address.version
    )


def _account(provider: type[Provider], data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what tells accounts apart before anybody has logged in."""
    return (
        provider.info.key,
        *(
            str(data.get(one.key, "")).casefold()
            for one in provider.info.fields
            if one.identity
        ),
    )


def _options(
    hass: HomeAssistant, provider: type[Provider], data: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the options of an account that is connected already.

    Its requests share a queue with the flow's, whose pace is among them.
    """
    account = _account(provider, data)
    return next(
        (
            entry.options
            for entry in hass.config_entries.async_entries(DOMAIN)
            if entry.data.get(CONF_PROVIDER) == provider.info.key
            and _account(provider, entry.data) == account
        ),
        {},
    )


@callback
def async_request_queue(
    hass: HomeAssistant, provider: type[Provider], data: Mapping[str, Any]
) -> RequestQueue:
    """Return the account's queue, the same for its flows and after each reload."""
    account = _account(provider, data)
    queues = hass.data.setdefault(_QUEUES, {})
    if account not in queues:
        queues[account] = RequestQueue(provider.info.request_interval)
    return queues[account]


@callback
def async_vendor_session(
    hass: HomeAssistant, *, auto_cleanup: bool = True
) -> ClientSession:
    """Return Home Assistant's session without its cookies.

    Vendors keep the login in one: two accounts of a vendor must not share it.
    """
    return async_create_clientsession(
        hass, auto_cleanup=auto_cleanup, cookie_jar=DummyCookieJar()
    )


async def async_create_provider(
    hass: HomeAssistant,
    session: ClientSession,
    provider: type[Provider],
    data: Mapping[str, Any],
    options: Mapping[str, Any],
    store: Callable[[Mapping[str, object]], None],
) -> Provider:
    """Return a provider that talks through this session.

    `store` is told of account fields that the vendor changed.
    """
    for field in provider.info.fields:
        if field.kind is FieldKind.TIME_ZONE:
            # Read it off the event loop; afterwards ZoneInfo has it at hand.
            await dt_util.async_get_time_zone(str(data.get(field.key, field.default)))
    return provider(
        Connection(
            session=session,
            queue=async_request_queue(hass, provider, data),
            data=data,
            options=options,
            loads=json_loads,
            language=hass.config.language,
            store=store,
        )
    )


async def async_find_account(
    hass: HomeAssistant, provider: type[Provider], data: Mapping[str, Any]
) -> tuple[Account, dict[str, Any]]:
    """Log in and return the account, and the data with the base that worked.

    A default base gives way to the provider's other known ones. A base that
    knows the credentials and refuses them is the right one: no other is tried,
    and no credentials are sent twice. Raises the first base's
    ProviderError, InvalidResponse where nothing of the vendor's was there.
    """
    known = provider.info.urls
    urls: tuple[str | None, ...] = (data.get(CONF_URL),)
    if known and data.get(CONF_URL, known[0]) == known[0]:
        urls = known
    failure: ProviderError | None = None
    options = _options(hass, provider, data)
    session = async_vendor_session(hass, auto_cleanup=False)
    try:
        for url in urls:
            attempt = dict(data) if url is None else {**data, CONF_URL: url}
            client = await async_create_provider(
                hass, session, provider, attempt, options, attempt.update
            )
            try:
                return await client.authenticate(), attempt
            except AuthenticationFailed:
                raise
            except (NotFound, MethodNotAllowed) as err:
                # It answers, and is not the vendor's interface.
                failure = failure or InvalidResponse(str(err))
            except (Unreachable, InvalidResponse, Rejected) as err:
                failure = failure or err
    finally:
        # Its connections are Home Assistant's own.
        session.detach()
    assert failure is not None
    raise failure
