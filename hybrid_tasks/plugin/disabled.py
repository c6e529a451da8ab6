"""Which plugins the user has switched off; light, for `inv --list` asks it too."""

from __future__ import annotations

import re
from collections.abc import Mapping


def disabled_names(environ: Mapping[str, str]) -> frozenset[str]:
    """Read the plugin and distribution names in `HYBRID_DISABLE_PLUGINS` (`a,b`)."""
    return frozenset(plain(name) for name in environ.get("HYBRID_DISABLE_PLUGINS", "").split(",") if name.strip())


def plain(name: str) -> str:
    """Give a distribution's name as it is compared: lower case, runs of `-_.` as one dash."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()
