"""The thin client of the coordinator: what producers call, and the runtime of workers.

Needs nothing beyond the contract in `protos`, grpc and the google packages; never imports one of our
processes. What most programs need is here by name, and loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coordinator_client.blocking_job import BlockingJobContext as BlockingJobContext
    from coordinator_client.channel import open_channel as open_channel
    from coordinator_client.job_context import JobContext as JobContext
    from coordinator_client.new_jobs import new_job as new_job
    from coordinator_client.operator import Operator as Operator
    from coordinator_client.outcomes import AttemptFailure as AttemptFailure
    from coordinator_client.outcomes import PermanentFailure as PermanentFailure
    from coordinator_client.outcomes import Release as Release
    from coordinator_client.outcomes import Snooze as Snooze
    from coordinator_client.producer import Producer as Producer
    from coordinator_client.typed_worker import Worker as Worker

_HOMES = {
    "AttemptFailure": "outcomes",
    "BlockingJobContext": "blocking_job",
    "JobContext": "job_context",
    "Operator": "operator",
    "PermanentFailure": "outcomes",
    "Producer": "producer",
    "Release": "outcomes",
    "Snooze": "outcomes",
    "Worker": "typed_worker",
    "new_job": "new_jobs",
    "open_channel": "channel",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
