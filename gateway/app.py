"""The application, put together. `app` is what serverless platforms look for, made at the first request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import Receive, Scope, Send

from gateway import (
    admin_acts,
    admin_events,
    admin_lists,
    docs_page,
    events,
    health,
    jobs,
    listen_exports,
    listens,
    me,
    sample,
    session,
    tus,
    uploads,
)
from gateway.admin_gate import AdminGate
from gateway.auth import verifier_of
from gateway.bodies import FORM_BYTES, BodyGate
from gateway.connection import connect
from gateway.error_handlers import install_error_handlers
from gateway.following import LiveStreams
from gateway.headers import OuterLayer
from gateway.openapi import install_openapi
from gateway.pages import install_pages
from gateway.settings import Settings, read_public_settings
from gateway.tus_layer import TUS_PATH, TusLayer

_VERSION = "0.1.0"


def create_app(settings: Settings) -> FastAPI:
    """Makes the application. Nothing is sent to the coordinator before a request needs it."""
    app = FastAPI(
        title="Sluice",
        version=_VERSION,
        description="Listening histories: uploads, and numbers. Every error is a problem document (RFC 9457).",
        openapi_url="/openapi.json" if settings.docs else None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        middleware=_layers(settings),
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.settings = settings
    app.state.verifier = verifier_of(settings)
    app.state.connection = connect(settings)
    app.state.streams = LiveStreams()
    install_error_handlers(app)
    _install_routes(app, settings)
    return app


def _layers(settings: Settings) -> list[Middleware]:
    limit = settings.upload_bytes + FORM_BYTES
    return [
        Middleware(OuterLayer),
        Middleware(AdminGate),
        Middleware(TusLayer),
        Middleware(
            BodyGate,
            limits={
                "/api/uploads/json": limit,
                "/api/uploads/zip": limit,
                f"{TUS_PATH}/": settings.upload_bytes,
                jobs.PATH: jobs.body_limit(settings),
            },
        ),
    ]


def _install_routes(app: FastAPI, settings: Settings) -> None:
    app.include_router(events.router)
    for module in (tus, uploads, listens, listen_exports, me, sample, admin_lists, admin_acts, admin_events, health):
        app.include_router(module.router)
    if settings.job_queues:
        app.include_router(jobs.router)
    if settings.demo_sign_in:
        app.include_router(session.router)
    if settings.docs:
        app.include_router(docs_page.router)
    install_pages(app)
    install_openapi(app)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    await app.state.connection.close()


class _AppOnDemand:
    """Reads the environment at the first request: a module that fails to import tells nobody why."""

    _made: FastAPI | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._made is None:
            self._made = create_app(read_public_settings())
        await self._made(scope, receive, send)


app = _AppOnDemand()
