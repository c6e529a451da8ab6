"""JSON as people write it into an editor's files: any value, with blanks, comments and trailing commas anywhere."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

BLANKS = ("", "", " ", "\n", "\r\n", "\t", "\n    ")
COMMENTS = ('// a, "b": {\n', "/* ] } */", "/* // */", "// /*\r\n", "/***/")

scalars = (
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6) | st.sampled_from(["// no comment", "/* none */", '"', "\\", ",]"])
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda some: st.lists(some, max_size=4) | st.dictionaries(st.text(max_size=4), some, max_size=4),
    max_leaves=8,
)

between = st.lists(st.sampled_from(BLANKS + COMMENTS), max_size=3).map("".join)


@st.composite
def commented(draw: st.DrawFn, value: Any) -> str:
    """A text that says this value."""
    return draw(between) + draw(_written(value)) + draw(between)


@st.composite
def _written(draw: st.DrawFn, value: Any) -> str:
    if not isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=draw(st.booleans()))
    parts = []
    for item in value:
        key = f"{json.dumps(item)}{draw(between)}:{draw(between)}" if isinstance(value, dict) else ""
        inner = draw(_written(value[item] if isinstance(value, dict) else item))
        parts.append(f"{draw(between)}{key}{inner}{draw(between)}")
    last = f",{draw(between)}" if parts and draw(st.booleans()) else draw(between)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}{','.join(parts)}{last}{closing}"
