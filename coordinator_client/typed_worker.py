"""A worker in ten lines: functions that take what their annotations say, and return their results."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import os
import pickle
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from coordinator_client.channel import open_channel
from coordinator_client.encoding import plain
from coordinator_client.handler_shape import HandlerShape, shape_of
from coordinator_client.job_context import Handler, JobContext
from coordinator_client.job_processes import JobProcesses
from coordinator_client.job_threads import blocking_context, in_thread
from coordinator_client.outcomes import Completion, Ended, completion
from coordinator_client.process_work import is_handler_process
from coordinator_client.worker import DEFAULT_CONCURRENCY, DEFAULT_GRACE_SECONDS, WorkerRuntime

Function = TypeVar("Function", bound=Callable[..., object])


class Worker:
    """Claims jobs and calls their handlers, which are registered by kind.

    In whole::

        worker = Worker("127.0.0.1:50051", queues=["images"])

        @worker.job("resize")
        def resize(picture: Picture) -> dict[str, int]: ...

        worker.run()

    A handler is a function, asynchronous or not. It may have a parameter for the payload, whose annotation says what it
    is to be (see `decoding.decoder`), and one for its context: JobContext, or BlockingJobContext where the function is
    synchronous. What it returns is the job's result: what JSON can hold, dataclasses too. What it may raise stands in
    `outcomes`; any other exception is a failed attempt.

    Asynchronous handlers share the event loop, synchronous ones have a thread each, and those with `cpu=True` run in
    processes. Sessions, leases and reconnects are the runtime's, see `worker.WorkerRuntime`.
    """

    def __init__(
        self,
        target: str,
        *,
        queues: Sequence[str],
        name: str = "",
        token: str | None = None,
        concurrency: int = DEFAULT_CONCURRENCY,
        processes: int = 0,
        max_bytes: int | None = None,
        grace_seconds: float = DEFAULT_GRACE_SECONDS,
    ) -> None:
        """Takes what the worker is.

        Args:
            target: where the coordinators are, as `open_channel` takes it.
            queues: where it claims from.
            name: for people who look after workers; the machine's name and the process id where empty.
            token: the service token.
            concurrency: jobs at a time, over all queues.
            processes: how many of them may compute at a time; as many as there are processors where 0.
            max_bytes: bytes of payloads and files held at a time.
            grace_seconds: how long running handlers may take to finish once the worker is to stop.
        """
        self._target = target
        self._queues = queues
        self._name = name or f"{socket.gethostname()}-{os.getpid()}"
        self._token = token
        self._concurrency = concurrency
        self._processes = processes or os.cpu_count() or 1
        self._max_bytes = max_bytes
        self._grace_seconds = grace_seconds
        self._shapes: dict[str, tuple[HandlerShape, bool]] = {}
        self._is_stopping = False
        self._runtime: WorkerRuntime | None = None

    def job(self, kind: str, *, cpu: bool = False) -> Callable[[Function], Function]:
        """Registers a function as the handler of a kind, and leaves it as it is.

        With `cpu` it runs in another process: a synchronous function that its module has by its name.

        Raises:
            TypeError: its signature does not say how to call it.
            ValueError: the kind has a handler already.
        """

        def register(function: Function) -> Function:
            shape = shape_of(function)
            if kind in self._shapes:
                raise ValueError(f"jobs of kind {kind} have a handler already")
            if cpu and shape.is_async:
                raise TypeError(f"{function.__qualname__} cannot run in a process: it is asynchronous")
            self._shapes[kind] = shape, cpu
            return function

        return register

    def at(self, target: str) -> Worker:
        """Gives a worker with the same handlers for other coordinators, which ask for no token: for tests."""
        other = copy.copy(self)
        other._target, other._token = target, None
        other._runtime, other._is_stopping = None, False
        return other

    def run(self) -> None:
        """Works until SIGTERM or SIGINT come, or an operator asks the worker to end; raises as `WorkerRuntime.run`.

        In the processes of `cpu` handlers, where the main module is loaded a second time, it does nothing.
        """
        if not is_handler_process():
            asyncio.run(self.serve())

    async def serve(self, *, handle_signals: bool = True) -> None:
        """Works as `run` does, on the event loop that runs already; to be called once."""
        with self._handlers() as handlers:
            self._runtime = WorkerRuntime(
                lambda: open_channel(self._target, token=self._token),
                worker=self._name,
                queues=self._queues,
                handlers=handlers,
                concurrency=self._concurrency,
                max_bytes=self._max_bytes,
                grace_seconds=self._grace_seconds,
            )
            if self._is_stopping:
                self._runtime.stop()
            await self._runtime.run(handle_signals=handle_signals)

    def stop(self) -> None:
        """Takes no more jobs, lets handlers finish within the grace, gives the rest back, and ends `run`.

        May be called from any thread, before `run` too.
        """
        self._is_stopping = True
        if self._runtime is not None:
            self._runtime.stop()

    @contextlib.contextmanager
    def _handlers(self) -> Iterator[dict[str, Handler]]:
        processes = JobProcesses(self._processes)
        try:
            yield {kind: _handler(shape, cpu, processes) for kind, (shape, cpu) in self._shapes.items()}
        finally:
            processes.close()


def _handler(shape: HandlerShape, cpu: bool, processes: JobProcesses) -> Handler:
    """Makes what the runtime calls out of what was registered."""

    async def on_the_loop(context: JobContext) -> Completion | Ended:
        return _ended(await shape.call(context))

    async def in_a_thread(context: JobContext) -> Completion | Ended:
        job = blocking_context(context)
        return _ended(await in_thread(lambda: shape.call(job), f"job {context.job_id}"))

    async def in_a_process(context: JobContext) -> Completion | Ended:
        return await processes.run(shape.function, context)

    if cpu:
        _check_that_others_find(shape)
        return in_a_process
    return on_the_loop if shape.is_async else in_a_thread


def _ended(returned: object) -> Completion | Ended:
    return returned if isinstance(returned, Ended) else completion(plain(returned))


def _check_that_others_find(shape: HandlerShape) -> None:
    """Another process gets a handler by its name, which is not there yet when a decorator runs."""
    try:
        pickle.dumps(shape.function)
    except (pickle.PicklingError, AttributeError) as error:
        raise TypeError(f"{shape.function.__qualname__} cannot run in a process: no module has it by name") from error
