"""The page as HTML."""

from __future__ import annotations

from html import escape
from typing import Any


def render(found: dict[str, Any]) -> str:
    """Give the page for what the neighbours said."""
    rows = "".join(
        f"<tr><td>{escape(name)}<td>{price / 100:.2f}<td>{found['stock'].get(name, '?')}"
        for name, price in sorted(found["prices"].items())
    )
    missing = "".join(f"<p>{escape(str(found[key]))}" for key in sorted(found) if key.endswith("_missing"))
    title = escape(found["title"])
    table = f"<table><tr><th>what<th>price<th>left{rows}</table>"
    return f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{escape(found['greeting'])}{table}{missing}\n"
