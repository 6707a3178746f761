"""Workers of every temper against two coordinators, and the audit of what they claimed and ended."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import grpc.aio
import psycopg
from google.protobuf.duration_pb2 import Duration

from protos.jobs.v1 import worker_service_pb2, worker_service_pb2_grpc
from tests.service.calls import cancel, complete, fail, release, snooze
from tests.service.claim_stream import claim_stream, leased

Held = tuple[UUID, int]

# Every start and end of an attempt, by the transaction that made it: what a reader sees is in the order of commits.
AUDIT = """
    CREATE TABLE sluice.test_audit (
        id bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, lane text, delta integer NOT NULL);
    CREATE FUNCTION sluice.test_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        IF TG_OP <> 'INSERT' AND OLD.state = 'processing' AND (TG_OP = 'DELETE' OR NEW.state <> 'processing') THEN
            INSERT INTO sluice.test_audit (at, lane, delta) VALUES (clock_timestamp(), OLD.lane, -1);
        ELSIF TG_OP = 'UPDATE' AND NEW.state = 'processing' AND OLD.state <> 'processing' THEN
            INSERT INTO sluice.test_audit (at, lane, delta) VALUES (clock_timestamp(), NEW.lane, 1);
        END IF;
        RETURN NULL;
    END
    $$;
    CREATE CONSTRAINT TRIGGER test_note AFTER UPDATE OR DELETE ON sluice.jobs DEFERRABLE INITIALLY IMMEDIATE
        FOR EACH ROW EXECUTE FUNCTION sluice.test_note();
"""


class Workers:
    """Sixty-four workers: most on streams, some by ClaimBatch; now and then one is killed with what it holds."""

    def __init__(self, channels: list[grpc.aio.Channel], owner_url: str, seed: int, *, job_seconds: float) -> None:
        self._channels = channels
        self._owner_url = owner_url
        self._random = random.Random(seed)
        self._job_seconds = job_seconds
        self.stopping = asyncio.Event()
        self.outcomes: dict[str, int] = {}

    async def run(self, number: int, *, batch: bool) -> None:
        """Works until it is told to stop."""
        while not self.stopping.is_set():
            channel = self._channels[number % len(self._channels)]
            # A stream that ended while a word to it was under way says so in its own way.
            with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                await (self._claim_batch(channel, number) if batch else self._hold_stream(channel, number))

    async def _hold_stream(self, channel: grpc.aio.Channel, number: int) -> None:
        async with claim_stream(channel, worker=f"w{number}") as stream:
            granted, ended = 2, 0
            while not self.stopping.is_set():
                await stream.grant(granted, ended=ended)
                batch = await self._soon(stream.jobs())
                if batch is None:
                    continue
                held = leased(batch)
                if self._random.random() < 0.02:
                    self._note("killed")
                    return
                await asyncio.gather(*(self._work(channel, one) for one in held))
                granted, ended = granted + len(held), ended + len(held)

    async def _soon(self, coming: Awaitable[Any]) -> Any:
        """Waits for what comes, or for the end."""
        task, stop = asyncio.ensure_future(coming), asyncio.ensure_future(self.stopping.wait())
        try:
            await asyncio.wait([task, stop], return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        except TimeoutError:
            return None
        finally:
            for one in (task, stop):
                one.cancel()
            await asyncio.gather(task, stop, return_exceptions=True)

    async def _claim_batch(self, channel: grpc.aio.Channel, number: int) -> None:
        request = worker_service_pb2.ClaimBatchRequest(
            worker=f"b{number}",
            queues=["default"],
            kinds=["work"],
            max_jobs=2,
            lease=Duration(seconds=10),
            wait=Duration(seconds=1),
            request_id=str(uuid4()),
        )
        response = await worker_service_pb2_grpc.WorkerServiceStub(channel).ClaimBatch(request)
        held = [one for batch in response.batches for one in leased(batch)]
        await asyncio.gather(*(self._work(channel, one) for one in held))

    async def _work(self, channel: grpc.aio.Channel, held: Held) -> None:
        await asyncio.sleep(self._random.random() * self._job_seconds)
        ends: list[tuple[str, int, Callable[[], Awaitable[Any]]]] = [
            ("completed", 12, lambda: complete(channel, held)),
            ("failed", 2, lambda: fail(channel, held)),
            ("failed for good", 1, lambda: fail(channel, held, permanent=True)),
            ("snoozed", 1, lambda: snooze(channel, held, 1)),
            ("released", 2, lambda: release(channel, held)),
            ("cancelled", 1, lambda: cancel(channel, held[0])),
        ]
        (name, _, end), *_ = self._random.choices(ends, [weight for _, weight, _ in ends])
        self._note(name)
        await end()

    def _note(self, what: str) -> None:
        self.outcomes[what] = self.outcomes.get(what, 0) + 1


class Watch:
    """Samples what runs from the database, and reads the audit in the end."""

    def __init__(self, owner_url: str) -> None:
        self._url = owner_url
        self.most = 0
        self.most_in_lane = 0
        self.samples = 0

    async def run(self, stopping: asyncio.Event) -> None:
        """Samples again and again until the event is set."""
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
            while not stopping.is_set():
                cursor = await connection.execute(
                    "SELECT lane, count(*) FROM sluice.jobs WHERE state = 'processing' GROUP BY lane"
                )
                running: dict[str | None, int] = dict(await cursor.fetchall())
                self.samples += 1
                self.most = max(self.most, sum(running.values()))
                lanes = [number for lane, number in running.items() if lane is not None]
                self.most_in_lane = max([self.most_in_lane, *lanes])
                await asyncio.sleep(0.005)


def waits_and_room(url: str, running: int | None, lane: int | None) -> int:
    """Returns how many jobs could be claimed now: those that wait and have room."""
    query = """
        SELECT lane, count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'processing')
        FROM sluice.jobs GROUP BY lane
    """
    with psycopg.connect(url) as connection:
        rows = connection.execute(query).fetchall()
    room = sum(min(waiting, waiting if lane is None else max(lane - busy, 0)) for _, waiting, busy in rows)
    busy = sum(busy for _, _, busy in rows)
    return int(room if running is None else min(room, max(running - busy, 0)))
