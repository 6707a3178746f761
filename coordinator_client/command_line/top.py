"""`sluice top`: the live view."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from datetime import timedelta
from typing import Any

import click

from coordinator_client.command_line.command import Session, command
from coordinator_client.command_line.documents import document
from coordinator_client.command_line.full_screen import FullScreen
from coordinator_client.command_line.lists import MOST_OF_A_PAGE
from coordinator_client.command_line.live_view import Snapshot, draw, title_of
from coordinator_client.command_line.queues import queue_document
from coordinator_client.command_line.shown import duration
from coordinator_client.command_line.written import DURATION
from coordinator_client.patience import PASSING
from protos.jobs.v1 import admin_service_pb2 as messages

_SHORTEST_SECONDS = 0.2


def add_top(program: click.Group) -> None:
    """Adds the command."""

    @command(
        program,
        "top",
        examples=["sluice top", "sluice top --interval 5s", "sluice top --once", "sluice top --json"],
    )
    @click.option("--once", is_flag=True, help="Show everything once; needs no terminal.")
    @click.option("--interval", type=DURATION, default="1s", show_default=True, help="How often to look again.")
    async def top(session: Session, once: bool, interval: timedelta) -> int | None:
        """Watch queues and workers.

        Refreshed in place, until q or Ctrl-C. With --json once, as one document.
        """
        if session.output.json or once:
            _print(session, await _look(session))
            return None
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise click.UsageError("The live view needs a terminal: say --once, or --json.")
        return await _LiveView(session, max(interval.total_seconds(), _SHORTEST_SECONDS)).run()


async def _look(session: Session) -> Snapshot:
    stats, workers = await asyncio.gather(session.operator.get_queue_stats(), _workers(session))
    return Snapshot(stats, workers)


async def _workers(session: Session) -> list[messages.Worker]:
    return [worker async for worker in session.operator.list_workers(page_size=MOST_OF_A_PAGE)]


def _print(session: Session, snapshot: Snapshot) -> None:
    output, stats = session.output, snapshot.stats
    if output.json:
        queues = [queue_document(queue, stats.counted_at) for queue in stats.queues]
        output.document({"queues": queues, "workers": [document(worker) for worker in snapshot.workers]})
        return
    for line in draw(snapshot, output.times(), title_of(session.target), width=output.width, height=None):
        output.line(line)


class _LiveView:
    """Looks again and again; while the coordinator does not answer, what was seen last stays, and the view says so."""

    def __init__(self, session: Session, interval_seconds: float) -> None:
        self._session = session
        self._interval_seconds = interval_seconds
        self._loop = asyncio.get_running_loop()
        self._screen = FullScreen(session.output.console)
        self._answered = 0.0
        self._trouble = False

    async def run(self) -> int:
        """Shows the view until its person has seen enough; returns the exit code."""
        # Before the screen is taken: a first failure is to be read afterwards.
        snapshot = await _look(self._session)
        self._answered = self._loop.time()
        with self._screen.taken():
            looking = asyncio.create_task(self._keep_looking(snapshot))
            try:
                first: list[asyncio.Future[Any]] = [looking, self._screen.ended]
                await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            finally:
                looking.cancel()
            if not self._screen.ended.done():
                await looking
        return self._screen.ended.result()

    async def _keep_looking(self, snapshot: Snapshot) -> None:
        while True:
            await self._show(snapshot)
            try:
                snapshot = await _look(self._session)
                self._answered, self._trouble = self._loop.time(), False
            except PASSING:
                self._trouble = True

    async def _show(self, snapshot: Snapshot) -> None:
        """Draws, and draws again at each change of size, until it is time to look again."""
        until = self._loop.time() + self._interval_seconds
        while (left := until - self._loop.time()) > 0:
            self._draw(snapshot)
            self._screen.resized.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._screen.resized.wait(), left)

    def _draw(self, snapshot: Snapshot) -> None:
        width, height = self._screen.size
        title = f"{title_of(self._session.target)}  q ends"
        times = self._session.output.times()
        self._screen.draw(draw(snapshot, times, title, width=width, height=height, trouble=self._told_trouble()))

    def _told_trouble(self) -> str:
        if not self._trouble:
            return ""
        return f"No answer for {duration(self._loop.time() - self._answered)}; trying on. This is how it stood before."
