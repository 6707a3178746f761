"""A multipart/form-data body as a stream of its parts: the only place that knows the form's syntax."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from gateway.problems import refusal

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

# Fields that are no file are read and thrown away; more of them than this is no form of ours.
_MOST_OTHER_FIELDS = 50


@dataclass(frozen=True, slots=True)
class PartBegun:
    """A part follows: its field and, where it is a file, the name that the client gives it, as it came."""

    field: str
    filename: str | None


@dataclass(frozen=True, slots=True)
class PartBytes:
    """A piece of the part begun last."""

    content: bytes


@dataclass(frozen=True, slots=True)
class PartEnded:
    """The part begun last is whole."""


PartEvent = PartBegun | PartBytes | PartEnded


async def read_parts(
    content_type: str | None, body: AsyncIterator[bytes], *, max_files: int
) -> AsyncIterator[PartEvent]:
    """Yields what happens in the form, in order; bytes come in pieces as small as the body's.

    Raises:
        Problem: NO_FILE (no body at all), UNSUPPORTED_MEDIA_TYPE, MALFORMED_BODY (also a form that is cut),
            PAYLOAD_TOO_LARGE (more files than `max_files`).
    """
    events = _Events(max_files)
    parser = MultipartParser(_boundary(content_type), events.callbacks())
    async for piece in body:
        try:
            parser.write(piece)
        except FormParserError:
            _malformed("its parts cannot be told apart")
        for event in events.taken():
            yield event
    if not events.ended:
        _malformed("it ends too early")


def _boundary(content_type: str | None) -> bytes:
    if not content_type:
        raise refusal("NO_FILE", "No file came. Send a form (multipart/form-data) with the files in it.")
    media_type, options = parse_options_header(content_type)
    if media_type != b"multipart/form-data":
        detail = "This takes a form (multipart/form-data) with files in it, nothing else."
        raise refusal("UNSUPPORTED_MEDIA_TYPE", detail, headers={"Accept-Post": "multipart/form-data"})
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 70:  # RFC 2046 5.1.1
        _malformed("its Content-Type names no boundary")
    return boundary


class _Events:
    """Gathers what the parser calls back during one write."""

    def __init__(self, max_files: int) -> None:
        self.ended = False
        self._max_files = max_files
        self._files = 0
        self._others = 0
        self._waiting: list[PartEvent] = []
        self._header_name = b""
        self._header_value = b""
        self._disposition = b""

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": self._header_field,
            "on_header_value": self._add_header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def taken(self) -> list[PartEvent]:
        taken, self._waiting = self._waiting, []
        return taken

    def _part_begin(self) -> None:
        self._disposition = b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _header_end(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value
        self._header_name = self._header_value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            _malformed("one of its parts has no name")
        filename = options.get(b"filename")
        self._count(is_file=filename is not None)
        self._waiting.append(PartBegun(_text(options[b"name"]), None if filename is None else _text(filename)))

    def _count(self, *, is_file: bool) -> None:
        self._files += is_file
        self._others += not is_file
        if self._files > self._max_files:
            detail = f"More than {self._max_files} files came at once. Send several uploads, or one ZIP."
            raise refusal("PAYLOAD_TOO_LARGE", detail, field="files", limit=self._max_files, value=self._files)
        if self._others > _MOST_OTHER_FIELDS:
            _malformed("it has too many fields that are no files")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._waiting.append(PartBytes(bytes(data[start:end])))

    def _part_end(self) -> None:
        self._waiting.append(PartEnded())

    def _end(self) -> None:
        self.ended = True


def _text(raw: bytes) -> str:
    """Reads a name as browsers write it: UTF-8 with a quote and line ends percent-encoded."""
    text = raw.decode("utf-8", "replace")
    return text.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def _malformed(what: str) -> NoReturn:
    raise refusal("MALFORMED_BODY", f"The form cannot be read: {what}. Send it again.")
