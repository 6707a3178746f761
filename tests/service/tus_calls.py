"""A person who uploads through tus, request by request, over a real coordinator."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from gateway.app import create_app
from tests.service.running_gateway import ANNA, bearer, settings_for, token_for

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {"Content-Type": "application/offset+octet-stream"}
TUS_PATH = "/api/uploads/tus"


class TusPerson:
    """Speaks tus as somebody who is signed in."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def post(self, length: int | str, filename: str | None = "my.zip", **headers: str) -> httpx.Response:
        """Asks for an upload of so many bytes."""
        metadata = {} if filename is None else {"Upload-Metadata": f"filename {encoded(filename)}"}
        return await self.client.post(TUS_PATH, headers={**TUS, "Upload-Length": str(length), **metadata, **headers})

    async def begin(self, length: int, filename: str | None = "my.zip", **headers: str) -> str:
        """Begins an upload of so many bytes; where its pieces go."""
        response = await self.post(length, filename, **headers)
        assert response.status_code == 201, response.text
        location: str = response.headers["location"]
        return location

    async def patch(self, location: str, offset: int | str, content: Any, **headers: str) -> httpx.Response:
        """Sends a piece."""
        sent = {**TUS, **PIECE, "Upload-Offset": str(offset), **headers}
        return await self.client.patch(location, content=content, headers=sent)

    async def head(self, location: str) -> httpx.Response:
        """Asks where to go on."""
        return await self.client.head(location, headers=TUS)

    async def offset(self, location: str) -> int:
        """Asks where to go on, and is told."""
        response = await self.head(location)
        assert response.status_code == 200
        return int(response.headers["upload-offset"])

    async def delete(self, location: str) -> httpx.Response:
        """Ends an upload."""
        return await self.client.delete(location, headers=TUS)

    async def status(self, location: str) -> dict[str, Any]:
        """Reads how far an upload is, by the route that all uploads have."""
        response = await self.client.get(f"/api/uploads/{id_of(location)}/status")
        assert response.status_code == 200, response.text
        status: dict[str, Any] = response.json()
        return status


@asynccontextmanager
async def tus_person(coordinator_port: int, person: str = ANNA, **settings: Any) -> AsyncIterator[TusPerson]:
    """Runs a gateway in this process before a coordinator."""
    app = create_app(settings_for(f"127.0.0.1:{coordinator_port}", **settings))
    transport = httpx.ASGITransport(app)
    headers = bearer(token_for(person))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers) as client:
        yield TusPerson(client)
    await app.state.connection.channel.close()


def encoded(text: str) -> str:
    """Writes a value of Upload-Metadata."""
    return base64.b64encode(text.encode()).decode()


def id_of(location: str) -> str:
    """The upload's id, which stands at the end of its address."""
    return location.rpartition("/")[2]
