"""The page: its HTML files, what they load, and what they need to know before anybody has signed in."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from gateway.settings import Settings
from gateway.upload_views import View

WEB_FOLDER = Path(__file__).parent / "web"

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

_PAGES = {"/": "index.html", "/uploads/{upload_id}": "upload.html", "/dashboard": "dashboard.html"}


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
    """Files out of one folder, with an ETag, to be asked for anew: their names outlive their content."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Answers with a file, or with 304 where the browser has it."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "no-cache"
        media_type = _TYPES.get(Path(full_path).suffix)
        if media_type and "content-type" in response.headers:
            response.headers["Content-Type"] = media_type
        return response


def install_pages(app: FastAPI, folder: Path = WEB_FOLDER) -> None:
    """Adds the pages and their files to the application."""
    pages = WebFiles(directory=folder)
    for path, filename in _PAGES.items():
        app.router.add_route(path, _page(pages, filename), methods=["GET"], include_in_schema=False)
    app.mount("/static", WebFiles(directory=folder / "static"))
    app.include_router(_router)


def _page(files: WebFiles, filename: str) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        return await files.get_response(filename, request.scope)

    return page


_router = APIRouter(tags=["page"])


@_router.get("/config.json")
async def config(request: Request) -> ConfigView:
    """Tells how one signs in here and what an upload may be."""
    settings: Settings = request.app.state.settings
    limits = LimitsView(files=settings.upload_files, file_bytes=settings.file_bytes, upload_bytes=settings.upload_bytes)
    return ConfigView(demo_sign_in=settings.demo_sign_in, sign_in_url=settings.sign_in_url, limits=limits)
