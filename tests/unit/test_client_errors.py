"""Refusals on the wire and exceptions in Python are the same set."""

from __future__ import annotations

import grpc.aio
import pytest
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import (
    error_details_pb2,
    status_pb2,
)

from coordinator_client import errors
from coordinator_client.errors import BY_REASON, CoordinatorError, from_rpc_error
from protos.jobs.v1.error_pb2 import ErrorReason

REASONS = {value.name.removeprefix("ERROR_REASON_") for value in ErrorReason.DESCRIPTOR.values if value.number}


def failed(
    code: grpc.StatusCode, *details: Message, message: str = "a sentence", packed: bytes | None = None
) -> grpc.aio.AioRpcError:
    """A failed call whose status carries these details, or these very bytes."""
    status = status_pb2.Status(code=code.value[0], message=message)
    for detail in details:
        wrapped = Any()
        wrapped.Pack(detail)
        status.details.append(wrapped)
    trailers = grpc.aio.Metadata()
    if details or packed is not None:
        trailers.add("grpc-status-details-bin", packed or status.SerializeToString())
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailers, details=message)


def info(reason: str, domain: str = "sluice", **metadata: str) -> error_details_pb2.ErrorInfo:
    return error_details_pb2.ErrorInfo(reason=reason, domain=domain, metadata=metadata)


def test_every_reason_of_the_contract_has_an_exception_and_none_has_two() -> None:
    assert set(BY_REASON) == REASONS
    assert len(set(BY_REASON.values())) == len(BY_REASON)


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_a_refusal_comes_out_as_the_exception_of_its_reason(reason: str) -> None:
    error = from_rpc_error(failed(grpc.StatusCode.FAILED_PRECONDITION, info(reason, limit="200", value="201")))
    assert type(error) is BY_REASON[reason]
    assert error.reason == reason
    assert error.message == "a sentence"
    assert error.metadata == {"limit": "200", "value": "201"}
    assert error.retry_after is None


def test_retry_info_comes_out_in_seconds() -> None:
    retry = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=1, nanos=500_000_000))
    error = from_rpc_error(failed(grpc.StatusCode.RESOURCE_EXHAUSTED, info("BUSY"), retry))
    assert isinstance(error, errors.Busy)
    assert error.retry_after == 1.5


def test_a_reason_that_this_client_does_not_know_is_kept() -> None:
    error = from_rpc_error(failed(grpc.StatusCode.FAILED_PRECONDITION, info("FROM_THE_FUTURE")))
    assert type(error) is CoordinatorError
    assert error.reason == "FROM_THE_FUTURE"


def test_the_details_of_another_domain_are_not_ours() -> None:
    error = from_rpc_error(failed(grpc.StatusCode.UNAVAILABLE, info("LEASE_LOST", domain="somebody.else")))
    assert type(error) is errors.CoordinatorUnreachable


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.UNAVAILABLE, errors.CoordinatorUnreachable),
        (grpc.StatusCode.DEADLINE_EXCEEDED, errors.DeadlineExceeded),
        (grpc.StatusCode.UNAUTHENTICATED, errors.Unauthenticated),
        (grpc.StatusCode.PERMISSION_DENIED, errors.PermissionDenied),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, errors.Busy),
        (grpc.StatusCode.INTERNAL, errors.InternalError),
    ],
)
def test_a_status_without_details_is_told_by_its_code(code: grpc.StatusCode, kind: type[CoordinatorError]) -> None:
    error = from_rpc_error(failed(code))
    assert type(error) is kind
    assert error.reason == kind.default_reason


@pytest.mark.parametrize("verb", ["Sent", "Received"])
def test_a_message_beyond_grpcs_own_limit_is_too_large_and_not_for_later(verb: str) -> None:
    message = f"CLIENT: {verb} message larger than max (4194305 vs. 4194304)"
    error = from_rpc_error(failed(grpc.StatusCode.RESOURCE_EXHAUSTED, message=message))
    assert type(error) is errors.PayloadTooLarge


@pytest.mark.parametrize("code", list(grpc.StatusCode))
def test_every_status_becomes_an_exception(code: grpc.StatusCode) -> None:
    assert isinstance(from_rpc_error(failed(code)), CoordinatorError)


def test_details_that_cannot_be_read_do_not_hide_the_error() -> None:
    error = from_rpc_error(failed(grpc.StatusCode.UNAVAILABLE, packed=b"\xff\xff not a status"))
    assert type(error) is errors.CoordinatorUnreachable


def test_an_error_names_its_reason_when_it_is_shown() -> None:
    assert str(errors.LeaseLost("The worker does not hold the job.")) == (
        "LEASE_LOST: The worker does not hold the job."
    )
