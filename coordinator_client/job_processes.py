"""Handlers that compute: each attempt in a process, so that one neither waits for another nor for this one's lock."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from typing import Any

from coordinator_client.attempts import CANCELLATION_SECONDS
from coordinator_client.blocking_job import BlockingJobContext, facts_of
from coordinator_client.job_context import JobContext
from coordinator_client.job_threads import blocking_context, in_thread
from coordinator_client.outcomes import AttemptFailure, Completion
from coordinator_client.process_work import PROCESS_NAME, Answer, Begin, Broken, Cancelled, Done, Raised, Told, serve

# Forking a process in which grpc has started is not supported.
_SPAWN = get_context("spawn")

logger = logging.getLogger(__name__)


class JobProcesses:
    """Processes of our own, made when they are first needed and kept for the next attempts."""

    def __init__(self, most: int) -> None:
        """Takes how many may work at a time; further attempts wait."""
        self._room = asyncio.Semaphore(most)
        self._idle: list[_Child] = []

    async def run(self, function: Callable[..., Any], context: JobContext) -> Completion:
        """Has a handler called in a process.

        Cancelled, it tells the handler, and ends the process where the handler does not leave within a second.

        Raises:
            AttemptFailure, Snooze, Release, LeaseLost: what the handler raised; HANDLER_ERROR for any other exception,
                PROCESS_DIED where the process did.
        """
        async with self._room:
            child = self._idle.pop() if self._idle else await in_thread(_Child, "start a process")
            work = partial(child.work, Begin(function, facts_of(context)), blocking_context(context))
            working = asyncio.create_task(in_thread(work, f"job {context.job_id}"))
            try:
                return await asyncio.shield(working)
            except asyncio.CancelledError:
                child.tell_cancelled()
                await asyncio.wait([working], timeout=CANCELLATION_SECONDS)
                raise
            finally:
                self._put_back(child, working)

    def close(self) -> None:
        """Ends the processes that are idle; those at work are ended by whoever waits for them."""
        for child in self._idle:
            child.kill()
        self._idle.clear()

    def _put_back(self, child: _Child, working: asyncio.Task[Completion]) -> None:
        if working.done() and child.is_idle:
            self._idle.append(child)
        else:
            child.kill()
        # The end of a thread that was left with its process interests nobody.
        working.add_done_callback(lambda task: task.cancelled() or task.exception())


class _Child:
    """A process and the connection to it; one thread at a time has it work, any may tell it that its job is over."""

    def __init__(self) -> None:
        self._connection, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=serve, args=(theirs,), name=PROCESS_NAME, daemon=True)
        self._sending = threading.Lock()
        self.is_idle = True
        self._process.start()
        theirs.close()

    def work(self, begin: Begin, context: BlockingJobContext) -> Completion:
        """Has a handler called, passes on what it tells, and returns what it gave, or raises what became of it."""
        self.is_idle = False
        try:
            self._send(begin)
            while isinstance(word := self._connection.recv(), Told):
                self._send(_told(context, word))
        except (EOFError, OSError) as gone:
            logger.warning("Job %s: the process of its handler is gone", begin.facts.job_id)
            raise AttemptFailure("PROCESS_DIED", "The process in which the handler ran died.") from gone
        self.is_idle = True
        return _completion(begin, word)

    def tell_cancelled(self) -> None:
        """Says that the attempt is over."""
        try:
            self._send(Cancelled())
        except OSError:
            logger.debug("a process that is gone cannot be told anything")

    def kill(self) -> None:
        """Ends the process, whatever it does."""
        self._process.kill()
        self._process.join()

    def _send(self, word: object) -> None:
        with self._sending:
            self._connection.send(word)


def _told(context: BlockingJobContext, word: Told) -> Answer:
    try:
        getattr(context, word.method)(*word.arguments)
    except Exception as error:  # noqa: BLE001 - raised again where the handler runs
        return Answer(error)
    return Answer(None)


def _completion(begin: Begin, word: Done | Raised | Broken) -> Completion:
    match word:
        case Done(completion):
            return completion
        case Raised(outcome):
            raise outcome
        case Broken(exception, frames):
            facts = begin.facts
            logger.error(
                "Job %s, attempt %d: the handler raised %s\n%s", facts.job_id, facts.attempt, exception, frames
            )
            raise AttemptFailure("HANDLER_ERROR", f"The handler raised {exception}.")
