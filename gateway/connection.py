"""The gateway's way to the coordinator: one channel, which connects when it is first used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import grpc.aio
from fastapi import Depends, Request
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pydantic import SecretStr

from coordinator_client.channel import CoordinatorChannel, open_channel
from coordinator_client.listens import ListenClient
from coordinator_client.operator import Operator
from coordinator_client.producer import Producer
from coordinator_client.uploads import UploadClient
from gateway.settings import Settings

_HEALTH_TIMEOUT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Connection:
    """What the coordinator offers: over one channel, and over another what is done for operators."""

    channel: CoordinatorChannel
    operator_channel: CoordinatorChannel
    uploads: UploadClient
    listens: ListenClient
    jobs: Producer

    def operator(self, person_id: str) -> Operator:
        """Gives what is done for an operator, whom the audit log names."""
        return Operator(self.operator_channel, on_behalf_of=person_id)

    async def close(self) -> None:
        """Ends the connections of this event loop."""
        await self.channel.close()
        await self.operator_channel.close()

    async def is_serving(self) -> bool:
        """Asks the coordinator whether it can serve, and takes silence for a no."""
        try:
            answer = await health_pb2_grpc.HealthStub(self.channel).Check(
                health_pb2.HealthCheckRequest(), timeout=_HEALTH_TIMEOUT_SECONDS
            )
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def connect(settings: Settings) -> Connection:
    """Makes the connection that the settings ask for; nothing is sent yet."""
    channel = _channel(settings, settings.service_token)
    # Everyday calls are not made with an operator's token: it is shown only where an operator asks.
    operator_channel = _channel(settings, settings.operator_token) if settings.operator_token else channel
    return Connection(channel, operator_channel, UploadClient(channel), ListenClient(channel), Producer(channel))


def _channel(settings: Settings, token: SecretStr | None) -> CoordinatorChannel:
    return open_channel(settings.coordinator_target, token=token.get_secret_value() if token else None)


def _connection(request: Request) -> Connection:
    connection: Connection = request.app.state.connection
    return connection


Coordinator = Annotated[Connection, Depends(_connection)]
