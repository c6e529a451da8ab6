"""What is known of one plugin: where it came from, what it claims, and why it is silent."""

from __future__ import annotations

from dataclasses import dataclass

LOCAL = "hybrid_plugins.py"
"""The project's own plugin file beside `hybrid.toml`, and how it is named where a distribution is."""


@dataclass(frozen=True, slots=True)
class PluginRecord:
    """One plugin as `dev-plugins` lists it.

    Args:
        name: of its entry point; `hybrid_plugins.py` for the project's own file.
        distribution: the package it came with.
        version: of the distribution, or empty.
        module: what the entry point names (`module` or `module:attribute`).
        source: `entry point` or the path of `hybrid_plugins.py`.
        hooks: the hooks it implements, sorted.
        stack: the stack name it claims, or None.
        runtime: the runtime name it claims, or None.
        gateway: the gateway name it claims, or None.
        load_ms: milliseconds its import and registration took.
        error: why it could not be loaded, or None.
        muted: why it is no longer asked, or None.
    """

    name: str
    distribution: str
    version: str
    module: str
    source: str
    hooks: tuple[str, ...] = ()
    stack: str | None = None
    runtime: str | None = None
    gateway: str | None = None
    load_ms: float = 0.0
    error: str | None = None
    muted: str | None = None

    @property
    def local(self) -> bool:
        """Whether it is the project's own `hybrid_plugins.py`."""
        return self.distribution == LOCAL

    @property
    def claimed(self) -> frozenset[str]:
        """The names it claims; a plugin without any is asked about everything."""
        return frozenset(filter(None, (self.stack, self.runtime, self.gateway)))

    @property
    def title(self) -> str:
        """The plugin and its distribution, for an error's first line."""
        if self.local:
            return f"`{LOCAL}`"
        version = f" {self.version}" if self.version else ""
        return f"plugin `{self.name}` of {self.distribution}{version}"

    @property
    def trouble(self) -> str | None:
        """Why it is not asked, or None when it is."""
        return self.error or self.muted

    @property
    def cure(self) -> str:
        """What a user can do when it is broken."""
        if self.local:
            return f"mend {self.source}"
        return f"uninstall or upgrade {self.distribution}, or set HYBRID_DISABLE_PLUGINS={self.name}"
