"""Another provider's export through the front door, beside the first's."""

from __future__ import annotations

import json
from typing import Any

from export_formats.samples import write_zip
from tests.e2e.person import Person

BEGAN = 1_700_000_000


def listen(number: int, **info: Any) -> dict[str, Any]:
    metadata = {"artist_name": f"Artist {number % 7}", "track_name": f"Track {number % 50}", "release_name": "An album"}
    return {"listened_at": BEGAN + 300 * number, "track_metadata": {**metadata, "additional_info": info}}


def lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def test_an_export_of_listenbrainz_comes_in_whole_and_once(person: Person) -> None:
    older = [listen(number, duration_ms=200_000) for number in range(400)]
    newer = [listen(number) for number in range(400, 600)]
    members = {
        "user.json": b'{"user_id": 1, "username": "somebody"}',
        "listens/2023/11.jsonl": lines(*older),
        "listens/2023/12.jsonl": lines(*newer, {"listened_at": 5, "track_metadata": newer[0]["track_metadata"]}),
        "feedback.jsonl": b'{"recording_msid": "x", "score": 1}\n',
    }
    status = person.ended(person.upload_archive(write_zip(members)))
    assert [file["format"] for file in status["files"]] == ["listenbrainz"] * 2
    assert (status["totalRecords"], status["insertedRecords"], status["rejectedRecords"]) == (601, 600, 1)
    assert status["rejectedRows"] == [{"file": "12.jsonl", "fileIndex": 1, "row": 201, "reason": "bad_time"}]
    assert status["skippedFiles"] == 2
    again = person.ended(person.upload({"listens.json": json.dumps(older + newer).encode()}))
    assert (again["insertedRecords"], again["duplicateRecords"]) == (0, 600)
    overview = person.overview()
    assert (overview["plays"], overview["artists"], overview["tracks"]) == (600, 7, 350)
    assert overview["msPlayed"] == 400 * 200_000 + 200 * 30_000
