"""Where the rows stand that were rejected, and how far a file is: told with the upload, never what a row says."""

from __future__ import annotations

from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from coordinator.store import upload_reads
from coordinator.upload_domain import RejectedPlace
from tests.database.leased_jobs import HeldFile, hold_file
from tests.database.listen_calls import listening
from tests.database.play_messages import NOON, File, Play
from tests.database.stored_plays import connect


def into_one_upload(owner: Connection[TupleRow], files: list[HeldFile]) -> UUID:
    """Makes the files those of the first one's upload, in this order."""
    for index, held in enumerate(files):
        owner.execute(
            "UPDATE upload_files SET upload_id = %s, file_index = %s WHERE id = %s",
            [files[0].upload_id, index, held.file_id],
        )
    return files[0].upload_id


async def test_an_upload_tells_its_first_hundred_rejected_rows_by_file_and_sums_by_reason(
    database_url: str, owner_url: str
) -> None:
    first = File(
        (Play(second=NOON),),
        rejections={"bad_time": 60},
        rejected_rows=[(row, "bad_time") for row in range(1, 121, 2)],
    )
    second = File(
        rejections={"bad_time": 1, "no_content": 500},
        rejected_rows=[(7, "bad_time"), *((row, "no_content") for row in range(10, 109))],
    )
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            one = hold_file(owner)
            other = hold_file(owner, one.user_id)
            upload_id = into_one_upload(owner, [one, other])
            await listener.commit(second, other)
            await listener.commit(first, one)
            upload = await upload_reads.get_upload(listener.database, one.user_id, upload_id)
            (listed, *_) = await upload_reads.list_uploads(listener.database, one.user_id, None, 10)
    expected = [(0, row, "bad_time") for row in range(1, 121, 2)]
    expected += [(1, 7, "bad_time"), *((1, row, "no_content") for row in range(10, 49))]
    assert list(upload.rejected_rows) == [RejectedPlace(*place) for place in expected]
    assert upload.rejections == {"bad_time": 61, "no_content": 500}
    assert upload.rejected_records == 561
    assert upload.total_records == 562 == upload.inserted_records + upload.duplicate_records + upload.rejected_records
    assert listed.upload.rejected_rows == ()


async def test_a_file_tells_how_much_of_it_was_read(database_url: str, owner_url: str) -> None:
    async with listening(database_url) as listener:
        with connect(owner_url) as owner:
            held = hold_file(owner)
            before = await upload_reads.get_upload(listener.database, held.user_id, held.upload_id)
            owner.execute(
                "UPDATE sluice.jobs SET progress = %s WHERE id = %s",
                ['{"done": 3, "total": 7, "message": ""}', held.lease.job_id],
            )
            during = await upload_reads.get_upload(listener.database, held.user_id, held.upload_id)
            await listener.commit(File(), held)
            after = await upload_reads.get_upload(listener.database, held.user_id, held.upload_id)
    assert (before.files[0].read_bytes, during.files[0].read_bytes) == (0, 3)
    assert after.files[0].read_bytes == after.files[0].size > 0
