"""For machines: is the process alive, and can it serve?"""

from __future__ import annotations

from fastapi import APIRouter

from gateway.connection import Coordinator
from gateway.openapi import problems
from gateway.problems import refusal
from gateway.upload_views import View

router = APIRouter(tags=["health"])


class HealthView(View):
    """How it stands."""

    status: str


@router.get("/healthz")
async def healthz() -> HealthView:
    """Answers while the process lives, whatever else is down."""
    return HealthView(status="ok")


@router.get("/readyz", responses=problems(503))
async def readyz(coordinator: Coordinator) -> HealthView:
    """Answers when requests can be served: the coordinator is reached and serves."""
    if not await coordinator.is_serving():
        raise refusal("NOT_READY", "The coordinator is not reached, or cannot serve yet. Try again shortly.")
    return HealthView(status="ready")
