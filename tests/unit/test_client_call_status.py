"""Which of a call's two statuses is the true one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import grpc.aio
import pytest

from coordinator_client.call_status import WatchedStatuses

OK, INTERNAL, REFUSED = grpc.StatusCode.OK, grpc.StatusCode.INTERNAL, grpc.StatusCode.FAILED_PRECONDITION
FAILED_WRITE = (INTERNAL, "Internal error from Core")


class FakeCall:
    """A call that is given statuses, one replacing the other."""

    def __init__(self) -> None:
        self._callback: Callable[[Any], None] = lambda _: None
        self._status = FAILED_WRITE

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        self._callback = callback

    def end(self, code: grpc.StatusCode, details: str) -> grpc.aio.AioRpcError:
        self._status = code, details
        self._callback(self)
        return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), details=details)

    async def code(self) -> grpc.StatusCode:
        return self._status[0]

    async def details(self) -> str:
        return self._status[1]

    async def trailing_metadata(self) -> grpc.aio.Metadata:
        return grpc.aio.Metadata(("told-by", self._status[1]))


@pytest.mark.parametrize(
    "statuses",
    [[(REFUSED, "lost"), FAILED_WRITE], [FAILED_WRITE, (REFUSED, "lost")], [(REFUSED, "lost")]],
)
def test_what_the_other_side_said_counts_whenever_it_came(statuses: list[tuple[grpc.StatusCode, str]]) -> None:
    call = FakeCall()
    watched = WatchedStatuses(cast("grpc.aio.Call", call))
    failed = [call.end(*status) for status in statuses][-1]
    error = watched.true_error(failed)
    assert (error.code(), error.details()) == (REFUSED, "lost")
    assert error.trailing_metadata()["told-by"] == "lost"


def test_an_answer_that_was_lost_to_a_failed_write_may_be_asked_for_again() -> None:
    call = FakeCall()
    watched = WatchedStatuses(cast("grpc.aio.Call", call))
    call.end(OK, "")
    assert watched.true_error(call.end(*FAILED_WRITE)).code() is grpc.StatusCode.UNAVAILABLE


def test_an_error_of_which_nothing_else_is_known_stays_as_it_is() -> None:
    call = FakeCall()
    watched = WatchedStatuses(cast("grpc.aio.Call", call))
    failed = call.end(*FAILED_WRITE)
    assert watched.true_error(failed) is failed
