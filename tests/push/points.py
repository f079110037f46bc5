"""Positions for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from custom_components.fleet_telematics.providers.models import (
    Coordinates,
    SentPosition,
)

START = datetime(2026, 11, 20, 12, tzinfo=UTC)


def point(second: float, device: str = "bike", **values: Any) -> SentPosition:
    """Return where a device was so many seconds after the start."""
    return SentPosition(
        time=START + timedelta(seconds=second),
        location=Coordinates(latitude=52 + second / 1e6, longitude=4.9),
        device_ref=device,
        **values,
    )


def points(count: int, device: str = "bike") -> list[SentPosition]:
    """Return one position a second."""
    return [point(second, device) for second in range(count)]
