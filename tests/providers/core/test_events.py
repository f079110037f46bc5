"""Server-sent events are put together whatever pieces they come in."""

from itertools import pairwise

from hypothesis import given, strategies as st
import pytest

from custom_components.fleet_telematics.providers.errors import InvalidResponse
from custom_components.fleet_telematics.providers.events import EventReader, ServerEvent

ENDS = ("\n", "\r\n", "\r")
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=12
)
EVENTS = st.lists(
    st.tuples(
        st.lists(TEXTS, min_size=1, max_size=3),
        st.none() | TEXTS.filter(lambda text: "\0" not in text),
        st.none() | TEXTS.filter(bool),
    ),
    max_size=4,
)


def read(stream: bytes) -> list[ServerEvent]:
    """Return the events of a stream that comes at once."""
    return EventReader().feed(stream)


@pytest.mark.parametrize("end", ENDS)
def test_events_end_at_blank_lines(end: str) -> None:
    """However the lines end; data of several lines keeps its line breaks."""
    lines = ["data: one", "", "data: two", "data:three", "data", "", "data: unfinished"]
    assert read(end.join(lines).encode()) == [
        ServerEvent(data="one"),
        ServerEvent(data="two\nthree\n"),
    ]


def test_examples_of_the_standard_are_read() -> None:
    """Comments, ids, event types, colons and blanks, as section 9.2.6 has them."""
    assert read(b"data: YHOO\ndata: +2\ndata: 10\n\n") == [
        ServerEvent(data="YHOO\n+2\n10")
    ]
    stream = b": test stream\n\ndata: first event\nid: 1\n\n"
    stream += b"data:second event\nid\n\ndata:  third event\n\n"
    assert read(stream) == [
        ServerEvent(data="first event", id="1"),
        ServerEvent(data="second event", id=""),
        ServerEvent(data=" third event", id=""),
    ]
    assert read(b"data\n\ndata\ndata\n\ndata:") == [
        ServerEvent(data=""),
        ServerEvent(data="\n"),
    ]
    assert read(b"data:test\n\ndata: test\n\n") == [ServerEvent(data="test")] * 2
    assert read(b"event: add\ndata: 73857293\n\ndata: x\n\n") == [
        ServerEvent(data="73857293", event="add"),
        ServerEvent(data="x"),
    ]


def test_last_id_holds_for_what_follows() -> None:
    """One with a null character is none."""
    stream = b"id: 7\ndata: a\n\ndata: b\n\nid: 8\0\ndata: c\n\nid: 9\n\ndata: d\n\n"
    assert [one.id for one in read(stream)] == ["7", "7", "7", "9"]


def test_unknown_fields_retry_and_marks_are_left_out() -> None:
    """A byte order mark is only one at the very beginning."""
    stream = b"\xef\xbb\xbfretry: 10000\nnoise: 1\nwords\ndata: a\n\n"
    stream += b"\xef\xbb\xbfdata: b\n\ndata: \xff\n\n"
    assert [one.data for one in read(stream)] == ["a", "\ufffd"]


@given(events=EVENTS, end=st.sampled_from(ENDS), data=st.data())
def test_pieces_may_end_anywhere(
    events: list[tuple[list[str], str | None, str | None]],
    end: str,
    data: st.DataObject,
) -> None:
    """In a line, in its end or in a character: the events are the same."""
    lines: list[str] = []
    expected: list[ServerEvent] = []
    last: str | None = None
    for texts, event_id, kind in events:
        lines += [": comment", *(f"data: {text}" for text in texts)]
        if event_id is not None:
            lines.append(f"id: {event_id}")
            last = event_id
        if kind is not None:
            lines.append(f"event: {kind}")
        lines.append("")
        expected.append(
            ServerEvent(data="\n".join(texts), id=last, event=kind or "message")
        )
    stream = "".join(line + end for line in lines).encode()
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
    reader = EventReader()
    found: list[ServerEvent] = []
    for start, stop in pairwise(sorted([0, *cuts, len(stream)])):
        found += reader.feed(stream[start:stop])
    assert found == expected


@given(pieces=st.lists(st.binary(max_size=20), max_size=10))
def test_noise_is_read_the_same_in_pieces_and_at_once(pieces: list[bytes]) -> None:
    """Nothing raises, and nothing depends on how the network cuts it."""
    reader = EventReader()
    found = [event for piece in pieces for event in reader.feed(piece)]
    assert found == read(b"".join(pieces))


@pytest.mark.parametrize(
    "piece", [b"data: " + b"x" * 100, b"data: xxxxx\n", b":" + b"x" * 100]
)
def test_event_without_end_is_cut_off(piece: bytes) -> None:
    """One long line, or one more line again and again."""
    reader = EventReader(limit=64)

    def feed() -> None:
        for _ in range(100):
            reader.feed(piece)

    with pytest.raises(InvalidResponse):
        feed()


def test_many_events_are_not_too_large() -> None:
    """The limit is an event's, not the stream's."""
    reader = EventReader(limit=64)
    assert len(reader.feed(b"data: 0123456789\n\n" * 100)) == 100
