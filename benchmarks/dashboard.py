"""How long the dashboard takes over gRPC: `python -m benchmarks.dashboard [PLAYS …]`, 300000 and 1000000 unless said.

One person has so many plays of thirty years; each call is made in turn with the others, so that what else the machine
does falls on all alike. The baseline is a plain count of the person's plays by the same role, in the same turns.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid4

import grpc.aio
import psycopg

from benchmarks.bench_stack import BenchStack, bench_stack
from benchmarks.figures import tell, tell_latencies
from benchmarks.listening_histories import store_history
from coordinator_client.listens import ListenClient
from protos.listens.v1 import listen_pb2
from protos.listens.v1 import listen_service_pb2 as messages

TURNS = 40
# The machine's memory takes in the index.
WARM_UP_TURNS = 2

_ZONE = "Europe/Berlin"
_COUNT = "SELECT count(*) FROM listens WHERE user_id = %s"

Call = Callable[[], Awaitable[object]]


def calls_of(client: ListenClient, owner: str) -> Mapping[str, Call]:
    """Names every call that the dashboard makes, for a person."""
    long = listen_pb2.ListenFilter(min_ms=30_000, content_type=listen_pb2.CONTENT_TYPE_MUSIC)
    videos = listen_pb2.ListenFilter(content_type=listen_pb2.CONTENT_TYPE_VIDEO)
    return {
        "overview": lambda: client.get_overview(messages.GetOverviewRequest(owner=owner)),
        "overview, 30 s and more, music": lambda: client.get_overview(
            messages.GetOverviewRequest(owner=owner, filter=long)
        ),
        **{
            f"top {kind.lower()} by {order.lower()}": _top(client, owner, kind, order)
            for kind in ("ARTISTS", "TRACKS", "ALBUMS")
            for order in ("PLAYS", "MS_PLAYED")
        },
        "timeline by hour, a year": _timeline(client, owner, "HOUR", 2020, 2021),
        # As many as there may be are those of 27 years.
        "timeline by day, 27 years": _timeline(client, owner, "DAY", 2000, 2027),
        **{f"timeline by {bucket.lower()}": _timeline(client, owner, bucket) for bucket in ("WEEK", "MONTH", "YEAR")},
        f"timeline by month, {_ZONE}": _timeline(client, owner, "MONTH", zone=_ZONE),
        "clock": lambda: client.get_listening_clock(messages.GetListeningClockRequest(owner=owner)),
        f"clock, {_ZONE}": lambda: client.get_listening_clock(
            messages.GetListeningClockRequest(owner=owner, time_zone=_ZONE)
        ),
        "discoveries by month": lambda: client.get_discoveries(
            messages.GetDiscoveriesRequest(owner=owner, bucket=messages.BUCKET_MONTH, time_zone=_ZONE)
        ),
        "sessions": lambda: client.get_listening_sessions(messages.GetListeningSessionsRequest(owner=owner)),
        "habits": lambda: client.get_listening_habits(messages.GetListeningHabitsRequest(owner=owner)),
        "plays, the newest 50": lambda: client.list_listens(messages.ListListensRequest(owner=owner)),
        "plays of a content that there is not": lambda: client.list_listens(
            messages.ListListensRequest(owner=owner, filter=videos)
        ),
    }


def _top(client: ListenClient, owner: str, kind: str, order: str) -> Call:
    request = messages.ListTopRequest(
        owner=owner,
        filter=listen_pb2.ListenFilter(content_type=listen_pb2.CONTENT_TYPE_MUSIC),
        kind=messages.TopKind.Value(f"TOP_KIND_{kind}"),
        order=messages.TopOrder.Value(f"TOP_ORDER_{order}"),
    )
    return lambda: client.list_top(request)


def _timeline(
    client: ListenClient, owner: str, bucket: str, first_year: int = 0, end_year: int = 0, zone: str = ""
) -> Call:
    wanted = listen_pb2.ListenFilter()
    if first_year:
        wanted.start_time.FromDatetime(datetime(first_year, 1, 1, tzinfo=UTC))
        wanted.end_time.FromDatetime(datetime(end_year, 1, 1, tzinfo=UTC))
    request = messages.GetTimelineRequest(
        owner=owner, filter=wanted, bucket=messages.Bucket.Value(f"BUCKET_{bucket}"), time_zone=zone
    )
    return lambda: client.get_timeline(request)


async def measure(stack: BenchStack, plays: int) -> None:
    """Stores the plays and prints what each call takes, then what an export of them all does."""
    user = uuid4()
    with psycopg.connect(stack.database, autocommit=True) as connection:
        store_history(connection, user, plays)
        async with grpc.aio.insecure_channel(stack.coordinators[0][1]) as channel:
            client = ListenClient(channel)
            calls = {**calls_of(client, str(user)), "baseline: a plain count": _count(connection, user)}
            times: dict[str, list[float]] = {name: [] for name in calls}
            for turn in range(-WARM_UP_TURNS, TURNS):
                for name, call in calls.items():
                    began = time.perf_counter()
                    await call()
                    if turn >= 0:
                        times[name].append((time.perf_counter() - began) * 1000)
            for name, values in times.items():
                tell_latencies(f"{plays:,}: {name}", values)
            await export(client, str(user), plays)


def _count(connection: psycopg.Connection[tuple[object, ...]], user: UUID) -> Call:
    async def count() -> object:
        return connection.execute(_COUNT, [user]).fetchone()

    return count


async def export(client: ListenClient, owner: str, plays: int) -> None:
    """Reads all plays once and prints how many come in a second."""
    began = time.perf_counter()
    exported = 0
    async for message in client.export_listens(messages.ExportListensRequest(owner=owner)):
        exported += len(message.listens)
    assert exported == plays
    tell(f"{plays:,}: export", [plays / (time.perf_counter() - began)], "plays/s")


async def main(numbers: list[int]) -> None:
    """Measures with each number of plays."""
    with bench_stack() as stack:
        for plays in numbers:
            await measure(stack, plays)


if __name__ == "__main__":
    asyncio.run(main([int(number) for number in sys.argv[1:]] or [300_000, 1_000_000]))
