"""The options table of a Go service: `[services.NAME.go]`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class GoOptions(BaseModel):
    """Which program of a module a service is, and how it is built."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    main: str | None = Field(
        default=None, min_length=1, description="directory of the main package (`./cmd/server`), found when left out"
    )
    driver: Literal["engine", "air"] = Field(
        default="engine", description="who watches, builds and restarts: our `engine`, or `air`"
    )
    flags: tuple[str, ...] = Field(default=(), description="more arguments of `go build` (`-tags=dev`, `-race`)")
    debug_port: int | None = Field(
        default=None, ge=1, le=65535, description="where its debugger listens on 127.0.0.1; settled when left out"
    )
