"""A person changes their mind while workers are at it."""

from __future__ import annotations

from tests.e2e.made_files import account_files
from tests.e2e.person import Person
from tests.e2e.plain_sql import Connection, stored_plays
from tests.e2e.until import until

FILES = 40
ROWS_EACH = 4_000


def test_what_was_committed_before_a_cancel_stays_and_nothing_comes_after_it(person: Person, sql: Connection) -> None:
    upload_id = person.upload(account_files(FILES, ROWS_EACH))
    until(lambda: person.status(upload_id)["insertedRecords"] > 0)
    answer = person.client.post(f"/api/uploads/{upload_id}/cancel").json()
    assert 0 < answer["cancelledFiles"] < FILES, "the cancel came neither too early nor too late"
    status = person.status(upload_id)
    assert (status["status"], status["processedFiles"], status["failedFiles"]) == ("completed", FILES, 0)
    assert status["insertedRecords"] == answer["keptPlays"] == (FILES - answer["cancelledFiles"]) * ROWS_EACH
    # Whoever was at work is free again once another upload has gone through.
    person.ended(person.upload({"empty.json": b"[]"}))
    assert stored_plays(sql, person.id)[0] == answer["keptPlays"]
    assert person.client.post(f"/api/uploads/{upload_id}/cancel").json() == answer


def test_an_upload_whose_plays_are_stored_is_not_removed_but_told_the_way(person: Person) -> None:
    upload_id = person.upload(account_files(1, 10))
    assert person.ended(upload_id)["status"] == "completed"
    response = person.client.delete(f"/api/uploads/{upload_id}")
    problem = response.json()
    assert (response.status_code, problem["reason"], problem["state"]) == (409, "UPLOAD_IN_USE", "has_plays")
    assert "DELETE /api/me" in problem["detail"]


def test_an_upload_that_left_no_play_is_removed(person: Person, sql: Connection) -> None:
    upload_id = person.upload({"empty.json": b"[]"})
    assert person.ended(upload_id)["totalRecords"] == 0
    assert person.client.delete(f"/api/uploads/{upload_id}").status_code == 204
    assert person.client.get(f"/api/uploads/{upload_id}/status").status_code == 404
    assert sql.execute("SELECT FROM sluice.job_history WHERE owner = %s", [person.id]).fetchall() == []
