"""The pages: what `make pages` builds, and what they need to know before anybody has signed in."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from fastapi import APIRouter, FastAPI, Request
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from gateway.settings import Settings
from gateway.upload_views import View

WEB_FOLDER = Path(__file__).parent / "web" / "dist"

# By our own table: machines differ in what their mime.types says, and with nosniff a wrong type breaks the page.
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}

PAGES = {
    "/": "index.html",
    "/uploads/{upload_id}": "upload.html",
    "/dashboard": "dashboard.html",
    "/review": "review.html",
    "/admin": "admin.html",
}

# The name of a built file has a hash of its content in it; a page's name outlives its content.
_FOR_A_YEAR = "public, max-age=31536000, immutable"
_ASK_ANEW = "no-cache"

_NOT_BUILT = "The pages are not built. Run make pages, then start the gateway again.\n"

_log = structlog.get_logger("gateway.pages")


class LimitsView(View):
    """What an upload may be at most; bytes as they come out of gzip."""

    files: int
    file_bytes: int
    upload_bytes: int


class ConfigView(View):
    """What the page has to know of its gateway."""

    demo_sign_in: bool
    sign_in_url: str | None
    limits: LimitsView


class WebFiles(StaticFiles):
    """Files out of one folder, with an ETag; `cache_control` says how long a browser may go without asking.

    Where there is a gzip copy of a file beside it, whoever takes gzip gets that.
    """

    def __init__(self, directory: Path, cache_control: str) -> None:
        super().__init__(directory=directory)
        self._cache_control = cache_control

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answers with a file, or with its gzip copy. Raises HTTPException 404."""
        if "gzip" in Headers(scope=scope).get("accept-encoding", "") and self._has_copy(path):
            response = await super().get_response(f"{path}.gz", scope)
            response.headers["Content-Encoding"] = "gzip"
        else:
            response = await super().get_response(path, scope)
        response.headers["Vary"] = "Accept-Encoding"
        return response

    def _has_copy(self, path: str) -> bool:
        try:
            return self.lookup_path(f"{path}.gz")[1] is not None
        except (OSError, ValueError):
            # No name of a file, which is for the base class to say.
            return False

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Answers with a file, or with 304 where the browser has it."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = self._cache_control
        media_type = _TYPES.get(Path(str(full_path).removesuffix(".gz")).suffix)
        if media_type and "content-type" in response.headers:
            response.headers["Content-Type"] = media_type
        return response


def install_pages(app: FastAPI, folder: Path = WEB_FOLDER) -> None:
    """Adds the pages and their files to the application; where they are not built, says so and how to."""
    app.include_router(_router)
    built = (folder / "static").is_dir()
    if not built:
        _log.warning("the pages are not built: run make pages", folder=str(folder))
    pages = WebFiles(folder, _ASK_ANEW) if built else None
    for path, filename in PAGES.items():
        page = _page(pages, filename) if pages else _not_built
        app.router.add_route(path, page, methods=["GET"], include_in_schema=False)
    if built:
        app.mount("/static", WebFiles(folder / "static", _FOR_A_YEAR))


def _page(files: WebFiles, filename: str) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        return await files.get_response(filename, request.scope)

    return page


async def _not_built(_: Request) -> Response:
    return PlainTextResponse(_NOT_BUILT, status_code=503, headers={"Cache-Control": "no-store"})


_router = APIRouter(tags=["page"])


@_router.get("/config.json")
async def config(request: Request) -> ConfigView:
    """Tells how one signs in here and what an upload may be."""
    settings: Settings = request.app.state.settings
    limits = LimitsView(files=settings.upload_files, file_bytes=settings.file_bytes, upload_bytes=settings.upload_bytes)
    return ConfigView(demo_sign_in=settings.demo_sign_in, sign_in_url=settings.sign_in_url, limits=limits)
