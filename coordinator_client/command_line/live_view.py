"""What `sluice top` shows: queues and workers at one moment, within a width and a height."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest

from rich.text import Text

from coordinator_client.command_line import queue_views, worker_views
from coordinator_client.command_line.queue_views import queue_row
from coordinator_client.command_line.shown import Times, plain
from coordinator_client.command_line.tables import Cell, Column, lay_out
from coordinator_client.command_line.worker_views import worker_row
from protos.jobs.v1 import admin_service_pb2 as messages

# The title, the line below it, two headings and the line between the tables.
_LINES_BESIDE_ROWS = 5


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How everything stood at one moment."""

    stats: messages.GetQueueStatsResponse
    workers: Sequence[messages.Worker]


def draw(
    snapshot: Snapshot, times: Times, title: str, *, width: int | None, height: int | None, trouble: str = ""
) -> list[Text]:
    """Returns the lines of the view, no more than `height`; where there is trouble, it stands below the title."""
    queues, workers = snapshot.stats.queues, snapshot.workers
    room = None if height is None else max(height - _LINES_BESIDE_ROWS, 2)
    for_queues = None if room is None else min(len(queues), max(room - len(workers), room // 2))
    for_workers = None if room is None or for_queues is None else room - for_queues
    lines = [
        _title(snapshot, times, title),
        Text(trouble, "bold red"),
        *_table(queue_views.COLUMNS, _queue_rows(queues, for_queues, times), len(queues), "queues", width),
        Text(),
        *_table(worker_views.COLUMNS, _worker_rows(workers, for_workers, times), len(workers), "workers", width),
    ]
    for line in lines:
        if width is not None:
            line.truncate(width, overflow="ellipsis")
    return lines[:height]


def _title(snapshot: Snapshot, times: Times, title: str) -> Text:
    stats = snapshot.stats
    counted = f"counted {times.around(stats.counted_at)}" if stats.HasField("counted_at") else "nothing counted yet"
    return Text.assemble((title, "bold"), f"  {counted}")


def _table(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], count: int, what: str, width: int | None
) -> list[Text]:
    if not count:
        return [Text(f"No {what} yet." if what == "queues" else f"No {what} connected.", "dim")]
    lines = lay_out(columns, rows, width)
    if len(rows) < count:
        lines.append(Text(f"… and {count - len(rows)} more {what}", "dim"))
    return lines


def _queue_rows(queues: Sequence[messages.QueueStats], room: int | None, times: Times) -> list[Sequence[Cell]]:
    """Returns the rows that there is room for: the deepest queues, by name."""
    if room is not None and len(queues) > room:
        deepest = nlargest(max(room - 1, 0), queues, key=lambda one: one.pending + one.processing + one.scheduled)
        queues = sorted(deepest, key=lambda one: one.queue)
    return [queue_row(one, times) for one in queues]


def _worker_rows(workers: Sequence[messages.Worker], room: int | None, times: Times) -> list[Sequence[Cell]]:
    """Returns the rows that there is room for: who holds most, by name."""
    if room is not None and len(workers) > room:
        workers = nlargest(max(room - 1, 0), workers, key=lambda worker: worker.held_count)
    ordered = sorted(workers, key=lambda worker: (worker.name, worker.session_id))
    return [worker_row(worker, times) for worker in ordered]


def title_of(target: str) -> str:
    """Returns the beginning of the view's first line."""
    return f"Sluice at {plain(target)}"
