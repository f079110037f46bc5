"""Rows that did not change are read once."""

import asyncio
from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from custom_components.fleet_telematics.providers import parse
from custom_components.fleet_telematics.providers.models import Vehicle
from custom_components.fleet_telematics.providers.rows import RowMemory

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def read(row: object, now: datetime) -> Vehicle | None:
    """Return a vehicle that knows when it was read; None of a row without an id."""
    found = parse.folded(row)
    vehicle_id = parse.identifier(found.get("id"))
    if vehicle_id is None:
        return None
    return Vehicle(
        id=vehicle_id, speed=parse.number(found.get("speed")), last_report=now
    )


def never(_: Vehicle) -> None:
    """Return that a reading holds for good."""


async def test_a_row_that_stays_is_the_very_same_vehicle() -> None:
    """Also where it was parsed anew; its neighbour that moved is another one."""
    memory = RowMemory(read, never)
    first = await memory.read([{"id": 1, "speed": 0}, {"id": 2, "speed": 0}], NOW)
    assert len(memory.fresh) == 2

    second = await memory.read(
        [{"id": 1, "speed": 0}, {"id": 2, "speed": 9}], NOW + HOUR
    )

    assert second[0] is first[0]
    assert second[1] is not first[1]
    assert memory.fresh == [{"id": 2, "speed": 9}]


async def test_what_follows_from_the_time_is_read_again_in_time() -> None:
    """A reading that holds until a moment holds no longer."""
    memory = RowMemory(read, lambda vehicle: NOW + HOUR)
    row = {"id": 1, "speed": 0}
    (first,) = await memory.read([row], NOW)

    (early,) = await memory.read([row], NOW + HOUR / 2)
    (late,) = await memory.read([row], NOW + HOUR)

    assert early is first
    assert late is not None
    assert late.last_report == NOW + HOUR


async def test_others_have_their_turn_between_many_rows() -> None:
    """A large fleet's first read must not stop everybody else."""
    memory = RowMemory(read, never)
    rows: list[object] = [{"id": number} for number in range(1, 1001)]
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(count())
    for least in (10, 0):
        before = turns
        found = await memory.read(rows, NOW)
        assert [one and one.id for one in found] == [str(row) for row in range(1, 1001)]
        assert turns - before >= least
    other.cancel()


@given(
    st.lists(
        st.lists(
            st.one_of(
                st.none(),
                st.integers(),
                st.fixed_dictionaries(
                    {"id": st.integers(0, 3)}, optional={"speed": st.integers(0, 2)}
                ),
            ),
            max_size=5,
        ),
        max_size=5,
    )
)
async def test_memory_never_changes_what_is_read(polls: list[list[object]]) -> None:
    """Whatever comes, goes, or changes places."""
    memory = RowMemory(read, never)
    for rows in polls:
        assert await memory.read(rows, NOW) == [read(row, NOW) for row in rows]
