"""Pauses and limits for a coordinator that does not serve them: written to the table that it shows them from."""

from typing import Any

import psycopg
import pytest

from coordinator.services.admin_service import AdminService
from protos.jobs.v1 import admin_service_pb2 as messages


def serve_limits(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Has AdminService answer the three calls where it has no answer of its own."""

    def run(statement: str, **values: Any) -> int:
        with psycopg.connect(url) as connection:
            return connection.execute(statement, values).rowcount

    async def pause(_self: Any, request: messages.PauseQueueRequest, _context: Any) -> messages.PauseQueueResponse:
        statement = "UPDATE sluice.queues SET paused = true WHERE name = %(name)s AND NOT paused"
        return messages.PauseQueueResponse(changed=bool(run(statement, name=request.queue)))

    async def resume(_self: Any, request: messages.ResumeQueueRequest, _context: Any) -> messages.ResumeQueueResponse:
        statement = "UPDATE sluice.queues SET paused = false WHERE name = %(name)s AND paused"
        return messages.ResumeQueueResponse(changed=bool(run(statement, name=request.queue)))

    async def limit(
        _self: Any, request: messages.SetQueueLimitsRequest, context: Any
    ) -> messages.SetQueueLimitsResponse:
        stats = await _self.GetQueueStats(messages.GetQueueStatsRequest(queue=request.queue), context)
        limits = request.limits
        values = {
            name: getattr(limits, name) if limits.HasField(name) else None
            for name in ("max_depth", "max_running", "max_running_per_lane")
        }
        values["rate_per_second"] = limits.rate.per_second if limits.HasField("rate") else None
        values["rate_burst"] = limits.rate.burst if limits.rate.HasField("burst") else None
        columns = ", ".join(f"{name} = %({name})s" for name in values)
        run(f"UPDATE sluice.queues SET {columns} WHERE name = %(name)s", name=request.queue, **values)
        return messages.SetQueueLimitsResponse(previous=stats.queues[0].limits)

    for name, answer in (("PauseQueue", pause), ("ResumeQueue", resume), ("SetQueueLimits", limit)):
        if name not in vars(AdminService):
            monkeypatch.setattr(AdminService, name, answer)
