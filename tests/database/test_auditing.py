"""What the audit log keeps of a person: never the id, nor the lines of before."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
from click.testing import CliRunner
from psycopg.types.json import Jsonb

from coordinator.__main__ import main
from coordinator.clocks import VirtualClocks
from coordinator.migrations import load_migrations, migrate, roll_back
from coordinator.store import jobs
from coordinator.store.auditing import Act
from tests.database.stores import new_database

PERSON = "0199a1b2-0000-7000-8000-00000000abcd"

[BEFORE_KEYS] = [one.version - 1 for one in load_migrations() if one.name == "keep_audit_keys"]


def ask(url: str, statement: str, *parameters: object) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement.encode(), parameters).fetchall()


async def test_a_redrive_of_a_persons_jobs_is_written_down_without_the_person(
    database_url: str, owner_url: str
) -> None:
    await redrive_nothing(database_url, Act("local", "", "RedriveJobs", {"filter": {"queue": "q"}}, PERSON))
    [(details,)] = ask(owner_url, "SELECT details FROM sluice.audit_log")
    assert {name: details[name] for name in ("filter", "redriven")} == {"filter": {"queue": "q"}, "redriven": []}
    assert len(bytes.fromhex(details["user"])) == 32
    assert PERSON not in str(details)


def test_an_operator_can_tell_which_lines_are_about_a_person(owner_url: str, database_url: str) -> None:
    asyncio.run(redrive_nothing(database_url, Act("local", "", "RedriveJobs", {}, PERSON)))
    answer = CliRunner().invoke(main, ["audit-id", PERSON.upper()], env={"DATABASE_URL": database_url})
    assert answer.exit_code == 0, answer.output
    lines = "SELECT act FROM sluice.audit_log WHERE details ->> 'user' = %s"
    assert ask(owner_url, lines, answer.output.strip()) == [("RedriveJobs",)]


async def redrive_nothing(database_url: str, act: Act) -> None:
    database = new_database(database_url, max_connections=2)
    await database.open()
    await jobs.redrive(database, VirtualClocks(), [], act)
    await database.close()


def test_a_database_that_does_not_answer_is_told_in_a_sentence() -> None:
    url = "postgresql://nobody@127.0.0.1:1/nowhere"
    answer = CliRunner().invoke(main, ["audit-id", PERSON, "--database-url", url])
    assert (answer.exit_code, answer.output.count("\n")) == (1, 1)
    assert "cannot be reached" in answer.output


async def test_each_database_has_an_audit_key_of_its_own(owner_url: str) -> None:
    key = "SELECT key, length(key) FROM sluice.audit_keys"
    first = ask(owner_url, key)
    await roll_back(owner_url, target=BEFORE_KEYS)
    await migrate(owner_url)
    second = ask(owner_url, key)
    assert first[0][1] == second[0][1] == 32
    assert first != second


async def test_lines_of_before_lose_the_person_and_nothing_else(owner_url: str) -> None:
    await roll_back(owner_url, target=BEFORE_KEYS)
    wanted = [{"filter": {"queue": "q", "owner": PERSON}, "redriven": []}, {"job_ids": ["1"]}]
    for details in wanted:
        insert = "INSERT INTO sluice.audit_log (principal, peer, act, details) VALUES ('p', '', 'a', %s) RETURNING id"
        ask(owner_url, insert, Jsonb(details))
    await migrate(owner_url)
    kept = [details for (details,) in ask(owner_url, "SELECT details FROM sluice.audit_log ORDER BY id")]
    assert kept == [{"filter": {"queue": "q"}, "redriven": []}, {"job_ids": ["1"]}]


async def test_the_key_is_read_by_the_coordinator_and_by_no_client(owner_url: str) -> None:
    may = "SELECT rolname, has_table_privilege(rolname, 'sluice.audit_keys', %s) FROM unnest(%s::text[]) AS rolname"
    roles = ["sluice_coordinator", "anon", "authenticated"]
    assert ask(owner_url, may, "SELECT", roles) == [(roles[0], True), (roles[1], False), (roles[2], False)]
    assert ask(owner_url, may, "INSERT, UPDATE, DELETE", roles) == [(role, False) for role in roles]
