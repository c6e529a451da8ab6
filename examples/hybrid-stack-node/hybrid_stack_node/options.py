"""The options table `[services.NAME.node]`: a pydantic model, so mistakes are told with file and line."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class NodeOptions(BaseModel):
    """What a Node.js service runs; everything is found when left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    script: str | None = Field(default=None, min_length=1, description="file to run, below the service directory")
    flags: tuple[str, ...] = Field(default=(), description="arguments of node itself (`--enable-source-maps`)")
