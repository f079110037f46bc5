"""The ids, units and names of statistics."""

from homeassistant.components.recorder.models import StatisticMeanType
from homeassistant.components.recorder.statistics import (
    UNIT_CLASS_TO_UNIT_CONVERTER,
    valid_statistic_id,
)
from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.const import DOMAIN
from custom_components.fleet_telematics.statistics.kinds import (
    Kind,
    metadata,
    statistic_id,
)


@given(account=st.text(min_size=1), vehicle=st.text(min_size=1))
def test_home_assistant_accepts_the_id_of_any_vehicle(
    account: str, vehicle: str
) -> None:
    """Vendors' ids hold whatever they like, and may be long."""
    for kind in Kind:
        found = statistic_id(account, vehicle, kind)
        assert valid_statistic_id(found)
        assert len(found) <= 255


def test_an_id_says_what_it_is_of() -> None:
    """Where the characters allow, it is the account, the vehicle and the kind."""
    assert (
        statistic_id("demo_1", "7", Kind.FUEL_USED)
        == "fleet_telematics:demo_1_7_fuel_used"
    )


def test_a_long_id_is_cut() -> None:
    """It stays below what the recorder's table holds, and different from others."""
    long = "a" * 300
    assert len(statistic_id(long, "1", Kind.REFUELLED)) <= 255
    assert statistic_id(long, "1", Kind.COST) != statistic_id(long, "2", Kind.COST)


@pytest.mark.parametrize(
    "other",
    [("demo_a-b", "7"), ("demo_ab", "7"), ("demo_A_b", "7"), ("demo_ä_b", "7")],
)
def test_accounts_and_vehicles_that_look_alike_have_statistics_of_their_own(
    other: tuple[str, str],
) -> None:
    """An id has no place for most characters; it tells them apart all the same."""
    assert statistic_id(*other, Kind.COST) != statistic_id("demo_a_b", "7", Kind.COST)


@pytest.mark.parametrize("kind", Kind)
def test_the_recorder_accepts_the_unit(kind: Kind) -> None:
    """The unit belongs to its class; a currency has none."""
    found = metadata("fleet_telematics:a", kind, "Name", "EUR")
    unit_class = found["unit_class"]

    assert found["source"] == DOMAIN
    assert found["has_sum"]
    assert found["mean_type"] is StatisticMeanType.NONE
    if kind is Kind.COST:
        assert (unit_class, found["unit_of_measurement"]) == (None, "EUR")
    else:
        converter = UNIT_CLASS_TO_UNIT_CONVERTER[unit_class]
        assert found["unit_of_measurement"] in converter.VALID_UNITS
