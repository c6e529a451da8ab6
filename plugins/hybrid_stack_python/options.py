"""The options table of a Python service: `[services.NAME.python]`."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

ENGINE = "engine"
WARM = "warm"


class PythonOptions(BaseModel):
    """What a Python service runs, and with which interpreter; everything is found when left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    app: str | None = Field(
        default=None, pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$", description="application as `module:attribute`"
    )
    server: Literal["uvicorn", "hypercorn", "gunicorn"] | None = Field(
        default=None, description="what serves `app`: that of its own command when left out, else uvicorn"
    )
    driver: Literal["warm", "engine", "uvicorn", "watchdog"] = Field(
        default="warm",
        description="who watches and restarts: we, `warm` (a fork with its libraries loaded) or as the plain `engine` "
        "does (from scratch); `uvicorn` with its --reload; or plain `watchdog`",
    )
    factory: bool | None = Field(
        default=None, description="`app` names a function that makes the application (found when left out)"
    )
    script: str | None = Field(default=None, min_length=1, description="file to run, below the service directory")
    module: str | None = Field(default=None, pattern=r"^[A-Za-z_][\w.]*$", description="module to run as `python -m`")
    python: str | None = Field(
        default=None,
        min_length=1,
        description="interpreter: a path below the service directory, or a name on PATH",
    )
    debug_port: int | None = Field(
        default=None, ge=1, le=65535, description="where its debugger listens on 127.0.0.1; settled when left out"
    )

    @model_validator(mode="after")
    def _one_entry(self) -> Self:
        given = [name for name in ("app", "script", "module") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"`{given[0]}` and `{given[1]}` exclude each other")
        if self.factory is not None and self.app is None:
            raise ValueError("`factory` needs `app`")
        if self.server is not None and given and self.app is None:
            raise ValueError(f"`server` serves an application, not `{given[0]}`")
        return self
