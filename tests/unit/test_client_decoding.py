"""Payloads as the values that handlers ask for, and what people are told where one does not fit."""

from __future__ import annotations

import enum
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pytest

from coordinator_client.decoding import decoder
from coordinator_client.encoding import payload_of
from coordinator_client.outcomes import PermanentFailure
from protos.jobs.v1.job_pb2 import Progress


class Format(enum.Enum):
    PNG = "png"
    WEBP = "webp"


@dataclass
class Tree:
    children: list[Tree]


@dataclass
class Size:
    width: int
    height: int = 480


@dataclass
class Picture:
    id: uuid.UUID
    taken: datetime
    sizes: list[Size]
    format: Format = Format.PNG
    title: str | None = None
    ratio: float = 1.0
    tags: dict[str, int] = field(default_factory=dict)


class Note(TypedDict):
    text: str
    urgent: NotRequired[bool]


@dataclass
class Positive:
    number: int

    def __post_init__(self) -> None:
        if self.number < 1:
            raise ValueError(f"{self.number} is a secret")


PICTURE = Picture(
    id=uuid.UUID(int=7),
    taken=datetime(2026, 11, 25, tzinfo=UTC),
    sizes=[Size(640), Size(100, 90)],
    format=Format.WEBP,
    tags={"sea": 2},
)


@pytest.mark.parametrize(
    ("wanted", "value"),
    [
        (bytes, b"\xff\x00"),
        (Progress, Progress(done=1, total=2, message="half")),
        (Picture, PICTURE),
        (Note, {"text": "hello"}),
        (Note, {"text": "hello", "urgent": True}),
        (int, 3),
        (str, "three"),
        (bool, False),
        (None, None),
        (Any, {"whatever": [1, None]}),
        (list[int], [1, 2]),
        (Sequence[str], ["a"]),
        (Mapping[str, float], {"a": 1.5}),
        (tuple[int, ...], (1, 2)),
        (dict[str, Size], {"small": Size(1, 2)}),
        (int | None, None),
        (Literal["a", 1], "a"),
        (Annotated[int, "pixels"], 3),
        (date, date(2026, 11, 25)),
    ],
)
def test_what_is_encoded_comes_back_as_the_type_that_is_asked_for(wanted: Any, value: object) -> None:
    assert decoder(wanted)(payload_of(value)) == value


def test_fields_that_nobody_asks_for_are_passed_over() -> None:
    assert decoder(Size)(b'{"width": 3, "colour": "red"}') == Size(3)


def test_a_whole_number_is_a_number_and_true_is_none() -> None:
    assert isinstance(decoder(float)(b"3"), float)
    for wanted in (int, float):
        with pytest.raises(PermanentFailure, match="not true or false"):
            decoder(wanted)(b"true")


GOOD = {"id": str(uuid.UUID(int=7)), "taken": "2026-11-25T00:00:00+00:00", "sizes": []}


@pytest.mark.parametrize(
    ("wanted", "payload", "message"),
    [
        (Size, "{", "The payload is no JSON text."),
        (float, "NaN", "The payload is no JSON text."),
        (float, "9" * 400, "The payload: a number of at most 1.8e308 is needed, not a whole number."),
        (Size, "[]", "The payload: an object is needed, not a list."),
        (Size, {}, "width: a value is needed, not nothing."),
        (Size, {"width": "secret"}, "width: a whole number is needed, not a text."),
        (Size, {"width": 3, "height": 1.5}, "height: a whole number is needed, not a number."),
        (Note, {"urgent": True}, "text: a value is needed, not nothing."),
        (Note, {"text": None}, "text: a text is needed, not null."),
        (Picture, GOOD | {"id": "secret"}, "id: a UUID is needed, not a text."),
        (Picture, GOOD | {"taken": "secret"}, "taken: a time as in ISO 8601 is needed, not a text."),
        (Picture, GOOD | {"format": "secret"}, "format: one of 'png', 'webp' is needed, not a text."),
        (Picture, GOOD | {"format": []}, "format: one of 'png', 'webp' is needed, not a list."),
        (Picture, GOOD | {"title": 3}, "title: a text or null is needed, not a whole number."),
        (Picture, GOOD | {"sizes": [{"width": 1}, {}]}, "sizes[1].width: a value is needed, not nothing."),
        (Picture, GOOD | {"tags": {"secret": "x"}}, "tags[…]: a whole number is needed, not a text."),
        (Size | int, {"width": "x"}, "width: a whole number is needed, not a text."),
        (Literal["a", 1], "true", "The payload: one of 'a', 1 is needed, not true or false."),
        (Positive, {"number": 0}, "The payload: what Positive takes is needed, not an object."),
    ],
)
def test_what_does_not_fit_is_a_failure_for_good_that_names_the_field_and_no_content(
    wanted: Any, payload: object, message: str
) -> None:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    with pytest.raises(PermanentFailure) as failed:
        decoder(wanted)(text.encode())
    assert (failed.value.reason, failed.value.message) == ("PAYLOAD_INVALID", message)
    assert "secret" not in message


def test_bytes_that_are_no_message_are_a_failure_for_good() -> None:
    with pytest.raises(PermanentFailure, match=r"The payload is no jobs\.v1\.Progress\."):
        decoder(Progress)(b"\xff\xff")


def test_a_payload_nested_without_end_is_a_failure_for_good() -> None:
    with pytest.raises(PermanentFailure, match="no JSON text"):
        decoder(Any)(b"[" * 200_000)


@pytest.mark.parametrize("wanted", [complex, set[int], dict[int, str], tuple[int, str], object()])
def test_a_type_that_no_payload_can_be_is_refused_when_the_handler_is_registered(wanted: Any) -> None:
    with pytest.raises(TypeError, match="cannot be decoded into"):
        decoder(wanted)


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), b"x".decode, {"a": b"bytes"}])
def test_what_json_cannot_hold_is_refused_when_it_is_enqueued(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        payload_of(value)


def test_a_type_that_holds_itself_is_refused_as_well() -> None:
    with pytest.raises(TypeError, match=r"Tree'> holds itself"):
        decoder(Tree)
