"""Every reason has a status, and every document the members of RFC 9457."""

import json

import pytest
from starlette.requests import Request

from coordinator_client import errors
from gateway.error_handlers import problem_of
from gateway.problems import COORDINATOR_STATUS, GATEWAY_STATUS, document, refusal
from protos.jobs.v1 import error_pb2

REQUEST = Request({"type": "http", "method": "GET", "path": "/here", "headers": [], "state": {"request_id": "r1"}})


def test_every_reason_of_the_contract_has_a_status() -> None:
    names = {name.removeprefix("ERROR_REASON_") for name in error_pb2.ErrorReason.DESCRIPTOR.values_by_name}
    assert names <= COORDINATOR_STATUS.keys()


def test_every_reason_of_the_client_library_has_a_status() -> None:
    kinds = [errors.CoordinatorError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    reasons = {kind.default_reason for kind in kinds} - {"UNKNOWN"}
    assert reasons <= COORDINATOR_STATUS.keys()


def test_the_tables_name_nothing_else() -> None:
    known = {name.removeprefix("ERROR_REASON_") for name in error_pb2.ErrorReason.DESCRIPTOR.values_by_name}
    assert COORDINATOR_STATUS.keys() - known == {"COORDINATOR_UNREACHABLE", "DEADLINE_EXCEEDED"}
    assert all(400 <= status <= 599 for status in (*COORDINATOR_STATUS.values(), *GATEWAY_STATUS.values()))


@pytest.mark.parametrize("reason", sorted(COORDINATOR_STATUS))
def test_a_refusal_of_the_coordinator_becomes_a_document(reason: str) -> None:
    problem = problem_of(errors.CoordinatorError("No.", reason=reason))
    assert problem.status_code == COORDINATOR_STATUS[reason]
    shown = json.loads(bytes(document(REQUEST, problem).body))
    assert shown["status"] == problem.status_code
    assert {"type", "title", "status", "detail", "reason", "instance"} <= shown.keys()


def test_a_document_says_what_where_and_which_request() -> None:
    response = document(REQUEST, refusal("PAYLOAD_TOO_LARGE", "Too much.", limit=1, value=2))
    assert response.headers["content-type"] == "application/problem+json"
    assert json.loads(bytes(response.body)) == {
        "type": "urn:sluice:problem:payload-too-large",
        "title": "Request Entity Too Large",
        "status": 413,
        "detail": "Too much.",
        "reason": "PAYLOAD_TOO_LARGE",
        "instance": "/here",
        "requestId": "r1",
        "limit": 1,
        "value": 2,
    }


@pytest.mark.parametrize(
    ("reason", "retry_after", "header"),
    [("BUSY", 0.2, "1"), ("QUOTA_EXCEEDED", 7.2, "8"), ("STORE_UNAVAILABLE", None, "2"), ("INTERNAL", None, None)],
)
def test_where_waiting_helps_the_answer_says_how_long(
    reason: str, retry_after: float | None, header: str | None
) -> None:
    problem = problem_of(errors.CoordinatorError("No.", reason=reason, retry_after=retry_after))
    assert document(REQUEST, problem).headers.get("Retry-After") == header


def test_fields_are_named_as_people_write_them() -> None:
    told = {"field": "filter.start_time", "value": "x", "secret": "hidden"}
    problem = problem_of(errors.InvalidRequest("start_time is no time.", metadata=told))
    assert problem.members == {"field": "from", "value": "x"}
    assert problem.detail == "from is no time."


@pytest.mark.parametrize("reason", ["UNAUTHENTICATED", "PERMISSION_DENIED", "UNIMPLEMENTED"])
def test_a_gateway_that_is_set_up_wrong_does_not_ask_people_to_sign_in(reason: str) -> None:
    problem = problem_of(errors.CoordinatorError("token unknown", reason=reason))
    assert (problem.status_code, problem.reason) == (502, "COORDINATOR_REFUSED")
    assert "token" not in problem.detail


def test_an_incident_of_the_coordinator_keeps_its_id() -> None:
    error = errors.InternalError("Something went wrong inside.", metadata={"incident": "abc"})
    assert problem_of(error).members == {"incident": "abc"}
