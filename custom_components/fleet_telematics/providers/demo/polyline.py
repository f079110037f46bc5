"""Google's encoded polylines."""

from collections.abc import Iterable, Sequence


def encoded(points: Iterable[Sequence[float]], precision: int = 5) -> str:
    """Return points of any dimension as text: the rounded differences in turn."""
    text = []
    last: Sequence[int] | None = None
    for point in points:
        whole = [round(value * 10**precision) for value in point]
        previous = last or [0] * len(whole)
        text += [
            _encoded(now - then) for now, then in zip(whole, previous, strict=True)
        ]
        last = whole
    return "".join(text)


def _encoded(value: int) -> str:
    value = ~(value << 1) if value < 0 else value << 1
    text = ""
    while value >= 0x20:
        text += chr((0x20 | (value & 0x1F)) + 63)
        value >>= 5
    return text + chr(value + 63)
