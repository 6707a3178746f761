"""What an answered ping proves, and how long silence may last."""

from __future__ import annotations

import asyncio

import pytest
from google.protobuf.duration_pb2 import Duration

from coordinator_client.heartbeat import Heartbeat
from protos.jobs.v1 import worker_service_pb2 as messages


def heartbeat(lease: int, ping: int) -> Heartbeat:
    """That of a stream whose hello was sent a second ago."""
    welcome = messages.Welcome(lease=Duration(seconds=lease), ping_interval=Duration(seconds=ping))
    return Heartbeat(welcome, asyncio.get_running_loop().time() - 1)


async def test_leases_hold_from_the_time_at_which_what_is_answered_was_sent() -> None:
    now = asyncio.get_running_loop().time()
    beat = heartbeat(15, 5)
    assert beat.sure_until == pytest.approx(now + 14, abs=0.1)
    ping = beat.ping()
    assert beat.sure_until == pytest.approx(now + 14, abs=0.1)
    beat.hear(0)
    assert beat.sure_until == pytest.approx(now + 14, abs=0.1)
    beat.hear(ping.sequence)
    assert beat.sure_until == pytest.approx(now + 15, abs=0.1)


@pytest.mark.parametrize(
    ("lease", "ping", "silence"),
    [(15, 5, 10), (15, 1, 10), (10, 4, 8), (6, 5, 6), (5, 5, 5)],
)
async def test_a_stream_may_be_silent_for_two_pings_and_as_a_rule_for_two_thirds_of_the_lease(
    lease: int, ping: int, silence: int
) -> None:
    beat = heartbeat(lease, ping)
    assert beat.silent_at - (beat.sure_until - lease) == pytest.approx(silence, abs=0.1)
