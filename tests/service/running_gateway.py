"""The gateway's application between a fake coordinator and an HTTP client, or on a socket of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
from fastapi import FastAPI

from gateway.app import create_app
from gateway.server import GatewayServer, address_of, listen
from gateway.settings import Settings
from tests.service.fake_uploads import FakeCoordinator, fake_coordinator
from tests.waiting import eventually

SECRET = "a-secret-of-the-tests-which-is-long-enough"
ANNA = "11111111-1111-4111-8111-111111111111"
BERT = "22222222-2222-4222-8222-222222222222"


# Tokens that a module makes when it is imported are shown when its tests run, which in a whole suite is much later.
_TOKEN_SECONDS = 86_400


def token_for(person: str = ANNA, secret: str = SECRET, **claims: Any) -> str:
    """Signs a token as Supabase does; `claims` replace, None removes."""
    all_claims = {
        "sub": person,
        "aud": "authenticated",
        "role": "authenticated",
        "exp": int(time.time()) + _TOKEN_SECONDS,
    }
    all_claims |= claims
    kept = {name: value for name, value in all_claims.items() if value is not None}
    return jwt.encode(kept, secret, algorithm="HS256")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True)
class RunningGateway:
    """`client` speaks as Anna."""

    coordinator: FakeCoordinator
    client: httpx.AsyncClient
    app: FastAPI


def settings_for(target: str, **values: Any) -> Settings:
    return Settings(**({"SUPABASE_JWT_SECRET": SECRET, "coordinator_target": target} | values))


@asynccontextmanager
async def running_gateway(**values: Any) -> AsyncIterator[RunningGateway]:
    """Runs the application in this process, without a socket; `values` are settings."""
    async with fake_coordinator() as (coordinator, target):
        app = create_app(settings_for(target, **values))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://gateway", headers=bearer(token_for())
        ) as client:
            yield RunningGateway(coordinator, client, app)
        await app.state.connection.channel.close()


@asynccontextmanager
async def listening_gateway(**values: Any) -> AsyncIterator[tuple[RunningGateway, GatewayServer]]:
    """Runs the server in this process on a free port of loopback."""
    async with fake_coordinator() as (coordinator, target):
        settings = settings_for(target, http_port=0, **values)
        app = create_app(settings)
        listener = listen(settings)
        server = GatewayServer(app, settings)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await eventually(lambda: server.started)
        async with httpx.AsyncClient(base_url=address_of(listener), headers=bearer(token_for())) as client:
            yield RunningGateway(coordinator, client, app), server
        server.should_exit = True
        await serving
