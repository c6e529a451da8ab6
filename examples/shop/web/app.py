"""The shop's page: a greeting, the prices of `api`, what `stock` has of each.

Edit `TITLE` and save: the next request shows it, and none fails meanwhile.
"""

from __future__ import annotations

import os

from neighbours import Neighbour, NotAnswering
from page import render
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

TITLE = "The shop"

api = Neighbour(os.environ.get("API_URL", "http://127.0.0.1:8001"))
stock = Neighbour(os.environ.get("STOCK_URL", "http://127.0.0.1:8002"))


def catalogue() -> dict[str, object]:
    """Ask both neighbours; one that does not answer leaves a gap, not an error page."""
    found: dict[str, object] = {"title": TITLE, "greeting": os.environ.get("GREETING", "hello")}
    for name, neighbour, path in (("prices", api, "/prices"), ("stock", stock, "/stock")):
        try:
            found[name] = neighbour.get(path)
        except NotAnswering as error:
            found[name] = {}
            found[f"{name}_missing"] = str(error)
    return found


async def home(request: Request) -> Response:
    found = await run_in_threadpool(catalogue)  # urllib blocks; other requests must not wait for it
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(render(found))
    return JSONResponse(found)


async def healthz(_request: Request) -> Response:
    return PlainTextResponse("ok\n")


app = Starlette(routes=[Route("/", home), Route("/healthz", healthz)])
