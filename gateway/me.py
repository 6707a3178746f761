"""The route by which a person is forgotten."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.auth import Caller
from gateway.connection import Coordinator
from gateway.openapi import problems
from protos.listens.v1.listen_service_pb2 import DeleteUserDataRequest

router = APIRouter(prefix="/api/me", tags=["me"], responses=problems(401, 429, 503))


class RemovedView(BaseModel):
    """What was removed, in numbers."""

    plays: int
    uploads: int
    files: int = Field(description="Archives included.")
    jobs: int = Field(description="Also those that ended long ago.")


class ForgottenView(BaseModel):
    """What a person who was forgotten is told."""

    removed: RemovedView


@router.delete("")
async def forget_me(caller: Caller, coordinator: Coordinator) -> ForgottenView:
    """Removes every trace of the caller: plays, uploads, files and jobs. It cannot be undone.

    Nothing is asked for but the token: whoever shows a button for it asks first. Uploads under way end, streams of
    their events too. After 429, 503 and 504, or where the connection broke, repeat it: what was removed stays removed,
    and the numbers are those of the last try. A repeat afterwards answers zeros. The same person may come back at once.
    """
    answer = await coordinator.listens.delete_user_data(DeleteUserDataRequest(owner=caller.id))
    removed = RemovedView(plays=answer.plays, uploads=answer.uploads, files=answer.files, jobs=answer.jobs)
    return ForgottenView(removed=removed)
