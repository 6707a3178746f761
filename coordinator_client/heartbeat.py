"""The pings of one claim stream and what their answers prove."""

from __future__ import annotations

import asyncio

from protos.jobs.v1 import worker_service_pb2 as messages

# What is kept of the lease for resuming the session on another stream, where one falls silent.
RESUMING_SHARE = 1 / 3
# Of pings to go unanswered, at the least, before it does.
SILENT_PINGS = 2


class Heartbeat:
    """Numbers the pings and knows until when the leases hold for certain.

    They outlive the last word that reached the coordinator by the lease, so an answer proves them until the time at
    which *what it answers was sent*, plus the lease. The first such word is the Hello.
    """

    def __init__(self, welcome: messages.Welcome, hello_sent_at: float) -> None:
        """Takes the coordinator's times, and when the Hello was sent by the event loop's clock."""
        self._loop = asyncio.get_running_loop()
        self.lease_seconds = welcome.lease.ToTimedelta().total_seconds()
        self.interval_seconds = welcome.ping_interval.ToTimedelta().total_seconds()
        self._proven_at = hello_sent_at
        self._sent: dict[int, float] = {}
        self._last = 0
        self._answered = 0
        self._heard = asyncio.Event()

    @property
    def sure_until(self) -> float:
        """Until when the leases hold for certain."""
        return self._proven_at + self.lease_seconds

    @property
    def silent_at(self) -> float:
        """When the stream counts as dead, however it looks, unless another ping is answered before."""
        kept = min(self.lease_seconds * RESUMING_SHARE, self.lease_seconds - SILENT_PINGS * self.interval_seconds)
        return self.sure_until - max(0.0, kept)

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
        self._proven_at = sent
        self._answered = sequence
        self._sent = {later: when for later, when in self._sent.items() if later > sequence}
        self._heard.set()

    async def answer_to_next(self) -> None:
        """Waits until a ping that is yet to be sent has been answered."""
        awaited = self._last + 1
        while self._answered < awaited:
            self._heard.clear()
            await self._heard.wait()
