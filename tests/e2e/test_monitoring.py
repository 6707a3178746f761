"""The queries with which the guide's operators watch their jobs run unchanged."""

from __future__ import annotations

from tests.e2e.made_files import account_file
from tests.e2e.person import Person
from tests.e2e.plain_sql import Connection, rows

STALE = """
SELECT * FROM file_processing_jobs
WHERE status = 'processing'
AND started_at < NOW() - INTERVAL '10 minutes';
"""

FAILED = """
SELECT * FROM file_processing_jobs
WHERE status = 'failed'
ORDER BY created_at DESC
LIMIT 10;
"""


def test_no_job_is_stale(sql: Connection, person: Person) -> None:
    person.ended(person.upload({"good.json": account_file(10)}))
    assert rows(sql, STALE) == []


def test_a_failed_file_is_found_with_its_error(sql: Connection, person: Person) -> None:
    status = person.ended(person.upload({"cut.json": account_file(100)[:-100], "good.json": account_file(100)}))
    newest = rows(sql, FAILED)[0]
    failed = next(file for file in status["files"] if file["status"] == "failed")
    assert str(newest["upload_job_id"]) == status["id"]
    assert (newest["filename"], newest["error_message"]) == ("cut.json", failed["errorMessage"])
    assert (newest["file_index"], newest["total_files"], newest["file_content"]) == (0, 2, None)
    assert (newest["retry_count"], newest["max_retries"]) == (0, 3)
