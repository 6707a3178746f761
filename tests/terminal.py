"""A program under a pseudo-terminal of a chosen size, typed to and read from as a person does."""

import asyncio
import fcntl
import os
import re
import struct
import sys
import termios
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.waiting import eventually

# Makes the terminal that it got as stdin its own, so that Ctrl-C reaches it, and becomes the program.
_TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]")
_HOME = "\x1b[H"

PATIENCE_SECONDS = 30.0


def without_controls(text: str) -> str:
    """Returns what a text looks like, whatever its colours and cursor movements."""
    return _CONTROL.sub("", text).replace("\r\n", "\n").replace("\n\r", "\n")


class Terminal:
    """A terminal in which a program runs."""

    def __init__(self, ours: int, theirs: int, process: asyncio.subprocess.Process) -> None:
        self._ours = ours
        self._theirs = theirs
        self._process = process
        self._read = bytearray()

    @property
    def raw(self) -> str:
        """All that the program has written, colours and cursor movements as well."""
        self._read_more()
        return self._read.decode(errors="replace")

    @property
    def text(self) -> str:
        """All that the program has written, to be read."""
        return without_controls(self.raw)

    @property
    def screen(self) -> str:
        """What a program that redraws from the top left shows now; nothing while it is drawing."""
        frames = self.raw.split(_HOME)
        return "\n".join(line.rstrip() for line in without_controls(frames[-1]).splitlines())

    @property
    def attributes(self) -> list[Any]:
        """How the terminal is set: echo, line by line, special keys."""
        return termios.tcgetattr(self._theirs)

    def type(self, text: str) -> None:
        """Presses keys; "\\x03" is Ctrl-C."""
        os.write(self._ours, text.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Changes the terminal's size, and has the program told."""
        _set_size(self._ours, columns, rows)

    def signal(self, number: int) -> None:
        """Sends the program a signal."""
        self._process.send_signal(number)

    async def until(self, words: str) -> str:
        """Waits until the program has written these words; returns all that it has written."""
        await eventually(lambda: words in self.text or self._missing(words), PATIENCE_SECONDS)
        return self.text

    async def shows(self, words: str) -> str:
        """Waits until these words are on the screen; returns the screen."""

        def on_screen() -> str:
            screen = self.screen
            return screen if words in screen else self._missing(words)

        return await eventually(on_screen, PATIENCE_SECONDS)

    async def status(self) -> int:
        """Waits until the program has ended; returns its exit code."""

        def ended() -> bool:
            self._read_more()  # or it may wait for room to write
            return self._process.returncode is not None

        await eventually(ended, PATIENCE_SECONDS)
        return await self._process.wait()

    def _read_more(self) -> None:
        with suppress(BlockingIOError):
            while True:
                self._read += os.read(self._ours, 65536)

    def _missing(self, words: str) -> Any:
        raise AssertionError(f"{words!r} is not in {self.text[-2000:]!r}")


@asynccontextmanager
async def terminal(
    command: Sequence[str], *, columns: int = 200, rows: int = 50, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Terminal]:
    """Runs a program, named by its path, in a terminal; kills it at the end where it still runs."""
    ours, theirs = os.openpty()
    try:
        os.set_blocking(ours, False)
        _set_size(ours, columns, rows)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", _TAKE_TERMINAL, *command),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
        )
        try:
            yield Terminal(ours, theirs, process)
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
    finally:
        os.close(ours)
        os.close(theirs)


def _set_size(descriptor: int, columns: int, rows: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
