"""Tables fit; what matters least gives way first; what must be whole stays whole."""

from rich.cells import cell_len

from coordinator_client.command_line.live_view import Snapshot, draw
from coordinator_client.command_line.shown import Times
from coordinator_client.command_line.tables import Cell, Column, lay_out
from protos.jobs.v1 import admin_service_pb2 as messages
from tests.unit.test_command_line_values import NOW

COLUMNS = (Column("ID"), Column("NAME", rank=1, elastic=True), Column("N", rank=2, right=True))
ROWS = [[Cell("0123456789"), Cell("a long name, which may be cut"), Cell("7")], [Cell("1"), Cell("b"), Cell("1234")]]


def table(width: int | None) -> list[str]:
    return [line.plain for line in lay_out(COLUMNS, ROWS, width)]


def test_everything_is_shown_where_nothing_limits_the_width() -> None:
    assert table(None) == [
        "ID          NAME                              N",
        "0123456789  a long name, which may be cut     7",
        "1           b                              1234",
    ]


def test_the_longest_text_is_cut_before_a_column_goes() -> None:
    assert table(34) == [
        "ID          NAME                 N",
        "0123456789  a long name, wh…     7",
        "1           b                 1234",
    ]


def test_the_column_of_the_highest_rank_goes_first_and_one_of_rank_0_never() -> None:
    assert table(20) == ["ID          NAME", "0123456789  a long…", "1           b"]
    assert table(5) == ["ID", "0123456789", "1"]


def test_wide_characters_count_for_the_cells_that_they_take() -> None:
    rows = [[Cell("日本語日本語日本語"), Cell("x")]]
    columns = (Column("NAME", elastic=True), Column("N"))
    (_, line) = lay_out(columns, rows, 12)
    assert cell_len(line.plain) <= 12
    assert line.plain.endswith("…  x")


def snapshot(queues: int, workers: int) -> Snapshot:
    stats = messages.GetQueueStatsResponse(
        queues=[messages.QueueStats(queue=f"q{number:02}", pending=number) for number in range(queues)]
    )
    return Snapshot(stats, [messages.Worker(name=f"w{number:02}", held_count=number) for number in range(workers)])


def test_the_live_view_has_no_more_lines_than_the_terminal() -> None:
    for height in (4, 7, 10, 24, 60):
        for queues, workers in ((0, 0), (30, 0), (0, 30), (3, 30), (30, 3), (30, 30)):
            lines = draw(snapshot(queues, workers), Times(NOW), "Sluice", width=80, height=height)
            assert len(lines) <= height
            assert all(cell_len(line.plain) <= 80 for line in lines)


def test_where_not_all_have_room_the_live_view_shows_the_deepest_and_the_busiest() -> None:
    lines = [line.plain.split() for line in draw(snapshot(30, 30), Times(NOW), "Sluice", width=120, height=15)]
    first = [line[0] for line in lines if line]
    assert [name for name in first if name.startswith("q")] == ["q26", "q27", "q28", "q29"]
    assert ["…", "and", "26", "more", "queues"] in lines
    assert [line[0] for line in lines if line and line[0].startswith("w")] == ["w26", "w27", "w28", "w29"]
    assert ["…", "and", "26", "more", "workers"] in lines
