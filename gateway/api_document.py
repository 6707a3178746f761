"""`python -m gateway.api_document`: prints the OpenAPI document with every route that can be switched on.

The pages take their types from it. No coordinator is asked.
"""

from __future__ import annotations

import json
import sys

from gateway.app import create_app
from gateway.settings import DEVELOPMENT_SECRET, Settings


def api_document() -> str:
    """Gives the document as JSON, its keys sorted."""
    settings = Settings(
        SUPABASE_JWT_SECRET=DEVELOPMENT_SECRET, coordinator_target="localhost:1", demo_sign_in=True, job_queues="any:*"
    )
    return json.dumps(create_app(settings).openapi(), sort_keys=True)


if __name__ == "__main__":
    sys.stdout.write(api_document())
