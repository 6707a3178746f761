"""What happens in an isolated process stays there."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import BinaryIO

import pytest

from coordinator_client.outcomes import AttemptFailure
from export_formats import ExportError
from ingest_worker.isolated_process import IsolatedProcess
from ingest_worker.isolated_work import Work
from ingest_worker.parser_pool import ParserPool
from tests.unit import isolated_samples as samples
from tests.waiting import eventually

MEMORY_BYTES = 64 << 20


@pytest.fixture
def process() -> Iterator[IsolatedProcess]:
    process = IsolatedProcess(MEMORY_BYTES)
    yield process
    process.close()


@pytest.fixture
def file() -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as file:
        file.write(b"content")
        file.flush()
        yield file


async def all_of(process: IsolatedProcess, work: Work, file: BinaryIO, *arguments: object) -> list[object]:
    async with aclosing(process.run(work, file, *arguments)) as pieces:
        return [piece async for piece in pieces]


def is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{process_id}/status").read_text()


async def test_the_work_reads_the_file_from_its_beginning(process: IsolatedProcess, file: BinaryIO) -> None:
    for _ in range(2):
        assert await all_of(process, samples.echo, file, 1, "two") == [b"content", 1, "two"]


async def test_one_process_does_one_piece_of_work_after_the_other(process: IsolatedProcess, file: BinaryIO) -> None:
    first = await all_of(process, samples.process_id, file)
    assert await all_of(process, samples.process_id, file) == first
    assert first != [os.getpid()]


async def test_the_process_has_the_parser_at_hand_and_never_loads_grpc(
    process: IsolatedProcess, file: BinaryIO
) -> None:
    loaded = await all_of(process, samples.modules, file)
    assert "export_formats.parsing" in loaded
    assert "grpc" not in loaded
    assert "coordinator_client" not in loaded


def test_the_work_of_the_handlers_needs_no_grpc() -> None:
    program = (
        "import sys, ingest_worker.isolated_work, ingest_worker.parsing, ingest_worker.unpacking;"
        "import ingest_worker.__main__;"
        "print([name for name in sys.modules if name.split('.')[0] in ('grpc', 'coordinator_client')])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


async def test_a_crash_is_a_failure_that_may_be_tried_again(process: IsolatedProcess, file: BinaryIO) -> None:
    with pytest.raises(AttemptFailure) as failure:
        await all_of(process, samples.crash, file)
    assert failure.value.reason == "PARSER_CRASHED"
    assert not failure.value.permanent


async def test_after_a_crash_there_is_a_new_process(process: IsolatedProcess, file: BinaryIO) -> None:
    with pytest.raises(AttemptFailure):
        await all_of(process, samples.crash, file)
    assert await all_of(process, samples.echo, file) == [b"content"]


async def test_a_crash_harms_no_other_process(file: BinaryIO) -> None:
    pool = ParserPool(2, MEMORY_BYTES)
    async with pool.process() as one, pool.process() as other:
        pieces = other.run(samples.hang, file)
        hanging = await anext(pieces)
        with pytest.raises(AttemptFailure):
            await all_of(one, samples.crash, file)
        assert is_alive(hanging)
        await pieces.aclose()
    pool.close()


async def test_the_verdict_on_a_file_comes_out_as_it_is_and_keeps_the_process(
    process: IsolatedProcess, file: BinaryIO
) -> None:
    before = await all_of(process, samples.process_id, file)
    with pytest.raises(ExportError, match=r"The file is no JSON\."):
        await all_of(process, samples.refuse, file)
    assert await all_of(process, samples.process_id, file) == before


async def test_any_other_exception_tells_its_type_and_nothing_of_the_contents(
    process: IsolatedProcess, file: BinaryIO, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(AttemptFailure) as failure:
        await all_of(process, samples.break_down, file)
    assert (failure.value.reason, failure.value.message) == ("PARSER_BROKEN", "The parser raised KeyError.")
    assert "in break_down" in caplog.text
    assert "favourite" not in caplog.text.replace('raise KeyError("somebody\'s favourite song")', "")


async def test_work_that_takes_too_much_memory_ends_alone_and_leaves_a_new_process(
    process: IsolatedProcess, file: BinaryIO
) -> None:
    before = await all_of(process, samples.process_id, file)
    with pytest.raises(AttemptFailure) as failure:
        await all_of(process, samples.grow, file)
    assert failure.value.reason == "PARSER_OUT_OF_MEMORY"
    assert not failure.value.permanent
    assert f"{MEMORY_BYTES:,} bytes" in failure.value.message
    assert await all_of(process, samples.process_id, file) != before


async def test_cancelling_kills_what_the_process_does(process: IsolatedProcess, file: BinaryIO) -> None:
    started: list[int] = []

    async def consume() -> None:
        async with aclosing(process.run(samples.hang, file)) as pieces:
            started.extend([piece async for piece in _noted(pieces, started)])

    task = asyncio.create_task(consume())
    await eventually(lambda: started)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not is_alive(started[0])
    assert await all_of(process, samples.echo, file) == [b"content"]


async def _noted(pieces: AsyncIterator[int], started: list[int]) -> AsyncIterator[int]:
    async for piece in pieces:
        started.append(piece)
        yield piece


async def test_cancelling_before_the_first_piece_leaves_nothing_to_the_next_work(
    process: IsolatedProcess, file: BinaryIO
) -> None:
    for _ in range(5):
        task = asyncio.create_task(all_of(process, samples.hang, file))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await all_of(process, samples.echo, file) == [b"content"]


async def test_signals_to_the_whole_group_do_not_end_work_under_way(process: IsolatedProcess, file: BinaryIO) -> None:
    assert await all_of(process, samples.signal_itself, file) == ["still here"]


async def test_a_pool_lends_each_process_to_one_at_a_time(file: BinaryIO) -> None:
    pool = ParserPool(1, MEMORY_BYTES)
    async with pool.process():
        waiting = asyncio.create_task(_lend(pool))
        await asyncio.sleep(0)
        assert not waiting.done()
    await asyncio.wait_for(waiting, 5)
    pool.close()


async def _lend(pool: ParserPool) -> None:
    async with pool.process():
        pass


@pytest.mark.parametrize("work", ["hang", "echo"])
async def test_no_process_outlives_its_parent(work: str, tmp_path: Path) -> None:
    program = f"""
import asyncio, os, signal
from ingest_worker.isolated_process import IsolatedProcess
from tests.unit import isolated_samples as samples

async def main():
    process = IsolatedProcess({MEMORY_BYTES})
    file = open({str(tmp_path / "file")!r}, "w+b")
    async for piece in process.run(samples.process_id, file):
        print(piece, flush=True)
    async for _ in process.run(samples.{work}, file):
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE
    )
    output, _ = await parent.communicate()
    child = int(output)
    await eventually(lambda: not is_alive(child))
