"""What is in the contract is served, and each method names who may call it and each reason its status."""

import inspect
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor import ServiceDescriptor

from coordinator import errors
from coordinator.access import Access, Role, roles_of
from coordinator.errors import PermissionDenied, SluiceError, Unauthenticated
from coordinator.server import SERVICES
from coordinator.services.admin_service import AdminService
from coordinator.services.job_service import JobService
from coordinator.services.listen_service import ListenService
from coordinator.services.upload_service import UploadService
from coordinator.services.worker_service import WorkerService
from coordinator.statuses import CODES, Incident, status_of
from protos.jobs.v1 import admin_service_pb2, error_pb2, job_service_pb2, worker_service_pb2
from protos.listens.v1 import listen_service_pb2
from protos.uploads.v1 import upload_service_pb2

ROOT = Path(__file__).parents[2]
FILES = (admin_service_pb2, job_service_pb2, worker_service_pb2, upload_service_pb2, listen_service_pb2)
SERVERS = {
    "jobs.v1.AdminService": AdminService,
    "jobs.v1.JobService": JobService,
    "jobs.v1.WorkerService": WorkerService,
    "uploads.v1.UploadService": UploadService,
    "listens.v1.ListenService": ListenService,
}
TOKENS = {role: f"{role.value}-token-of-the-tests" for role in Role}


def services() -> list[ServiceDescriptor]:
    return [service for file in FILES for service in file.DESCRIPTOR.services_by_name.values()]


def methods() -> list[str]:
    return [f"/{service.full_name}/{method.name}" for service in services() for method in service.methods]


def error_classes() -> list[type[SluiceError]]:
    found = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, SluiceError)]
    return [cls for cls in [*found, Incident] if hasattr(cls, "reason")]


def test_every_service_of_the_contract_is_served() -> None:
    assert {service.full_name for service in services()} == set(SERVICES) == set(SERVERS)


@pytest.mark.parametrize("method", methods())
def test_every_method_of_the_contract_is_implemented(method: str) -> None:
    _, service, name = method.split("/")
    assert name in vars(SERVERS[service]), f"{name} is left to the generated base class, which answers UNIMPLEMENTED"


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("method", methods())
def test_every_method_is_open_to_its_roles_and_to_no_other(method: str, role: Role) -> None:
    access = Access(" ".join(f"{known.value}:{token}" for known, token in TOKENS.items()))
    assert roles_of(method), "a method that names no role could never be called"
    authorization = f"Bearer {TOKENS[role]}"
    if role in roles_of(method):
        access.check(method, authorization)
    else:
        with pytest.raises(PermissionDenied):
            access.check(method, authorization)


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer wrong", "Basic producer-token-of-the-tests"])
def test_no_or_an_unknown_token_is_unauthenticated(authorization: str) -> None:
    access = Access(f"producer:{TOKENS[Role.PRODUCER]}")
    with pytest.raises(Unauthenticated):
        access.check("/jobs.v1.JobService/Enqueue", authorization)


@pytest.mark.parametrize("tokens", ["boss:a-token-of-sixteen-characters", "worker:short", "worker"])
def test_a_pair_that_is_no_role_and_token_is_refused_at_the_start(tokens: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Access(tokens)


def test_every_reason_of_the_contract_has_one_error_and_one_status() -> None:
    reasons = {name.removeprefix("ERROR_REASON_") for name, _ in error_pb2.ErrorReason.items()} - {"UNSPECIFIED"}
    raised = [cls.reason for cls in error_classes()]
    assert sorted(raised) == sorted(reasons), "one class a reason, one reason a class"
    assert set(CODES) == reasons


def test_the_contract_says_which_status_each_reason_has() -> None:
    """The comment above each reason begins with its code, which is how callers read it."""
    text = (ROOT / "protos/jobs/v1/error.proto").read_text().splitlines()
    for place, line in enumerate(text):
        reason = line.strip().removeprefix("ERROR_REASON_").partition(" = ")[0]
        if line.strip().startswith("ERROR_REASON_") and reason != "UNSPECIFIED":
            code = text[place - 1].strip(" /").partition(".")[0].removesuffix(" with RetryInfo")
            assert CODES[reason] is grpc.StatusCode[code], reason


@pytest.mark.parametrize("error", error_classes())
def test_a_status_names_its_reason_in_its_details(error: type[SluiceError]) -> None:
    arguments = {"retry_after_seconds": 2.5} if issubclass(error, errors.ComeBackLater) else {}
    made = error("why", **arguments)
    status = status_of(made)
    assert status.code == CODES[error.reason].value[0]
    assert [detail.type_url.rpartition(".")[2] for detail in status.details] == (
        ["ErrorInfo", "RetryInfo"] if arguments else ["ErrorInfo"]
    )
