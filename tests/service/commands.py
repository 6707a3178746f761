"""The command line as a person has it, in a terminal, and as a program has it, through pipes."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from tests.terminal import Terminal, terminal

SLUICE = (sys.executable, "-m", "coordinator_client.command_line")
_OF_THE_PERSON = {"NO_COLOR", "COLUMNS", "LINES", "FORCE_COLOR", "SLUICE_SERVICE_TOKEN", "SLUICE_COORDINATOR_TARGET"}


@dataclass(frozen=True)
class Ended:
    """What a command left behind; in a terminal `out` is what it wrote to both of its outputs."""

    status: int
    out: str
    err: str = ""

    @property
    def documents(self) -> list[Any]:
        """Each line that it printed, read as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Shell:
    """Runs `sluice` against a coordinator."""

    target: str

    def opened(
        self, *arguments: str, columns: int = 200, rows: int = 50, variables: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager[Terminal]:
        """Runs a command in a terminal that the test types into."""
        environment = self._environment(variables)
        return terminal([*SLUICE, *arguments], columns=columns, rows=rows, environment=environment)

    async def run(
        self, *arguments: str, answer: str = "", columns: int = 200, variables: Mapping[str, str] | None = None
    ) -> Ended:
        """Runs a command in a terminal until it ends; answers once it asks, where there is an answer."""
        async with self.opened(*arguments, columns=columns, variables=variables) as opened:
            if answer:
                await opened.until("[y/N]")
                opened.type(answer)
            return Ended(await opened.status(), opened.text)

    async def pipe(self, *arguments: str, given: bytes = b"", variables: Mapping[str, str] | None = None) -> Ended:
        """Runs a command without a terminal."""
        process = await asyncio.create_subprocess_exec(
            *(*SLUICE, *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment(variables),
        )
        out, err = await asyncio.wait_for(process.communicate(given), 60)
        return Ended(await process.wait(), out.decode(), err.decode())

    def _environment(self, variables: Mapping[str, str] | None) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in _OF_THE_PERSON}
        return {**inherited, "TERM": "xterm-256color", "SLUICE_COORDINATOR_TARGET": self.target, **(variables or {})}
