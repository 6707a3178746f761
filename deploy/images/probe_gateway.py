"""A health check for the gateway's container: exits 0 where it can serve, which takes a coordinator that does."""

from __future__ import annotations

import os
import sys
from http.client import HTTPConnection, HTTPException

TIMEOUT_SECONDS = 3.0


def main() -> None:
    """Exits 0 where /readyz answers 200, otherwise 1 with what it answered."""
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("SLUICE_HTTP_PORT") or 8080), timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/readyz")
        reply = connection.getresponse()
    except (OSError, HTTPException) as error:
        sys.exit(f"/readyz does not answer: {error}")
    if reply.status != 200:
        sys.exit(f"/readyz answered {reply.status}: {reply.read(500).decode(errors='replace')}")


if __name__ == "__main__":
    main()
