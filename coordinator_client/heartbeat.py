"""The pings of one session and what their answers prove."""

from __future__ import annotations

import asyncio

from protos.jobs.v1 import worker_service_pb2 as messages


class Heartbeat:
    """Numbers the pings and knows until when the leases hold for certain.

    They outlive the last ping that reached the coordinator by the lease, so an answered ping proves them
    until the time at which *it was sent*, plus the lease.
    """

    def __init__(self, welcome: messages.Welcome) -> None:
        self._loop = asyncio.get_running_loop()
        self._lease_seconds = welcome.lease.ToTimedelta().total_seconds()
        self.interval_seconds = welcome.ping_interval.ToTimedelta().total_seconds()
        self.sure_until = self._loop.time() + self._lease_seconds
        self._sent: dict[int, float] = {}
        self._last = 0
        self._answered = 0
        self._heard = asyncio.Event()

    def ping(self) -> messages.Ping:
        """The next ping, to be sent now."""
        self._last += 1
        self._sent[self._last] = self._loop.time()
        return messages.Ping(sequence=self._last)

    def hear(self, sequence: int) -> None:
        """Takes the number of a pong; 0, sent unasked, proves nothing."""
        sent = self._sent.get(sequence)
        if sent is None:
            return
        self.sure_until = sent + self._lease_seconds
        self._answered = sequence
        self._sent = {later: when for later, when in self._sent.items() if later > sequence}
        self._heard.set()

    async def answer_to_next(self) -> None:
        """Waits until a ping that is yet to be sent has been answered."""
        awaited = self._last + 1
        while self._answered < awaited:
            self._heard.clear()
            await self._heard.wait()
