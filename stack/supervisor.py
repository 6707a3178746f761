"""Keeps our processes running: starts them, waits until they are ready, starts again whichever dies, stops all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic, sleep

from stack.errors import StackError
from stack.process import Process
from stack.services import STOP_ORDER, Service

_POLL_SECONDS = 0.02
_READY_SECONDS = 60.0


class Supervisor:
    """The processes of one stack. For the main thread alone: the kernel ends them with the thread that starts them."""

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        """Makes the folder of logs; `say` takes sentences for the person at the terminal."""
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._say = say
        self._processes: list[Process] = []

    def start(self, services: Sequence[Service]) -> None:
        """Starts processes; they need not be ready when this returns."""
        for service in services:
            process = Process(service, self._logs)
            self._processes.append(process)
            process.start()

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits while all that was started lives.

        Raises:
            StackError: a process ended, or `what` took too long; with what the process said last.
        """
        deadline = monotonic() + _READY_SECONDS
        while not condition():
            for process in self._processes:
                if process.has_ended:
                    raise StackError(_last_words(process))
            if monotonic() > deadline:
                raise StackError(f"{what} took more than {_READY_SECONDS:g} s: see the logs in {self._logs}.")
            sleep(_POLL_SECONDS)

    def wait_until_ready(self) -> None:
        """Waits until every process has said that it is ready, if it says so. Raises StackError like `wait_until`."""
        self.wait_until(lambda: all(process.is_ready for process in self._processes), "Starting")

    def check(self) -> None:
        """Starts again what has ended, after a pause that grows from death to death."""
        for process in self._processes:
            if process.is_due:
                process.start()
            elif process.has_ended and not process.is_paused:
                how = process.epitaph()
                self._say(f"{process.service.name} {how}: it is started again in {process.pause():g} s.")

    def stop(self) -> None:
        """Stops one kind of process after the other, those of a kind together, each within its time."""
        for module in STOP_ORDER:
            kind = [process for process in self._processes if process.service.module == module]
            for process in kind:
                process.ask_to_stop()
            asked_at = monotonic()
            for process in kind:
                process.stop_by(asked_at + process.service.stop_seconds)
        self._processes = []


def _last_words(process: Process) -> str:
    said = process.last_lines() or "(nothing)"
    return f"{process.service.name} {process.epitaph()}. The end of {process.log}:\n{said}"
