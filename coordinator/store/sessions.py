"""Worker sessions: opened by a claim stream or a ClaimBatch, resumed by another stream, kept alive by pings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import DictRow

from coordinator.database import Database
from coordinator.domain import Lease, LeaseNotice, NoticeReason
from coordinator.store.places import lease_columns


@dataclass(frozen=True, slots=True)
class WorkerProfile:
    """Who a session is for, and what it asks for."""

    worker: str
    queues: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionKey:
    """Names a session as one coordinator has it: a later epoch shuts this one out."""

    id: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Heard:
    """For how much longer a session is to live, from what was last heard of its worker."""

    key: SessionKey
    left_ms: int


async def open_session(
    database: Database, coordinator: UUID, profile: WorkerProfile, secret: bytes, lease_seconds: float
) -> SessionKey:
    """Opens a session for a claim stream; whoever has the secret may resume it. Only its hash is stored."""
    lease_ms = round(lease_seconds * 1000)
    hashed = {"secret_hash": _hash(secret), "request_id": None}
    parameters = {**_columns(coordinator, profile, lease_ms), "open_ms": lease_ms, **hashed}
    row = await database.fetch_one("open_session", parameters)
    assert row is not None, "without a request id nothing conflicts"  # noqa: S101 - the statement's own guarantee
    return SessionKey(row["id"], row["epoch"])


async def open_batch_session(
    database: Database,
    coordinator: UUID,
    profile: WorkerProfile,
    request_id: str,
    *,
    wait_seconds: float,
    lease_seconds: float,
) -> SessionKey | None:
    """Opens a session for a ClaimBatch; None where a request of this id was made before."""
    open_ms = round((wait_seconds + lease_seconds) * 1000)
    named = {"secret_hash": None, "request_id": request_id, "open_ms": open_ms}
    parameters = {**_columns(coordinator, profile, round(lease_seconds * 1000)), **named}
    row = await database.fetch_one("open_session", parameters)
    return None if row is None else SessionKey(row["id"], row["epoch"])


async def resume_session(
    database: Database, coordinator: UUID, profile: WorkerProfile, secret: bytes, lease_seconds: float
) -> SessionKey | None:
    """Takes over the session that has this secret; None where it is over, or never was."""
    parameters = {**_columns(coordinator, profile, round(lease_seconds * 1000)), "secret_hash": _hash(secret)}
    row = await database.fetch_one("resume_session", parameters)
    return None if row is None else SessionKey(row["id"], row["epoch"])


async def raise_epoch(database: Database, coordinator: UUID, key: SessionKey) -> SessionKey | None:
    """Shuts out this coordinator's own claims that may still come to be; None where it has the session no more."""
    parameters = {"session_id": key.id, "epoch": key.epoch, "coordinator": coordinator}
    row = await database.fetch_one("raise_epoch", parameters)
    return None if row is None else SessionKey(key.id, row["epoch"])


async def keep_alive(database: Database, heard: Sequence[Heard]) -> set[int]:
    """Extends sessions, in one statement; returns the ids of those that are still open and this coordinator's."""
    parameters = {
        "session_ids": [one.key.id for one in heard],
        "epochs": [one.key.epoch for one in heard],
        "left_ms": [one.left_ms for one in heard],
    }
    return {row["id"] for row in await database.fetch_all("keep_sessions_alive", parameters)}


async def leave_session(database: Database, key: SessionKey, grace_seconds: float) -> None:
    """Gives a session whose stream broke so long to be resumed."""
    parameters = {"session_id": key.id, "epoch": key.epoch, "grace_ms": round(grace_seconds * 1000)}
    await database.execute("leave_session", parameters)


async def close_session(database: Database, key: SessionKey) -> None:
    """Ends a session; the reaper takes back what it still holds."""
    await database.execute("close_session", {"session_id": key.id, "epoch": key.epoch})


async def find_held(database: Database, session_id: int, leases: Sequence[Lease]) -> dict[Lease, int]:
    """Returns those of the leases that are the session's, with what each counts for in bytes."""
    if not leases:
        return {}
    parameters = {**lease_columns(leases), "session_id": session_id}
    sizes = {row["id"]: row["size"] for row in await database.fetch_all("find_held_leases", parameters)}
    return {lease: sizes[lease.job_id] for lease in leases if lease.job_id in sizes}


async def find_leases(database: Database, session_ids: Iterable[int]) -> dict[int, list[Lease]]:
    """Returns all leases of the sessions, by session. Reads every live job."""
    found: dict[int, list[Lease]] = {}
    for row in await database.fetch_all("find_session_leases", {"session_ids": list(session_ids)}):
        found.setdefault(row["session_id"], []).append(Lease(row["id"], row["token"]))
    return found


async def take_notices(database: Database, coordinator: UUID) -> list[LeaseNotice]:
    """Takes the word that was left for the workers whose streams this coordinator has."""
    rows = await database.fetch_all("take_lease_notices", {"coordinator": coordinator})
    return [_notice(row) for row in rows]


async def delete_old_sessions(database: Database) -> int:
    """Forgets sessions that ended over an hour ago, at most 1,000; returns how many."""
    return await database.execute("delete_old_sessions")


async def delete_old_notices(database: Database) -> int:
    """Forgets word that nobody took within an hour, at most 1,000; returns how many."""
    return await database.execute("delete_old_notices")


def _columns(coordinator: UUID, profile: WorkerProfile, lease_ms: int) -> dict[str, object]:
    return {
        "coordinator": coordinator,
        "worker": profile.worker,
        "queues": list(profile.queues),
        "kinds": list(profile.kinds),
        "lease_ms": lease_ms,
    }


def _notice(row: DictRow) -> LeaseNotice:
    return LeaseNotice(row["session_id"], Lease(row["job_id"], row["token"]), NoticeReason(row["reason"]))


def _hash(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()
