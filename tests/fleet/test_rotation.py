"""Vehicles take turns."""

from hypothesis import given, strategies as st

from custom_components.fleet_telematics.rotation import Rotation


def test_without_a_size_everybody_comes_every_time() -> None:
    """No limit, no turns."""
    rotation = Rotation(None)
    assert rotation.next(["a", "b"]) == ["a", "b"]
    assert rotation.turns(100) == 1


def test_everybody_comes_once_a_round() -> None:
    """Turns follow the order of the fleet, round after round."""
    rotation = Rotation(2)
    ids = ["a", "b", "c"]
    dealt = [rotation.next(ids) for _ in range(3)]
    assert dealt == [["a", "b"], ["c", "a"], ["b", "c"]]
    assert rotation.turns(3) == 2


def test_who_left_has_no_turn_and_who_came_gets_one() -> None:
    """The fleet may change in the middle of a round."""
    rotation = Rotation(1)
    assert rotation.next(["a", "b", "c"]) == ["a"]
    assert rotation.next(["a", "c", "d"]) == ["c"]
    assert rotation.next(["a", "c", "d"]) == ["a"]
    assert rotation.next(["a", "c", "d"]) == ["d"]
    assert rotation.next(["a", "c", "d"]) == ["c"]


@given(st.integers(1, 5), st.integers(0, 12))
def test_nobody_waits_longer_than_a_round(size: int, count: int) -> None:
    """Property: in any run of as many turns as a round takes, everybody came."""
    rotation = Rotation(size)
    ids = [str(one) for one in range(count)]
    turns = [rotation.next(ids) for _ in range(rotation.turns(count) * 3)]
    assert all(len(turn) == min(size, count) for turn in turns)
    for start in range(len(turns) - rotation.turns(count)):
        window = turns[start : start + rotation.turns(count)]
        assert {one for turn in window for one in turn} == set(ids)
