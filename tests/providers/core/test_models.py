"""What the vendors' lists have in common once they are read."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.fleet_telematics.providers.models import Batch, Vehicle

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(minutes=5)


@pytest.mark.parametrize(
    ("times", "counts"),
    [
        ((NOW, EARLIER), 0),
        ((EARLIER, NOW), 1),
        ((NOW, NOW), 1),
        ((NOW, None), 0),
        ((None, EARLIER), 1),
        ((None, None), 1),
    ],
)
def test_of_two_rows_of_a_vehicle_the_newer_one_counts(
    times: tuple[datetime | None, datetime | None], counts: int
) -> None:
    """Whatever order the vendor lists them in."""
    rows = [
        Vehicle(id="1", last_report=time, speed=float(number))
        for number, time in enumerate(times)
    ]
    assert Batch.of_rows(rows) == Batch(vehicles={"1": rows[counts]}, complete=True)


def test_a_row_that_cannot_be_read_may_be_any_vehicle() -> None:
    """So that the list is not complete."""
    one = Vehicle(id="1")
    assert Batch.of_rows([one, None]) == Batch(vehicles={"1": one})
