"""What a handler's signature may say, what a job may be made of, and what the library has by name."""

from __future__ import annotations

import gc
import importlib
import warnings
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import coordinator_client
from coordinator_client import BlockingJobContext, JobContext, Worker, new_job
from coordinator_client.handler_shape import shape_of
from coordinator_client.new_jobs import retry_policy
from protos.jobs.v1.job_service_pb2 import NewJob


def nothing() -> None: ...


def payload_first(payload: int, job: BlockingJobContext, *, loud: bool = False) -> None: ...


async def context_alone(job: JobContext) -> None: ...


def no_annotation(payload) -> None: ...  # type: ignore[no-untyped-def] # noqa: ANN001


def two_payloads(one: int, two: str) -> None: ...


def unknown_name(payload: Nowhere) -> None: ...  # type: ignore[name-defined] # noqa: F821


def impossible(payload: complex) -> None: ...


def wrong_context(job: JobContext) -> None: ...


async def wrong_context_too(job: BlockingJobContext) -> None: ...


def by_name_alone(payload: int, *, job: BlockingJobContext) -> None: ...


@pytest.mark.parametrize(
    ("handler", "places"), [(nothing, []), (payload_first, [True, False]), (context_alone, [False])]
)
def test_a_handler_takes_its_payload_and_its_context_in_any_order(
    handler: Callable[..., Any], places: list[bool]
) -> None:
    assert [decode is not None for decode in shape_of(handler).arguments] == places


@pytest.mark.parametrize(
    ("handler", "why"),
    [
        (no_annotation, "no_annotation cannot be a handler: payload has no annotation"),
        (two_payloads, "it has 2 parameters for one payload"),
        (unknown_name, "its annotations name what is not there: name 'Nowhere'"),
        (impossible, "payload: a payload cannot be decoded into <class 'complex'>"),
        (wrong_context, "job has to be a BlockingJobContext, not a JobContext"),
        (by_name_alone, "job is to be given by its name, and handlers are called by position"),
        (wrong_context_too, "job has to be a JobContext, not a BlockingJobContext"),
    ],
)
def test_a_handler_that_cannot_be_called_is_refused_when_it_is_registered(
    handler: Callable[..., Any], why: str
) -> None:
    with pytest.raises(TypeError) as refused:
        Worker("127.0.0.1:1", queues=["q"]).job("k")(handler)
    assert why in str(refused.value)


def test_a_kind_has_one_handler_and_a_process_no_asynchronous_one() -> None:
    worker = Worker("127.0.0.1:1", queues=["q"])
    assert worker.job("k")(nothing) is nothing, "a handler stays the function that it was"
    with pytest.raises(ValueError, match="k have a handler already"):
        worker.job("k")(nothing)
    with pytest.raises(TypeError, match="it is asynchronous"):
        worker.job("l", cpu=True)(context_alone)


async def test_a_function_that_no_module_has_by_name_cannot_run_in_a_process() -> None:
    worker = Worker("127.0.0.1:1", queues=["q"])
    worker.job("k", cpu=True)(lambda: None)
    with pytest.raises(TypeError, match="cannot run in a process"):
        await worker.serve(handle_signals=False)


async def test_a_worker_is_told_that_its_queues_are_a_list() -> None:
    worker = Worker("127.0.0.1:1", queues="images")
    worker.job("k")(nothing)
    with pytest.raises(TypeError, match=r"queues are a list of names, not one text: \['images'\]"):
        await worker.serve(handle_signals=False)


async def test_a_worker_whose_target_cannot_be_read_leaves_nothing_open() -> None:
    worker = Worker("one:1,two:2", queues=["q"])
    worker.job("k")(nothing)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", ResourceWarning)
        with pytest.raises(ValueError, match="not numeric"):
            await worker.serve(handle_signals=False)
        gc.collect()
    assert not [warning for warning in seen if "event loop" in str(warning.message)]


async def test_a_worker_that_is_stopped_before_it_runs_does_not_run() -> None:
    worker = Worker("127.0.0.1:1", queues=["q"])
    worker.job("k")(nothing)
    worker.stop()
    await worker.serve(handle_signals=False)


def test_a_job_is_made_of_pythons_own_values() -> None:
    policy = retry_policy(max_attempts=2, base=1.5, ceiling=timedelta(minutes=1))
    made = new_job(
        "q", "k", {"width": 3}, priority=-1, lane="", weight=2.0, delay=timedelta(days=1), deadline=90,
        expire_after=0.5, unique_key="u", retry_policy=policy,
    )  # fmt: skip
    said = (
        'queue: "q" kind: "k" payload: "{\\"width\\":3}" priority: -1 lane: "" delay { seconds: 86400 } '
        "retry_policy { max_attempts: 2 base { seconds: 1 nanos: 500000000 } ceiling { seconds: 60 } } "
        'deadline { seconds: 90 } unique_key: "u" expire_after { nanos: 500000000 } weight: 2'
    )
    from google.protobuf import text_format  # noqa: PLC0415 - for this one test

    assert made == text_format.Parse(said, NewJob())
    assert new_job("q", "k") == NewJob(queue="q", kind="k"), "what is not said is the coordinator's to choose"


def test_every_name_of_the_library_is_there() -> None:
    for name in coordinator_client.__all__:
        assert getattr(importlib.import_module("coordinator_client"), name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nobody'"):
        _ = coordinator_client.nobody
