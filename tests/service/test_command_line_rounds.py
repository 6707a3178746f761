"""Acts of `sluice` that take several calls, one of which fails: what was done is told all the same."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.message import Message

from protos.jobs.v1 import admin_service_pb2 as messages
from tests.service.commands import Shell


def answer(method: str, request: Any) -> Message:
    """What a first call of a method answers: there is more to do."""
    if method == "PruneJobs":
        return messages.PruneJobsResponse(jobs=2, more=True)
    job_ids = list(request.job_ids) or ["a", "b"]
    if method == "CancelJobs":
        return messages.CancelJobsResponse(job_ids=job_ids, more=True)
    return messages.RedriveJobsResponse(job_ids=job_ids, more=True)


def breaking_after_one(method: str) -> grpc.RpcMethodHandler[Any, Any]:
    """Serves a method once, and breaks then."""
    calls = itertools.count()

    async def serve(request: Any, context: Any) -> Message:
        if next(calls):
            await context.abort(grpc.StatusCode.INTERNAL, "incident 7")
        return answer(method, request)

    return grpc.unary_unary_rpc_method_handler(
        serve,
        request_deserializer=getattr(messages, f"{method}Request").FromString,
        response_serializer=lambda response: response.SerializeToString(),
    )


@pytest.fixture
async def shell() -> AsyncIterator[Shell]:
    server = grpc.aio.server()
    handlers = {method: breaking_after_one(method) for method in ("CancelJobs", "RedriveJobs", "PruneJobs")}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("jobs.v1.AdminService", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield Shell(f"127.0.0.1:{port}")
    await server.stop(None)


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (("jobs", "cancel", "--queue", "q"), "2 jobs cancelled."),
        (("jobs", "redrive", "--queue", "q"), "2 jobs redriven."),
        (("prune", "--older-than", "2h"), "2 jobs removed."),
    ],
)
async def test_what_was_done_before_a_failure_is_told(shell: Shell, act: tuple[str, ...], told: str) -> None:
    failed = await shell.pipe(*act, "--yes")
    assert (failed.status, failed.out) == (1, f"{told}\n")
    assert failed.err == "Error: incident 7. The coordinator's log has the cause.\n"


async def test_so_it_is_as_json_and_of_many_ids(shell: Shell) -> None:
    given = "\n".join(f"id-{number}" for number in range(1_500)).encode()
    failed = await shell.pipe("jobs", "cancel", "-", "--yes", "--json", given=given)
    assert failed.status == 1
    assert [one["job_id"] for one in failed.documents] == [f"id-{number}" for number in range(1_000)]
