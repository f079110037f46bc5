"""Finding the vehicles that the account may not see."""

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.trackgps.access import (
    DENIED_FOR,
    Access,
)


def ask(access: Access, vehicle_ids: list[str], foreign: set[str]) -> int:
    """Ask as the vendor answers: a list with a foreign vehicle is refused whole."""
    lists = access.lists(vehicle_ids)
    for one in lists:
        if foreign.isdisjoint(one):
            access.granted(one)
        else:
            access.refused(one)
    return len(lists)


@given(size=st.integers(1, 10), foreign=st.sets(st.integers(0, 9)), rounds=st.just(60))
def test_every_foreign_vehicle_is_found_and_no_other(
    size: int, foreign: set[int], rounds: int
) -> None:
    """In the end one request asks for all the others together."""
    vehicle_ids = [str(number) for number in range(size)]
    theirs = {str(number) for number in foreign if number < size}
    access = Access()
    for _ in range(rounds):
        assert ask(access, vehicle_ids, theirs) <= 2
    assert {one for one in vehicle_ids if access.denied(one)} == theirs
    ours = [one for one in vehicle_ids if one not in theirs]
    assert access.lists(vehicle_ids) == ([ours] if ours else [])


def test_one_foreign_vehicle_among_ten_costs_few_requests() -> None:
    """Halving: under a dozen requests until the others are together again."""
    vehicle_ids = [str(number) for number in range(10)]
    access = Access()
    requests = 0
    while not access.denied("7"):
        requests += ask(access, vehicle_ids, {"7"})
    assert requests <= 12


def test_a_denied_vehicle_is_tried_again_a_day_later_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rights change; the try must not spoil the others' list."""
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    access = Access()
    access.refused(["7"])
    assert access.lists(["1", "2", "7"]) == [["1", "2"]]
    now += DENIED_FOR
    assert access.lists(["1", "2", "7"]) == [["1", "2"], ["7"]]
    access.granted(["7"])
    assert access.lists(["1", "2", "7"]) == [["1", "2", "7"]]
