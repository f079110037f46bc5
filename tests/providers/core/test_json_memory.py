"""What an answer says, and that what was in the last one is not read again."""

import json

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.json_memory import JsonMemory

LONGEST = 1000

# Nested objects and texts may look like the beginning of a row.
KEYS = st.sampled_from(["id", "rows", 'a"b', ""])
TEXTS = st.sampled_from(["", "x", '}, {"id": ', '[{"id": 1}, {"id": 2}]', "]", ","])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=8,
)
ROWS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"id": st.integers(0, 3)}, optional={"rows": VALUES}),
        st.dictionaries(KEYS, VALUES, max_size=3),
        VALUES,
    ),
    max_size=5,
)
STYLES = st.sampled_from(
    [{}, {"separators": (",", ":")}, {"indent": 1}, {"separators": (" ,\n", " : ")}]
)


class Loads:
    """A reader that counts what it read."""

    def __init__(self) -> None:
        """Read nothing yet."""
        self.read: list[bytes] = []

    def __call__(self, text: bytes) -> object:
        """Read JSON."""
        self.read.append(text)
        return json.loads(text)


def _body(rows: object) -> bytes:
    return json.dumps(rows).encode()


@given(st.lists(st.tuples(st.one_of(ROWS, VALUES), STYLES), min_size=1, max_size=5))
def test_says_what_the_answer_says(
    answers: list[tuple[object, dict[str, object]]],
) -> None:
    """Whatever was there before, and however it is written."""
    memory = JsonMemory(json.loads, LONGEST)
    for data, style in answers:
        body = json.dumps(data, **style).encode()  # type: ignore[arg-type]
        assert memory.read(body) == data


@given(ROWS, ROWS, st.data())
def test_takes_nothing_for_json_that_is_none(
    rows: list[object], changed: list[object], data: st.DataObject
) -> None:
    """Pieces that are known do not make a broken answer whole."""
    memory = JsonMemory(json.loads, LONGEST)
    memory.read(_body(rows))
    body = bytearray(_body(changed))
    position = data.draw(st.integers(0, len(body) - 1))
    length = data.draw(st.integers(0, 3))
    body[position : position + length] = data.draw(st.sampled_from([b"", b",", b" {"]))
    try:
        said = json.loads(bytes(body))
    except ValueError:
        with pytest.raises(ValueError, match="."):
            memory.read(bytes(body))
    else:
        assert memory.read(bytes(body)) == said


@pytest.mark.parametrize(
    "broken",
    [
        b'[{"id": 1}, {"id": 2}, ',
        b'[{"id": 1}, {"id": 2}',
        b'[{"id": 1} {"id": 2}]',
        b'[{"id": 1}]]',
        b'[{"id": 1}, {"id": 2}], {"id": 3}]',
        b'[{"id": 2}] {"id": 1}]',
        b'[{"id": 1}, {"id": 2}, {"id": 3}]x',
        b'[{"id": 1},, {"id": 2}]',
        b'[{"id": 1}, {"id": 2}, {"id": 3},]',
    ],
)
def test_notices_an_answer_that_is_broken_between_known_objects(broken: bytes) -> None:
    """Each of its objects was in an answer before."""
    memory = JsonMemory(json.loads, LONGEST)
    for body in (b'[{"id": 2}]', b'[{"id": 1}, {"id": 2}, {"id": 3}]'):
        memory.read(body)
        with pytest.raises(ValueError, match="."):
            memory.read(broken)


def test_reads_only_the_objects_that_changed() -> None:
    """The others are the very same ones."""
    loads = Loads()
    memory = JsonMemory(loads, LONGEST)
    before = memory.read(_body([{"id": 1}, {"id": 2, "in": [{"id": 5}]}, {"id": 3}]))
    loads.read.clear()
    after = memory.read(_body([{"id": 1}, {"id": 7}, {"id": 3}, {"id": 4}]))
    assert after == [{"id": 1}, {"id": 7}, {"id": 3}, {"id": 4}]
    assert isinstance(before, list)
    assert isinstance(after, list)
    assert after[0] is before[0]
    assert loads.read == [b'{"id": 7}', b'{"id": 3}', b'{"id": 4}']


def test_reads_nothing_of_the_same_answer() -> None:
    """It says the very same as before."""
    loads = Loads()
    memory = JsonMemory(loads, LONGEST)
    for data in ([{"id": 1}], {"rows": [{"id": 1}]}, "text"):
        before = memory.read(_body(data))
        loads.read.clear()
        assert memory.read(_body(data)) is before
        assert loads.read == []


def test_leaves_what_was_said_before_alone() -> None:
    """Who holds an answer keeps what he was told."""
    memory = JsonMemory(json.loads, LONGEST)
    before = memory.read(_body([{"id": 1}, {"id": 2}]))
    memory.read(_body([{"id": 1}, {"id": 3}]))
    assert before == [{"id": 1}, {"id": 2}]


def test_a_list_whose_objects_nest_alike_is_read_as_one() -> None:
    """Cut inside an object, nothing would be JSON."""
    loads = Loads()
    memory = JsonMemory(loads, LONGEST)
    data = [{"id": [{"id": 1}, {"id": 2}]}, {"id": 3}]
    assert memory.read(_body(data)) == data
    assert loads.read[-1] == _body(data)


def test_keeps_no_long_answer() -> None:
    """A comparison is not worth that much memory."""
    loads = Loads()
    memory = JsonMemory(loads, 15)
    for _ in range(2):
        memory.read(_body([{"id": 1}, {"id": 2}]))
    assert len(loads.read) == 4
