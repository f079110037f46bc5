"""Anything that a vendor may put where something else is expected."""

from hypothesis import strategies as st

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["0001-01-01T00:00:00", "9999-12-31T23:59:59-23:00", "NaN", "-1"])
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def like(example: dict[str, object]) -> st.SearchStrategy[dict[str, object]]:
    """Objects with the example's keys, and anything in them."""
    return st.fixed_dictionaries(
        {},
        optional={
            key: ANY_JSON | (like(value) if isinstance(value, dict) else SCALARS)
            for key, value in example.items()
        },
    )
