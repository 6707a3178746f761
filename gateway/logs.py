"""Structured logs: a JSON object a line, or lines for a terminal. Never tokens, contents or names of files."""

from __future__ import annotations

import logging
import sys

import structlog


def configure_logs(*, level: str, json: bool) -> None:
    """Sets up logging for the process. `level` is a standard name such as INFO."""
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # It tells every malformed form, which anybody can send in any number.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
