"""Rows with the vendor's keys and anything as values, for property tests."""

from typing import Any

from hypothesis import strategies as st

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["2026-10-25T03:20:00", "0001-01-01T00:00:00", "NaN", "1e999"])
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def upper(row: dict[str, Any]) -> dict[str, Any]:
    """Write a row's keys in PascalCase."""
    return {key[0].upper() + key[1:]: value for key, value in row.items()}


def shaped(*templates: dict[str, Any]) -> st.SearchStrategy[object]:
    """Rows with the vendor's keys, in either case, and anything as values."""
    keys = sorted({key for template in templates for key in template})
    rows = st.dictionaries(st.sampled_from(keys), anything)
    return rows | rows.map(upper) | anything
