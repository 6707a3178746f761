"""A process that works on untrusted files, so that what crashes or hangs there harms nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.reduction import send_handle
from typing import Any, BinaryIO, TypeVar

from coordinator_client.outcomes import AttemptFailure
from ingest_worker.isolated_work import Broken, End, Finished, OutOfMemory, Refused, Work, serve

Result = TypeVar("Result")

logger = logging.getLogger(__name__)

# Forking a process in which grpc has started is not supported.
_SPAWN = get_context("spawn")


class IsolatedProcess:
    """One child process, started when it is first needed and again whenever it was lost.

    Talking to it blocks, so each has a thread of its own for that: with shared ones, long pieces of work would keep
    everything else waiting.
    """

    def __init__(self, memory_bytes: int) -> None:
        """Takes how much memory the child may have for what it works on."""
        self._memory_bytes = memory_bytes
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="isolated")
        self._child: _Child | None = None

    async def run(self, work: Work, file: BinaryIO, *arguments: Any) -> AsyncGenerator[Any, None]:
        """Does a piece of work on a real file in the child and yields what it yields there.

        Leaving early, by cancellation too, kills the child, for nothing else stops what it does.

        Raises:
            ExportError: the work's own verdict on the file.
            AttemptFailure: PARSER_CRASHED where the child died, PARSER_OUT_OF_MEMORY where it may not have what it
                needed, PARSER_BROKEN where the work raised anything else.
        """
        child = self._child = self._child or _Child(self._memory_bytes)
        end: End | None = None
        try:
            await self._in_thread(child.begin, work, file.fileno(), arguments)
            while end is None:
                piece = await self._in_thread(child.receive)
                if isinstance(piece, Finished | Refused | OutOfMemory | Broken):
                    end = piece
                else:
                    yield piece
        except (EOFError, ConnectionError) as error:
            raise AttemptFailure("PARSER_CRASHED", "The process that read the file died over it.") from error
        finally:
            # One that has come to its limit would come to it again.
            if end is None or isinstance(end, OutOfMemory):
                self._lose_child()
        self._raise_verdict(end)

    def close(self) -> None:
        """Ends the child."""
        self._lose_child()
        self._thread.shutdown(wait=False)

    def _raise_verdict(self, end: End) -> None:
        match end:
            case Refused(error):
                raise error
            case OutOfMemory():
                message = f"Reading the file takes more than the {self._memory_bytes:,} bytes of memory that it may."
                raise AttemptFailure("PARSER_OUT_OF_MEMORY", message)
            case Broken(exception, frames):
                logger.error("The parser raised %s\n%s", exception, frames)
                raise AttemptFailure("PARSER_BROKEN", f"The parser raised {exception}.")

    def _lose_child(self) -> None:
        if self._child is not None:
            self._child.kill()
            # Behind whatever the thread still does with it: being killed, the child no longer keeps it waiting.
            self._thread.submit(self._child.close)
            self._child = None

    async def _in_thread(self, function: Callable[..., Result], *arguments: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)


class _Child:
    """A started process and the connection to it; all but `kill` belongs to one thread."""

    def __init__(self, memory_bytes: int) -> None:
        self._connection, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=serve, args=(theirs, memory_bytes), name="parser", daemon=True)
        self._process.start()
        theirs.close()

    def begin(self, work: Work, descriptor: int, arguments: tuple[Any, ...]) -> None:
        """Hands over the work and the file."""
        self._connection.send((work, arguments))
        send_handle(self._connection, descriptor, self._process.pid)

    def receive(self) -> object:
        """Waits for the next piece."""
        return self._connection.recv()

    def kill(self) -> None:
        """Ends the process whatever it does."""
        self._process.kill()
        self._process.join()
        logger.info("A parser process is gone, exit code %s", self._process.exitcode)

    def close(self) -> None:
        """Closes this side of the connection."""
        self._connection.close()
