"""The gateway as an ordinary server: uvicorn, whose streams end and whose status is 0 when it is told to stop."""

from __future__ import annotations

import socket
from collections.abc import Callable
from math import ceil
from types import FrameType

import uvicorn
from fastapi import FastAPI

from gateway.settings import Settings

# uvicorn answers a request with a longer head itself and in plain text. A long token has to reach us, to be
# answered by a problem document.
_LONGEST_HEAD_BYTES = 256 * 1024


class GatewayServer(uvicorn.Server):
    """Serves one application on one socket, and says when it does."""

    def __init__(self, app: FastAPI, settings: Settings, on_ready: Callable[[], None] = lambda: None) -> None:
        """Takes the application of `create_app` and what to call once requests are taken."""
        super().__init__(_config(app, settings))
        self._streams = app.state.streams
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to take requests."""
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Takes no more requests and finishes those under way, within the grace."""
        self._streams.end_all()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stops at a signal; unlike uvicorn's own it does not let the signal kill the process afterwards."""
        self.force_exit = self.should_exit
        self.should_exit = True


def _config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=ceil(settings.drain_seconds),
        h11_max_incomplete_event_size=_LONGEST_HEAD_BYTES,
    )


def listen(settings: Settings) -> socket.socket:
    """Takes the address that the settings name. Raises OSError where it cannot be had."""
    family = socket.AF_INET6 if ":" in settings.http_host else socket.AF_INET
    return socket.create_server((settings.http_host, settings.http_port), family=family, backlog=2048)


def address_of(listener: socket.socket) -> str:
    """Gives the address of a listener as people type it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
