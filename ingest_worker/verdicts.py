"""What makes a further attempt at a file pointless."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from coordinator_client.errors import InvalidRequest, PayloadTooLarge
from coordinator_client.outcomes import PermanentFailure
from export_formats import ExportError


@contextmanager
def verdicts_are_final() -> Iterator[None]:
    """Turns the parser's verdict on a file, and the coordinator's on what was made of it, into permanent failures."""
    try:
        yield
    except ExportError as error:
        raise PermanentFailure(error.reason, error.message) from error
    except (InvalidRequest, PayloadTooLarge) as error:
        raise PermanentFailure(error.reason, error.message) from error
