"""Who may read, at which base, and by which method."""

from aiohttp import ClientSession
import pytest

from custom_components.fleet_telematics.providers.base import FieldKind
from custom_components.fleet_telematics.providers.errors import (
    AccessDenied,
    AuthenticationFailed,
    InvalidResponse,
    MethodNotAllowed,
    NotFound,
    ProviderError,
    RateLimited,
    Rejected,
    Unreachable,
)
from custom_components.fleet_telematics.providers.fleetwork import Fleetwork

from .vendor import KEY, Vendor, provider, tracked_row

USERS = "/gps-tracking/users"


def test_the_form_asks_for_a_key_and_an_address() -> None:
    """The key is the account, is asked again when refused, and is not shown."""
    key, url = Fleetwork.info.fields
    assert (key.key, key.kind) == ("api_key", FieldKind.PASSWORD)
    assert (key.required, key.identity, key.credential) == (True, True, True)
    assert url.default == Fleetwork.info.urls[0] == "https://live.fleetwork.vn/api/v1"


async def test_a_key_is_tried_with_one_small_request(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """The key goes in its header, and no header that is the vendor's own."""
    account = await fleetwork.authenticate()
    [asked] = vendor.requests()
    assert (asked.method, asked.path) == ("GET", USERS)
    assert asked.params == {"PageNumber": "1", "PageSize": "1"}
    assert asked.headers["X-API-Key"] == KEY
    assert not {"X-Account-Id", "X-Internal-Token"} & set(asked.headers)
    assert account.title == "Fleetwork"
    assert not account.comparable


async def test_the_account_follows_from_the_key_without_showing_it(
    base: str, session: ClientSession, fleetwork: Fleetwork
) -> None:
    """The same key is the same account, also with spaces around it."""
    first = await fleetwork.authenticate()
    again = await provider(session, base, key=f" {KEY}\n").authenticate()
    assert first.id == again.id
    assert len(first.id) == 16
    assert int(first.id, 16) > 0
    assert KEY not in first.id


@pytest.mark.parametrize(
    "body",
    [
        {
            "error": "UNAUTHORIZED",
            "message": "Missing or invalid X-API-Key",
            "code": 401,
        },
        {"message": "AccountId not resolved"},
        {
            "error": "Unauthorized",
            "message": "Invalid API key",
            "status": 401,
            "errors": ["x"],
        },
    ],
)
async def test_every_body_of_a_401_means_the_key(
    vendor: Vendor, fleetwork: Fleetwork, body: object
) -> None:
    """The key is refused once, and is in no message."""
    vendor.faults[USERS] = (401, body)
    with pytest.raises(AuthenticationFailed) as failure:
        await fleetwork.authenticate()
    assert KEY not in str(failure.value)
    assert len(vendor.requests()) == 1


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "BAD_REQUEST", "message": "...", "code": 400}, Rejected),
        (403, {"error": "FORBIDDEN", "message": "...", "code": 403}, AccessDenied),
        (429, {"error": "TOO_MANY", "message": "...", "code": 429}, RateLimited),
        (500, {"error": "INTERNAL", "message": "...", "code": 500}, Unreachable),
        (200, "<html>Fleetwork</html>", InvalidResponse),
        (200, [], InvalidResponse),
        (200, {"error": "?"}, InvalidResponse),
        (200, {"users": "none"}, InvalidResponse),
        (200, "", InvalidResponse),
    ],
)
async def test_other_refusals_are_told_apart(
    vendor: Vendor,
    fleetwork: Fleetwork,
    status: int,
    body: object,
    error: type[ProviderError],
) -> None:
    """Each is the typed error of its kind."""
    vendor.faults[USERS] = (status, body)
    with pytest.raises(error):
        await fleetwork.positions()


@pytest.mark.parametrize("refusal", [404, 405])
async def test_a_newer_server_is_asked_by_post(
    vendor: Vendor, fleetwork: Fleetwork, refusal: int
) -> None:
    """The refused GET is followed by one POST, and later by POSTs alone."""
    vendor.rows = [tracked_row(1)]
    vendor.post_only.add(USERS)
    vendor.post_refusal = refusal
    await fleetwork.positions()
    first = vendor.requests()
    batch = await fleetwork.positions()
    later = vendor.requests()
    assert [one.method for one in first] == ["GET", "POST"]
    assert [one.method for one in later] == ["POST"]
    assert first[1].params == {"PageNumber": 1, "PageSize": 1000}
    assert set(batch.vehicles) == {"vehicle-1"}


async def test_each_path_has_its_own_method(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """A dashboard that takes POSTs does not change how tracking is asked."""
    vendor.post_only.add("/dashboard/gps-manager")
    await fleetwork.figures()
    await fleetwork.positions()
    assert [one.method for one in vendor.requests()] == ["GET", "POST", "GET"]


async def test_a_server_that_goes_back_to_get_is_followed(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """What worked before is tried first, and given up when it is refused."""
    vendor.post_only.add(USERS)
    await fleetwork.positions()
    vendor.post_only.clear()
    await fleetwork.positions()
    await fleetwork.positions()
    methods = [one.method for one in vendor.requests()]
    assert methods == ["GET", "POST", "POST", "GET", "GET"]


@pytest.mark.parametrize("body", [{"error": "NOT_FOUND"}, "404 page not found"])
async def test_a_wrong_base_is_not_found(
    vendor: Vendor, fleetwork: Fleetwork, body: object
) -> None:
    """So that the next known base is tried."""
    vendor.faults[USERS] = (404, body)
    with pytest.raises(NotFound):
        await fleetwork.authenticate()
    assert [one.method for one in vendor.requests()] == ["GET", "POST"]


@pytest.mark.parametrize(
    ("get", "post"), [(404, 405), (405, 404), (404, 400), (404, 404)]
)
async def test_a_path_that_one_method_does_not_find_is_not_found(
    vendor: Vendor, fleetwork: Fleetwork, get: int, post: int
) -> None:
    """Whatever the server has against the other method."""
    vendor.faults = {f"GET {USERS}": (get, {}), f"POST {USERS}": (post, {})}
    with pytest.raises(NotFound):
        await fleetwork.authenticate()


async def test_a_base_that_takes_neither_method_says_so(
    vendor: Vendor, fleetwork: Fleetwork
) -> None:
    """Not found is only what was not found."""
    vendor.faults[USERS] = (405, {})
    with pytest.raises(MethodNotAllowed):
        await fleetwork.authenticate()


async def test_a_refused_key_is_not_sent_again_by_post(
    vendor: Vendor, base: str, session: ClientSession
) -> None:
    """Only a refused path or method is worth another try."""
    with pytest.raises(AuthenticationFailed):
        await provider(session, base, key="another").positions()
    assert len(vendor.requests()) == 1
