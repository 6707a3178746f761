"""A thread with an event loop of its own, which no blocked loop elsewhere keeps waiting."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, TypeVarTuple

LAST_TASKS_SECONDS = 1.0

Answer = TypeVar("Answer")
Arguments = TypeVarTuple("Arguments")


class LoopThread:
    """Runs one coroutine in a thread; the thread ends with it, and the caller's wait with the thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop = asyncio.new_event_loop()
        self._main: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None
        # What is posted while it is open is carried out: the lock keeps the end from coming in between. A signal may
        # come while its own thread has it, and post too.
        self._is_open = True
        self._lock = threading.RLock()

    async def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Runs `main` in the thread and returns, or raises, when the thread has ended.

        Cancelled, it cancels `main` and still waits for the end, as often as it may be cancelled meanwhile.
        """
        home, ended = asyncio.get_running_loop(), asyncio.Event()
        # A daemon only for the worst: a process whose main thread is gone must not keep its leases.
        thread = threading.Thread(target=self._live, args=(main, home, ended), name=self._name, daemon=True)
        thread.start()
        cancelled = False
        while not ended.is_set():
            try:
                await ended.wait()
            except asyncio.CancelledError:
                cancelled = True
                self.post(self._cancel_main)
        thread.join()
        if cancelled:
            raise asyncio.CancelledError
        if self._failure is not None:
            raise self._failure

    def post(self, callback: Callable[[*Arguments], object], *arguments: *Arguments) -> bool:
        """Has the thread's loop call this soon; answers whether it will: not where it has ended. From any thread."""
        with self._lock:
            if self._is_open:
                self._loop.call_soon_threadsafe(callback, *arguments)
            return self._is_open

    async def ask(self, question: Coroutine[Any, Any, Answer]) -> Answer:
        """Has the thread's loop run a coroutine, and waits for its answer on the caller's; cancels it with the caller.

        Raises:
            CancelledError: the thread has ended.
        """
        with self._lock:
            if not self._is_open:
                question.close()
                raise asyncio.CancelledError
            future = asyncio.run_coroutine_threadsafe(question, self._loop)
        return await asyncio.wrap_future(future)

    def _live(
        self, main: Callable[[], Coroutine[Any, Any, None]], home: asyncio.AbstractEventLoop, ended: asyncio.Event
    ) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._run_main(main))
        except BaseException as error:  # noqa: BLE001 - raised again where the thread is waited for
            self._failure = error
        finally:
            post(home, ended.set)

    async def _run_main(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._main = asyncio.current_task()
        try:
            await main()
        finally:
            with self._lock:
                self._is_open = False
            # Whatever was posted before begins now, so that it is ended with all the rest.
            await asyncio.sleep(0)
            await _let_tasks_end()

    def _cancel_main(self) -> None:
        if self._main is not None:
            self._main.cancel()


async def _let_tasks_end() -> None:
    """Waits for what libraries still have under way: gRPC would tell a closed loop of the ends of cancelled calls."""
    if tasks := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(tasks, timeout=LAST_TASKS_SECONDS)


def post(
    loop: asyncio.AbstractEventLoop,
    callback: Callable[[*Arguments], object],
    *arguments: *Arguments,
) -> None:
    """Has a loop of another thread call this soon, unless it has closed."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(callback, *arguments)
