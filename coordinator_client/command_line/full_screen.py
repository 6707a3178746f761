"""A terminal's whole screen, for as long as a view has it; afterwards the terminal is as it was before."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import termios
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group
from rich.control import Control
from rich.screen import Screen
from rich.text import Text

from coordinator_client.command_line.failures import INTERRUPTED, TERMINATED


class FullScreen:
    """Draws lines, and tells when the terminal was resized and when its person has seen enough."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.resized = asyncio.Event()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, as they are now."""
        return self._console.size.width, self._console.size.height

    def draw(self, lines: Sequence[Text]) -> None:
        """Shows these lines in place of those before, in one write."""
        with self._console:
            self._console.control(Control.home())
            self._console.print(Screen(Group(*lines)), end="")

    def end(self, code: int) -> None:
        """Has the view end with an exit code; the first is the one that counts."""
        if not self.ended.done():
            self.ended.set_result(code)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Takes the screen, the keys and the signals."""
        with _keys(self._on_key), _signals(self), self._console.screen():
            yield

    def _on_key(self, key: bytes) -> None:
        # Nothing comes from a terminal that was closed.
        if not key or b"q" in key.lower():
            self.end(0)


@contextmanager
def _keys(on_key: Callable[[bytes], None]) -> Iterator[None]:
    """Gives each key as it is pressed, and shows none. Ctrl-C stays a signal; Ctrl-Z would leave the screen taken."""
    loop, terminal = asyncio.get_running_loop(), sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    quiet = termios.tcgetattr(terminal)
    quiet[3] &= ~(termios.ECHO | termios.ICANON)
    quiet[6][termios.VSUSP] = b"\x00"
    termios.tcsetattr(terminal, termios.TCSADRAIN, quiet)
    loop.add_reader(terminal, lambda: on_key(_read(terminal)))
    try:
        yield
    finally:
        loop.remove_reader(terminal)
        termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 64)
    except OSError:
        return b""


@contextmanager
def _signals(screen: FullScreen) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    codes = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED, signal.SIGHUP: TERMINATED}
    for number, code in codes.items():
        loop.add_signal_handler(number, screen.end, code)
    loop.add_signal_handler(signal.SIGWINCH, screen.resized.set)
    try:
        yield
    finally:
        for number in (*codes, signal.SIGWINCH):
            loop.remove_signal_handler(number)
