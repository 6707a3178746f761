"""The true status of a call that ended while it was being written to."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

import grpc.aio

# What gRPC calls a write to a call that has just ended.
_FAILED_WRITE = "Internal error from Core"

Value = TypeVar("Value")


class WatchedStatuses:
    """Remembers each status that a call is given.

    Where the other side ends a call early, gRPC gives it two: the true one, and INTERNAL for the write under way. The
    later replaces the earlier, and which of them that is, is chance.
    """

    def __init__(self, call: grpc.aio.Call) -> None:
        self._seen: list[grpc.aio.AioRpcError] = []
        call.add_done_callback(self._remember)

    def true_error(self, failed: grpc.aio.AioRpcError) -> grpc.aio.AioRpcError:
        """The status that the other side sent, where `failed` is not it; UNAVAILABLE where its answer was lost."""
        true = next((status for status in self._seen if status.details() != _FAILED_WRITE), failed)
        if true.code() is not grpc.StatusCode.OK:
            return true
        nothing = grpc.aio.Metadata()
        return grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, nothing, nothing, details="the answer was lost")

    def _remember(self, call: grpc.aio.Call) -> None:
        self._seen.append(
            grpc.aio.AioRpcError(
                _at_once(call.code()), None, _at_once(call.trailing_metadata()), details=_at_once(call.details())
            )
        )


def _at_once(coroutine: Coroutine[Any, Any, Value]) -> Value | Any:
    """The result of a coroutine that has nothing left to wait for, as those of a call that has ended."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("the call has not ended")
