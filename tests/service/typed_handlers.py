"""Handlers that other processes find by name."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from coordinator_client import BlockingJobContext, PermanentFailure, Snooze


@dataclass
class Task:
    """What the handlers here are told."""

    path: str = ""


class Private(PermanentFailure):
    """A failure of this module's own."""


def describe(job: BlockingJobContext, task: Task) -> dict[str, object]:
    job.report_progress(1, 2, "half")
    job.save_checkpoint(job.checkpoint + b"!")
    return {"process": os.getpid(), "job": job.job_id, "attempt": job.attempt, "task": task}


def fail_for_good(task: Task) -> None:
    raise Private("NO_GOOD", "never")


def put_off() -> None:
    raise Snooze(60)


def break_down() -> None:
    raise LookupError("a secret")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def obey(job: BlockingJobContext, task: Task) -> None:
    Path(f"{task.path}.begun").touch()
    while not job.is_cancelled:
        time.sleep(0.01)
    Path(f"{task.path}.left").touch()


def ignore(task: Task) -> None:
    Path(f"{task.path}.begun").write_text(str(os.getpid()))
    while True:
        pass
