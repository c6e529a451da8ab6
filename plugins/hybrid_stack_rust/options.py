"""The options table of a Rust service: `[services.NAME.rust]`."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

OWN, SHARED = "own", "shared"
ENGINE = "engine"


class RustOptions(BaseModel):
    """Which binary of a workspace a service is, and how it is built."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    package: str | None = Field(default=None, min_length=1, description="package of the workspace, found when left out")
    bin: str | None = Field(
        default=None, min_length=1, description="binary, or `package/binary` in one, found when left out"
    )
    profile: str | None = Field(default=None, min_length=1, description="cargo profile (default: `dev`)")
    flags: tuple[str, ...] = Field(default=(), description="more arguments of `cargo build` (`--features=x`)")

    target_dir: str | None = Field(
        default=None,
        min_length=1,
        description="`own` directory for builds, `shared` with your own cargo builds, or a path; own when left out",
    )
    linker: Literal["mold", "lld"] | None = Field(default=None, description="a faster linker than the default")
    driver: Literal["engine", "cargo-watch", "bacon"] = Field(
        default="engine", description="who watches, builds and restarts: our `engine`, `cargo-watch` or `bacon`"
    )
    job: str | None = Field(
        default=None,
        min_length=1,
        description="job of your own bacon.toml for the driver `bacon`; one is made when left out",
    )
    debug_port: int | None = Field(
        default=None, ge=1, le=65535, description="where its debugger listens on 127.0.0.1; settled when left out"
    )
    debugger: str | None = Field(
        default=None,
        min_length=1,
        description="lldb-dap, codelldb, gdbserver or a path; the best there is when left out",
    )

    @property
    def wanted(self) -> tuple[str | None, str | None]:
        """The package and the binary that are asked for, each None where it is to be found."""
        package, slash, binary = (self.bin or "").rpartition("/")
        return (package if slash else self.package, binary or None)

    @model_validator(mode="after")
    def _one_package(self) -> Self:
        package, _ = self.wanted
        if self.package not in {None, package}:
            raise ValueError(f"`bin` is of package `{package}`, not of `{self.package}`")
        return self

    @model_validator(mode="after")
    def _fitting_driver(self) -> Self:
        if self.linker is not None and self.driver != ENGINE:
            raise ValueError(f"`linker` is for builds of the engine, not of `{self.driver}`")
        if self.job is not None and self.driver != "bacon":
            raise ValueError('`job` is for `driver = "bacon"`')
        return self
