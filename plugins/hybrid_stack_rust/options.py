"""The options table of a Rust service: `[services.NAME.rust]`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class RustOptions(BaseModel):
    """Which binary of a workspace a service is, and how it is built."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    package: str | None = Field(default=None, min_length=1, description="package of the workspace, found when left out")
    bin: str | None = Field(default=None, min_length=1, description="binary of the package, found when left out")
    profile: str | None = Field(default=None, min_length=1, description="cargo profile (default: `dev`)")
    flags: tuple[str, ...] = Field(default=(), description="more arguments of `cargo build` (`--features=x`)")
