"""The calls of uploads.v1.UploadService: a message in, a message out, refusals as exceptions."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import grpc.aio

from coordinator_client.calls import DEFAULT_TIMEOUT_SECONDS, call_unary, read_stream, send_stream
from protos.uploads.v1 import upload_service_pb2 as messages
from protos.uploads.v1.upload_service_pb2_grpc import UploadServiceStub


class UploadClient:
    """Takes in a person's files and tells how far they are.

    What each call changes and when it is refused stands in the contract. A unary call gets `timeout_seconds`
    for all its tries together; it is tried again where nobody answered and a repeat is harmless. All raise
    CoordinatorError.
    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = UploadServiceStub(channel)
        # Not by the stub: the messages were serialized where they were made, in another process.
        self._add_files: grpc.aio.StreamUnaryMultiCallable[bytes, messages.AddFilesResponse]
        self._add_files = channel.stream_unary(
            "/uploads.v1.UploadService/AddFiles",
            response_deserializer=messages.AddFilesResponse.FromString,
        )

    async def create_upload(
        self, request: messages.CreateUploadRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.CreateUploadResponse:
        """Opens an empty upload. Repeats itself too: an upload left over is removed by the coordinator."""
        return await call_unary(self._stub.CreateUpload, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)

    async def append_file(
        self, request: messages.AppendFileRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.AppendFileResponse:
        """Stores a chunk of a file, durable once it answers."""
        return await call_unary(self._stub.AppendFile, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)

    async def enqueue_upload(
        self, request: messages.EnqueueUploadRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.EnqueueUploadResponse:
        """Makes the upload's jobs, durable once it answers."""
        return await call_unary(self._stub.EnqueueUpload, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)

    async def get_incoming(
        self, request: messages.GetIncomingRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.GetIncomingResponse:
        """Tells how much of an upload's only file is there."""
        return await call_unary(self._stub.GetIncoming, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)

    async def get_upload(
        self, request: messages.GetUploadRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.GetUploadResponse:
        """Reads an upload with its files."""
        return await call_unary(self._stub.GetUpload, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)

    async def list_uploads(
        self, request: messages.ListUploadsRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.ListUploadsResponse:
        """Reads a page of a person's uploads, newest first."""
        return await call_unary(self._stub.ListUploads, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)

    async def retry_upload(
        self, request: messages.RetryUploadRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.RetryUploadResponse:
        """Puts failed files back into the queue.

        Repeats itself only with an idempotency key: without one a repeat does no harm, but would answer 0.
        """
        repeat_is_safe = bool(request.idempotency_key)
        return await call_unary(
            self._stub.RetryUpload, request, timeout_seconds=timeout_seconds, repeat_is_safe=repeat_is_safe
        )

    async def cancel_upload(
        self, request: messages.CancelUploadRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.CancelUploadResponse:
        """Ends the open files of an upload."""
        return await call_unary(self._stub.CancelUpload, request, timeout_seconds=timeout_seconds, repeat_is_safe=True)

    async def delete_upload(
        self, request: messages.DeleteUploadRequest, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> messages.DeleteUploadResponse:
        """Removes an upload that has left nothing. Does not repeat itself: a repeat finds no such upload."""
        return await call_unary(self._stub.DeleteUpload, request, timeout_seconds=timeout_seconds, repeat_is_safe=False)

    def watch_upload(
        self, request: messages.WatchUploadRequest, *, timeout_seconds: float | None = None
    ) -> AsyncGenerator[messages.WatchUploadResponse, None]:
        """Yields the upload as it is and whenever it has changed, up to its terminal state.

        Does not reconnect: on `Unavailable` watch again. Close the iterator (`aclose`) to leave early; past
        the time limit it raises DeadlineExceeded.
        """
        return read_stream(self._stub.WatchUpload(request, timeout=timeout_seconds))

    async def add_files(
        self, requests: AsyncGenerator[bytes, None], *, timeout_seconds: float | None = None
    ) -> messages.AddFilesResponse:
        """Ends an unpack job with the archive's members: serialized AddFilesRequests, the header first.

        Not repeated here, since the requests are read once, and closed; a repeat with the same token is safe.
        """
        return await send_stream(self._add_files, requests, timeout_seconds)
