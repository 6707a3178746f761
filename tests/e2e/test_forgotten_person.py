"""A person is forgotten in the middle of an upload: no table and no log says that they were ever here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.e2e.made_files import account_file
from tests.e2e.person import Person
from tests.e2e.plain_sql import Connection, rows, stored_plays, texts_with
from tests.e2e.running_stack import RunningStack
from tests.e2e.until import until

SONG, FILE = "Moonlit Zanzibar", "annas_very_own_history"
LARGE = 50_000


def traces(sql: Connection, person: Person) -> list[str]:
    """Gives the tables that name the person or what was theirs, in text or in bytes."""
    words = [person.id, SONG, FILE]
    in_bytes = [person.id.replace("-", ""), *(word.encode().hex() for word in words)]
    return texts_with(sql, *words, *in_bytes)


def history(plays: int, number: int = 0) -> bytes:
    return account_file(plays, number).replace(b"Track ", f"{SONG} ".encode())


def test_a_person_is_forgotten_while_a_worker_reads_their_file(
    sql: Connection, people: Callable[[], Person], stack: RunningStack, quick_folder: Path
) -> None:
    anna, bert = people(), people()
    anna.ended(anna.upload({f"{FILE}_0.json": history(1000)}))
    under_way = anna.upload({f"{FILE}_1.json": history(LARGE, 1), f"{FILE}_2.json": history(LARGE, 2)})
    # At once: a quick worker is soon through, and the look at everything takes its time.
    until(lambda: rows(sql, "SELECT 1 FROM sluice.jobs WHERE owner = %s AND state = 'processing'", anna.id))
    assert {"public.upload_jobs", "public.upload_files", "sluice.lanes"} <= set(texts_with(sql, anna.id))

    answer = anna.client.delete("/api/me")
    assert answer.status_code == 200, answer.text
    removed = answer.json()["removed"]
    # More where a worker was quick.
    assert removed.pop("plays") in {1000, 1000 + LARGE, 1000 + 2 * LARGE}
    assert removed == {"uploads": 2, "files": 3, "jobs": 3}
    assert traces(sql, anna) == []
    assert anna.client.get(f"/api/uploads/{under_way}/status").status_code == 404
    assert anna.client.get("/api/uploads").json()["items"] == []
    assert anna.overview()["plays"] == 0

    # Time enough for both workers to have come to the end of what they had begun.
    bert.ended(bert.upload({f"file_{number}.json": account_file(LARGE, number) for number in range(2)}), timeout=120)
    assert stored_plays(sql, bert.id)[0] == 2 * LARGE
    assert traces(sql, anna) == []
    logs = sorted((quick_folder / "stack" / "logs").iterdir())
    assert len(logs) > 3
    for log in logs:
        assert not [word for word in (anna.id, SONG, FILE) if word in log.read_text(errors="replace")], log.name
    assert not [word for word in (anna.id, SONG, FILE) if word in stack.said()]
    assert "/api/me" in "".join(log.read_text(errors="replace") for log in logs), "what is told of requests is there"

    repeat = anna.client.delete("/api/me").json()["removed"]
    assert set(repeat.values()) == {0}
    anna.ended(anna.upload({f"{FILE}_0.json": history(1000)}))
    assert stored_plays(sql, anna.id)[0] == 1000
