"""Bodies that come compressed as a whole: inflated as they stream, and counted as they come out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request

from export_formats import ExportError, Inflater, Reason
from gateway.bodies import too_large
from gateway.problems import refusal

_GZIP = frozenset({"gzip", "x-gzip"})  # the same, by RFC 9110


def read_body(request: Request, limit: int) -> AsyncIterator[bytes]:
    """Gives a body piece by piece, decompressed where it says that it is; at most `limit` bytes of it.

    Raises, some of it while it is read:
        Problem: UNSUPPORTED_MEDIA_TYPE, MALFORMED_BODY (no gzip, or cut), PAYLOAD_TOO_LARGE.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        return request.stream()
    if encoding not in _GZIP:
        detail = "The request may be compressed with gzip and not otherwise: see Content-Encoding."
        raise refusal("UNSUPPORTED_MEDIA_TYPE", detail, headers={"Accept-Encoding": "gzip, identity"})
    return _inflated(request.stream(), limit)


async def _inflated(body: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes]:
    inflater = Inflater(limit)
    try:
        async for compressed in body:
            pieces = inflater.feed(compressed)
            # One piece at a time, and in a thread: a few bytes may become very many.
            while piece := await asyncio.to_thread(next, pieces, b""):
                yield piece
        inflater.finish()
    except ExportError as error:
        if error.reason is Reason.TOO_LARGE:
            raise too_large(limit, inflater.size) from None
        raise refusal("MALFORMED_BODY", "The request is said to be gzip and cannot be decompressed.") from None
