"""Streams that are open: each knows its thing's newest state, and all end when the gateway leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, Generic, TypeVar

import structlog

from coordinator_client.errors import CoordinatorError

_log = structlog.get_logger("gateway.events")

State = TypeVar("State")


class Follower(Generic[State]):
    """Reads states as they come and keeps the newest: a slow reader makes nobody wait and nothing grow."""

    def __init__(self, first: State, states: AsyncGenerator[State, None]) -> None:
        self._newest: State | None = first
        self._states = states
        self._has_read_all = False
        self._news = asyncio.Event()
        self._news.set()

    @property
    def has_ended(self) -> bool:
        """Whether nothing will come any more, and the newest state was taken."""
        return self._has_read_all and self._newest is None

    def end(self) -> None:
        """Ends after the state that is known now."""
        self._has_read_all = True
        self._news.set()

    async def next(self, timeout: float) -> State | None:  # noqa: ASYNC109 - silence is an answer here
        """Gives the newest state not taken yet; None when `timeout` seconds bring none, or at the end."""
        try:
            await asyncio.wait_for(self._news.wait(), timeout)
        except TimeoutError:
            return None
        if not self._has_read_all:
            self._news.clear()
        state, self._newest = self._newest, None
        return state

    async def run(self) -> None:
        """Reads until the states have ended; what goes wrong ends it too, for the reader will come back."""
        try:
            async with aclosing(self._states):
                async for state in self._states:
                    self._newest = state
                    self._news.set()
        except CoordinatorError as error:
            _log.warning("stream of events cut", reason=error.reason)
        finally:
            self.end()


class LiveStreams:
    """The streams of this process that are open now."""

    def __init__(self) -> None:
        self._followers: set[Follower[Any]] = set()
        self._are_over = False

    def __len__(self) -> int:
        return len(self._followers)

    @asynccontextmanager
    async def keep(self, follower: Follower[Any]) -> AsyncIterator[None]:
        """Lets a follower read as long as the context."""
        self._followers.add(follower)
        if self._are_over:
            follower.end()
        reading = asyncio.create_task(follower.run())
        try:
            yield
        finally:
            self._followers.discard(follower)
            reading.cancel()
            await asyncio.wait({reading})

    def end_all(self) -> None:
        """Ends every stream, and those to come: nobody shall wait for one that could go on for hours."""
        self._are_over = True
        for follower in self._followers:
            follower.end()
